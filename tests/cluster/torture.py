#!/usr/bin/python3
"""Kills a cluster of real processes again and again in the middle of jobs, and
compares each model with that of a calm run.

torture.py --kills N --runs R --seed S [--at-once C] [--logs FOLDER]

A run has a cluster of its own on loopback (a master with a journal, servers,
workers) and trains one job after another, sparse (ftrl) and dense (softmax) in
turns, some with checkpoints, some without. Meanwhile processes of every role are
killed (SIGKILL), stopped for a while (SIGSTOP), or stopped and killed, now and
then several at once, and those that are dead start again after a while. A kill
counts when the master's event log shows that it hit a job between its start and
its end. C runs go on at the same time. FOLDER gets the kills and the event log
of each run, and what remains of runs that failed.

The last thing printed is the ledger, a Markdown table. Exit status: 0 if every
model was the calm one and there were N kills that count.
"""
import argparse
import hashlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
from kill_ledger import Kill, Ledger, now_ms  # noqa: E402
from live_cluster import Broken, Cluster  # noqa: E402

SERVERS, WORKERS, THREADS = 2, 3, 1
HEARTBEAT = "200ms"
JOB_S = 180  # for one job, kills included
GAP_S, DOWN_S, STOPPED_S = 0.55, 1.5, 2.5  # mean; at most; at most
INTERRUPTED = threading.Event()  # by a signal: everything ends
SEVERAL = 0.2  # share of kills at which more than one is hit
JOBS = (
    ("sparse", ["sparse", "--optimizer", "ftrl", "--batch", "64",
                "--epochs", "40"]),
    ("dense", ["dense", "--model", "softmax", "--epochs", "60"]),
)


def run(*command, cwd):
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True,
                          check=False)
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)}: {done.returncode}: {done.stderr}")


def sha_of(path):
    with open(path, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()


def write_classes(path):
    """Rows of four classes, the largest of as many sums of the columns."""
    rng = random.Random(4711)
    planted = [[rng.gauss(0, 1) for _ in range(20)] for _ in range(4)]
    with open(path, "w", encoding="ascii") as file:
        names = ",".join(f"x{i}" for i in range(20))
        file.write(f"class,{names}\n")
        for _ in range(12000):
            row = [round(rng.gauss(0, 1), 3) for _ in range(20)]
            sums = [sum(w * x for w, x in zip(of, row)) for of in planted]
            label = "abcd"[sums.index(max(sums))]
            file.write(f"{label},{','.join(map(str, row))}\n")


def make_data(folder):
    """The data, and the calm models' digests by the kind of job."""
    here = os.path.dirname(os.path.abspath(__file__))
    raw = os.path.join(here, "..", "..", "examples", "data", "agaricus",
                       "agaricus.txt.train.gz")
    run("psdata", "split", raw, "-o", "sparse", "--seed", "1", cwd=folder)
    write_classes(os.path.join(folder, "classes.csv"))
    run("psdata", "split", "classes.csv", "-o", "dense", "--label", "class",
        "--seed", "1", cwd=folder)
    calm = {}
    for kind, options in JOBS:
        model = os.path.join(folder, kind + ".calm")
        run("psctl", "train", *options, "--local", "1", "--quiet", "-o", model,
            cwd=folder)
        calm[kind] = sha_of(model)
    return calm


class Killer:
    """Kills and starts again, until it has done so `count` times while a job
    ran as far as the followed events tell. Its own thread."""

    def __init__(self, cluster, rng, count):
        self.cluster, self.rng, self.count = cluster, rng, count
        self.kills = []
        self.fault = None
        self.over = threading.Event()
        self.hands = []

    def job_runs(self):
        for event in reversed(self.cluster.events):
            if event["event"] in ("job_started", "job_resumed",
                                  "job_restarted"):
                return True
            if event["event"] in ("job_done", "job_failed"):
                return False
        return False

    def work(self):
        try:
            while len(self.kills) < self.count and not self.over.is_set():
                time.sleep(min(3.0, self.rng.expovariate(1 / GAP_S)))
                self.cluster.check()
                if self.job_runs():
                    self.strike()
        except Broken as why:
            self.fault = str(why)
        for hand in self.hands:
            hand.join()
        self.over.set()

    def strike(self):
        """Draws everything in this thread, so that a seed says it."""
        many = 1
        if self.rng.random() < SEVERAL:
            many = self.rng.randint(2, 4)
        for _ in range(min(many, self.count - len(self.kills))):
            free = [node for node in self.cluster.all if not node.busy]
            if not free:
                return
            node = self.rng.choice(free)
            node.busy = True
            way = self.rng.choice(("kill", "stop", "stop_kill"))
            hand = threading.Thread(target=self.hit, args=(
                node, way, self.rng.uniform(0.05, STOPPED_S),
                self.rng.uniform(0, DOWN_S)))
            self.kills.append(Kill(node.role, node.name, way, now_ms()))
            self.hands.append(hand)
            hand.start()

    def hit(self, node, way, stopped, down):
        try:
            if way != "kill":
                node.process.send_signal(signal.SIGSTOP)
                time.sleep(stopped)
            if way == "stop":
                node.process.send_signal(signal.SIGCONT)
            else:
                node.process.kill()
                node.process.wait()
                time.sleep(down)
                self.cluster.begin(node)
                # A master is there when it listens; a node, when a master is.
                if node.role == "master":
                    self.cluster.await_ready(node)
        except Broken as why:
            self.fault = self.fault or str(why)
        node.busy = False


def train(cluster, killer, kind, options, number, checkpoints):
    """One job; the path of its model, or none if it was lost when done."""
    model = cluster.path(f"model-{number}")
    command = ["psctl", "train", *options, "--name", f"job-{number}", "-o",
               model, "--quiet"]
    if checkpoints:
        command += ["--checkpoint-dir", cluster.path(f"kept-{number}"),
                    "--checkpoint-every", "60"]
    with open(model + ".log", "w+", encoding="utf-8") as log:
        job = subprocess.Popen(command, env=cluster.environment,
                               cwd=cluster.folder, stdin=subprocess.DEVNULL,
                               stdout=subprocess.DEVNULL, stderr=log)
        until = time.monotonic() + JOB_S
        while job.poll() is None:
            fault = killer.fault or (INTERRUPTED.is_set() and "interrupted")
            if time.monotonic() > until:
                fault = f"{kind} job-{number} takes more than {JOB_S} s"
            if fault:
                job.kill()
                job.wait()
                raise Broken(fault)
            time.sleep(0.05)
        log.seek(0)
        said = log.read()
    shutil.rmtree(cluster.path(f"kept-{number}"), ignore_errors=True)
    if job.returncode == 0:
        return model
    lost = [e for e in cluster.event_log() if e["event"] == "model_lost" and
            e["text"].startswith(f"job-{number}:")]
    if lost:
        return None  # its server died when the job was done, unexported
    raise Broken(f"{kind} job-{number} ended with {job.returncode}: {said}")


def one_run(folder, data, calm, run_number, rng, kills):
    """What the ledger is given. Most runs have one job that ends calmly: which
    one it is depends on the run's number."""
    cluster = Cluster(folder, SERVERS, WORKERS, THREADS, HEARTBEAT)
    for kind, _ in JOBS:
        os.symlink(os.path.join(data, kind), cluster.path(kind))
    killer = Killer(cluster, rng, kills)
    thread = threading.Thread(target=killer.work)
    try:
        cluster.start()
        thread.start()
        number, models = 0, 0
        while not killer.over.is_set() or models < 1:
            kind, options = JOBS[(run_number + number) % len(JOBS)]
            checkpoints = (run_number // len(JOBS) + number) % 2 == 0
            number += 1
            model = train(cluster, killer, kind, options, number, checkpoints)
            if model is None:
                continue
            models += 1
            if sha_of(model) != calm[kind]:
                raise Broken(f"{kind} job-{number}: another model")
            os.unlink(model)
        thread.join()
        if killer.fault:
            raise Broken(killer.fault)
        events = cluster.event_log()
        cluster.stop()
        return killer.kills, events, models
    finally:
        killer.over.set()
        if thread.ident is not None:
            thread.join()
        cluster.end()


class Torture:
    """All runs, some at once; the ledger."""

    def __init__(self, options, temp):
        self.options, self.temp = options, temp
        self.ledger = Ledger()
        self.began = time.monotonic()
        self.lock = threading.Lock()
        self.next = 0
        self.faults = []
        self.calm = {}

    def seconds(self):
        return time.monotonic() - self.began

    def work(self):
        self.calm = make_data(self.temp)
        threads = [threading.Thread(target=self.runs)
                   for _ in range(self.options.at_once)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def take(self):
        """The number of the next run; none: there are enough kills."""
        with self.lock:
            self.next += 1
            enough = (self.next > self.options.runs and
                      self.ledger.count() >= self.options.kills)
            return None if enough or self.faults else self.next

    def runs(self):
        while (number := self.take()) is not None:
            seed = self.options.seed * 1000 + number
            folder = os.path.join(self.temp, f"run-{number}")
            os.mkdir(folder)
            kills = -(-self.options.kills // self.options.runs)
            try:
                result = one_run(folder, self.temp, self.calm, number,
                                 random.Random(seed), kills)
            except (Broken, OSError, subprocess.SubprocessError) as why:
                self.faults.append(f"run {number} (seed {seed}): {why}")
                return
            with self.lock:
                self.ledger.add(*result)
                print(f"run {number} (seed {seed}): {self.ledger.count()} "
                      f"kills, {self.seconds():.0f} s", flush=True)
            if self.options.logs:
                self.keep(number, *result[:2])
            shutil.rmtree(folder)

    def keep(self, number, kills, events):
        lines = [{"kill": k.way, "name": k.name, "time_ms": k.ms}
                 for k in kills]
        lines += [event for event in events if event["event"] != "progress"]
        with open(os.path.join(self.options.logs, f"run-{number}.jsonl"), "w",
                  encoding="utf-8") as file:
            for line in sorted(lines, key=lambda each: each["time_ms"]):
                file.write(json.dumps(line) + "\n")


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--kills", type=int, required=True)
    parser.add_argument("--runs", type=int, required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--at-once", type=int, default=1)
    parser.add_argument("--logs")
    options = parser.parse_args()
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: INTERRUPTED.set())
    temp = tempfile.mkdtemp()
    torture = Torture(options, temp)
    try:
        torture.work()
        if torture.faults and options.logs:
            shutil.copytree(temp, os.path.join(options.logs, "failed"))
    finally:
        shutil.rmtree(temp, ignore_errors=True)
    for fault in torture.faults:
        print(f"torture: FAILED: {fault}", file=sys.stderr)
    if not torture.faults:
        print(torture.ledger.table(torture.seconds()))
    return 1 if torture.faults else 0


if __name__ == "__main__":
    sys.exit(main())
