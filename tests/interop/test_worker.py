#!/usr/bin/python3
"""A worker in Python, alone in a cluster of real servers, and beside a real
worker.  On the command line: datasets.  Each weight that is pulled is what
the documented update rule makes of the gradients that were pushed before, and
the models are those of psctl train but for rounding.

The real worker starts when the file that $SECOND names is there.
"""
import os
import re
import sys
import time

import numpy as np

import psmith_optimizer
from check import MASTER, check, near, passed, run, same
from psmith_client import Master, Weights
from psmith_files import Model
from psmith_shared import Steps, dense_tensors, outputs_of
from psmith_wire import DONE, WORKER
from psmith_worker import Worker

RULES = {
    "sgd": ["--rate", "0.3", "--schedule", "linear", "--l2", "0.01", "--l1",
            "0.002"],
    "adagrad": ["--l1", "0.001", "--l2", "0.01"],
    "ftrl": ["--l1", "0.2", "--l2", "0.1", "--beta", "0.5"],
    "dog": ["--l1", "0.001", "--l2", "0.01"],
}


def jobs_of(names):
    """[(name, dataset, options)]: each kind, and each rule on two of them."""
    result = [(name, name, ["--epochs", "2"]) for name in names]
    for rule, options in RULES.items():
        for name in ("logistic", "sparse-logistic"):
            result.append((f"{name}-{rule}", name,
                           ["--optimizer", rule, "--epochs", "3", *options]))
    return result


class Reference:
    """The weights of a job, by the page."""

    def __init__(self, spec):
        self.spec = spec
        self.count = psmith_optimizer.SLOTS[spec.optimizer.rule]
        self.dense = {name: np.zeros(size)
                      for name, size in dense_tensors(spec.model)}
        self.slots = {name: [np.zeros(size) for _ in range(self.count)]
                      for name, size in dense_tensors(spec.model)}
        self.table = {}  # key: row, and its slots
        steps = [group for evaluates, group in Steps(spec) if not evaluates]
        self.step_count, self.index = len(steps), 0
        self.rows_max = max(map(self.rows_of, Steps(spec).train))

    def rows_of(self, group):
        shape = self.spec.train.shape
        shard, begin, end = group
        rows = shape.shard_rows[self.spec.train.shards.index(shard)]
        return min(end * shape.block_rows, rows) - begin * shape.block_rows

    def row(self, key):
        width = outputs_of(self.spec.model)
        return self.table.setdefault(
            key, [np.zeros(width) for _ in range(self.count + 1)])

    def apply(self, group, total):
        """One train step with the sum of its gradients."""
        settings = self.spec.optimizer
        rate = psmith_optimizer.rate_at(
            settings, self.index, self.step_count,
            self.rows_of(group) / self.rows_max)
        self.index += 1
        scale = 1 / total.sums[0] if settings.mean else 1
        for name, weights in self.dense.items():
            self.dense[name] = psmith_optimizer.apply(
                settings, weights, self.slots[name], total.dense[name] * scale,
                rate, name != "bias")
        rows = () if total.keys is None else zip(total.keys.tolist(),
                                                 total.rows)
        for key, gradient in rows:
            row = self.row(key)
            row[0] = psmith_optimizer.apply(settings, row[0], row[1:],
                                            gradient * scale, rate, True)

    def compare(self, dense, table, what):
        limit = 3e-6
        for name, weights in self.dense.items():
            near(dense[name], weights, limit, f"{what}: {name}")
        keys = sorted(table)
        near([table[key] for key in keys],
             [self.row(key)[0] for key in keys], limit, f"{what}: rows")


def check_steps(name, worker, job):
    """What was pulled at each version, and is there at the end."""
    reference = Reference(job.spec)
    compared = 0
    for step, (evaluates, group) in enumerate(Steps(job.spec)):
        reference.compare(*worker.pulled[step], f"{name}: version {step}")
        compared += 1
        if evaluates:
            continue
        total = worker.pushed[step][0]
        for other in worker.pushed[step][1:]:
            total = total + other
        reference.apply(group, total)
    check(compared == job.last.step > 3, f"{name}: only {compared} steps")
    with Weights(job) as weights:
        got = weights.fetch()
    table = dict(zip(got["key"].tolist(), got["weight"])) \
        if "key" in got else {}
    reference.compare(got, table, f"{name}: at the end")
    check(set(table) == set(reference.table), f"{name}: other keys")
    return reference


def compare_models(name, facts):
    """The cluster's model is that of this machine alone, but for rounding."""
    run("psctl", "export", name, "-o", f"{name}.model")
    got, wanted = Model(f"{name}.model"), Model(f"{name}.local")
    if not got.dense:
        same(got.key, wanted.key, f"{name}: keys")
    near(got.weight, wanted.weight, 1e-5, f"{name}: weight")
    near(got.bias, wanted.bias, 1e-5, f"{name}: bias")
    same(set(got.header["facts"]), set(wanted.header["facts"]),
         f"{name}: facts")
    for fact, value in wanted.header["facts"].items():
        mine = got.header["facts"][fact]
        if re.fullmatch(r"-?\d+\.\d{7,}", value):
            near(float(mine), float(value), facts, f"{name}: {fact}")
        else:
            same(mine, value, f"{name}: {fact}")


def submit(name, data, options):
    return int(run("psctl", "train", data, "--detach", "--name", name,
                   "--quiet", *options))


def work_alone(master, worker, name, data, options):
    number = submit(name, data, options)
    same(worker.run(), number, f"{name}: the job that ended")
    job = master.job(number)
    same(job.state, DONE, f"{name}: {job.reason}")
    same(job.last.workers, 1, f"{name}: workers")
    check(job.last.pulled_bytes > 0 and job.last.pushed_bytes > 0,
          f"{name}: no bytes")
    check_steps(name, worker, job)
    compare_models(name, 1e-6)
    master.ask("Drop", "DropOk", job=number)


def work_together(master, worker):
    """Both have leases of the same steps, and push sums of them."""
    with open(os.environ["SECOND"], "w"):
        pass
    end = time.monotonic() + 60
    while len([n for n in master.nodes() if n.role == WORKER]) < 2:
        check(time.monotonic() < end, "together: no second worker")
        worker.pump(0.1)
    number = submit("together", "logistic", ["--epochs", "20"])
    same(worker.run(), number, "together: the job that ended")
    job = master.job(number)
    same(job.state, DONE, f"together: {job.reason}")
    same(job.last.workers, 2, "together: workers")
    steps = list(Steps(job.spec))
    mine = sum(len(sums) for sums in worker.pushed.values())
    check(mine > 0, "together: nothing was left for this worker")
    rows = {step: sum(total.sums[2] for total in sums)
            for step, sums in worker.pushed.items()}
    shared = [step for step, count in rows.items() if not steps[step][0] and
              0 < count < Reference(job.spec).rows_of(steps[step][1])]
    check(shared, "together: no step was shared")
    compare_models("together", 1e-5)


def leave(master, worker):
    node = worker.node
    worker.close()
    end = time.monotonic() + 20
    while not any(event.kind == "worker_left" and event.node == node
                  for event in master.events()):
        check(time.monotonic() < end, "it did not leave")
        master.receive(0.05)


jobs = jobs_of(sys.argv[1:])
for name, data, options in jobs + [("together", "logistic",
                                    ["--epochs", "20"])]:
    run("psctl", "train", data, "--local", "1", "--name", name, "--quiet",
        "-o", f"{name}.local", *options)
with Master(MASTER) as master:
    worker = Worker(MASTER)
    for job in jobs:
        work_alone(master, worker, *job)
    work_together(master, worker)
    leave(master, worker)
passed()
