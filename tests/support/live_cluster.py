"""A cluster of real processes on loopback that are killed, stopped and started
again, for tests/cluster/torture.py. Ends only what it started."""
import json
import os
import random
import signal
import socket
import subprocess
import threading
import time

READY_S = 30  # to be there after a start
END_S = 20  # to be gone after SIGTERM


class Broken(Exception):
    """What the cluster did and must not do."""


def free_port():
    """A port that no connection is given by itself: a node that calls a dead
    master's port from that very port would be connected to itself."""
    with open("/proc/sys/net/ipv4/ip_local_port_range", encoding="ascii") as f:
        low = int(f.read().split()[0])
    while True:
        port = random.randrange(max(1024, low // 2), low)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue


class Node:
    """One place in the cluster; many processes after another."""

    def __init__(self, role, number):
        self.role, self.number = role, number
        self.life = 0
        self.process = None
        self.busy = False  # a killer has it in hand

    @property
    def name(self):
        return f"{self.role}-{self.number}.{self.life}"


class Cluster:
    def __init__(self, folder, servers, workers, threads, heartbeat):
        self.folder = folder
        self.heartbeat = heartbeat
        self.address = f"tcp://127.0.0.1:{free_port()}"
        self.environment = {
            key: value for key, value in os.environ.items()
            if not key.startswith("PSMITH_")}
        self.environment |= {"PSMITH_MASTER": self.address, "LC_ALL": "C",
                             "HOME": folder, "XDG_CONFIG_HOME": folder}
        self.threads = threads
        self.master = Node("master", 0)
        self.nodes = [Node("server", i) for i in range(1, servers + 1)]
        self.nodes += [Node("worker", i) for i in range(1, workers + 1)]
        self.all = [self.master, *self.nodes]
        self.events = []  # as they are followed
        self.follower = None

    # ---- processes --------------------------------------------------------

    def command(self, node):
        if node.role == "master":
            return ["psctl", "master", "--listen", self.address, "--state",
                    self.path("state"), "--heartbeat", self.heartbeat]
        return ["ps" + node.role, "--name", node.name, "--threads",
                str(self.threads)]

    def path(self, *parts):
        return os.path.join(self.folder, *parts)

    def log(self, node):
        return self.path(node.name + ".log")

    def begin(self, node):
        node.life += 1
        with open(self.log(node), "wb") as log:
            node.process = subprocess.Popen(
                [*self.command(node), "--ready-file",
                 self.path(node.name + ".ready")],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                env=self.environment, cwd=self.folder)

    def await_ready(self, node):
        until = time.monotonic() + READY_S
        while not os.path.exists(self.path(node.name + ".ready")):
            if node.process.poll() is not None:
                raise Broken(f"{node.name} ended with "
                             f"{node.process.returncode}: {self.tail(node)}")
            if time.monotonic() > until:
                raise Broken(f"{node.name} is not ready: {self.tail(node)}")
            time.sleep(0.02)

    def start(self):
        self.begin(self.master)
        self.await_ready(self.master)
        for node in self.nodes:
            self.begin(node)
        for node in self.nodes:
            self.await_ready(node)
        self.follower = subprocess.Popen(
            ["psctl", "events", "--follow", "--json"], env=self.environment,
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
            cwd=self.folder)
        threading.Thread(target=self.follow, daemon=True).start()

    def follow(self):
        for line in self.follower.stdout:
            self.events.append(json.loads(line))

    def tail(self, node):
        with open(self.log(node), encoding="utf-8", errors="replace") as log:
            return log.read()[-1000:]

    def check(self):
        """Nobody ends but who was killed."""
        for node in self.all:
            if not node.busy and node.process.poll() is not None:
                raise Broken(f"{node.name} ended by itself, with "
                             f"{node.process.returncode}: {self.tail(node)}")

    def stop(self):
        """Everybody leaves, the master last; each must end with 0."""
        for group in (self.nodes, [self.master]):
            for node in group:
                node.process.send_signal(signal.SIGTERM)
            for node in group:
                try:
                    status = node.process.wait(END_S)
                except subprocess.TimeoutExpired:
                    raise Broken(f"{node.name} hangs at SIGTERM: "
                                 f"{self.tail(node)}") from None
                if status != 0:
                    raise Broken(f"{node.name} ended with {status} at SIGTERM: "
                                 f"{self.tail(node)}")

    def end(self):
        """Whatever happened: nothing is left."""
        processes = [node.process for node in self.all if node.process]
        if self.follower:
            processes.append(self.follower)
        for process in processes:
            if process.poll() is None:
                process.kill()
            process.wait()

    # ---- questions --------------------------------------------------------

    def ask(self, *command, timeout=60):
        done = subprocess.run(
            ["psctl", *command], env=self.environment, cwd=self.folder,
            capture_output=True, text=True, timeout=timeout, check=False)
        if done.returncode != 0:
            raise Broken(f"psctl {' '.join(command)}: {done.returncode}: "
                         f"{done.stderr}")
        return done.stdout

    def event_log(self):
        lines = self.ask("events", "--json").splitlines()
        return [json.loads(line) for line in lines]
