#!/usr/bin/python3
"""A client of a cluster of real processes, on its command line the datasets
(and models DATA.model that psctl trained there, under their names): weights
and predictions have the bits that the programs of psmith have; weights that
it writes are read back, and exported; it sees nodes, jobs and events.
"""
import json
import sys

import numpy as np

from check import MASTER, check, near, passed, run, same
from psmith_client import Master, Predictor, Weights, import_model
from psmith_files import Dataset, Model
from psmith_shared import buckets
from psmith_wire import CANCELLED, DONE, RUNNING, WORKER, Refusal


def in_label_units(job, weights):
    """What psmith-formats(5) says of linear models."""
    settings = job.spec.model

    def scaled(x):
        return (x.astype(float) * settings.label_scale).astype(np.float32)
    bias = scaled(weights["bias"]).astype(float) + settings.label_mean
    return scaled(weights["weight"]), bias.astype(np.float32)


def check_weights(master, name, model):
    """Weights of a live job are those of its file."""
    job = master.ask("Jobs", "JobsOk", name=name).jobs[0]
    check(job.live and job.state == DONE, f"{name} is not live")
    with Weights(job) as weights:
        got = weights.fetch()
        version = weights.fetch_range(*next(
            (lane, 0) for lane, ranges in weights.placement.ranges.items()
            if ranges))[4]
    same(version, job.best_version, f"{name}: version")
    weight, bias = in_label_units(job, got)
    if model.dense:
        weight = weight.reshape(model.outputs, -1)
        same(weight, model.trained_weight, f"{name}: weight")
        same(bias, model.trained_bias, f"{name}: bias")
        raw = weight.astype(float) / model.scale
        same(raw, model.weight, f"{name}: raw weight")
        near(bias.astype(float) - raw @ model.mean, model.bias, 1e-14,
             f"{name}: raw bias")
    else:
        same(got["key"], model.key, f"{name}: keys")
        same(weight, model.weight, f"{name}: weight")
        same(bias.astype(float), model.bias, f"{name}: bias")
        check_buckets(job, got["key"])
    return job


def check_buckets(job, keys):
    """A part of the buckets has the part of the keys, ascending."""
    with Weights(job) as weights:
        for lane in weights.peers:
            mine = keys[weights.placement.of_lane(lane, keys)]
            for begin, end in ((0, 100), (100, 256), (7, 8), (9, 9)):
                got, _ = weights.fetch_rows(lane, begin, end)
                wanted = mine[(buckets(mine) >= begin) & (buckets(mine) < end)]
                same(got, wanted, f"keys of buckets {begin} to "
                     f"{end} on lane {lane}")


def check_predictions(workers, name, data, model):
    """Every worker's raw outputs are psinfer's, and near numpy's."""
    shards = [data.shard(i) for i in data.shards(holdout=False)]
    if data.dense:
        x = np.concatenate([shard.x for shard in shards])
    else:
        x = [data.entries(shard, row) for shard in shards
             for row in range(shard.rows)]
    with open(f"{name}.txt", "w") as file:
        file.write(run("psdata", "cat", name, "--part", "train"))
    shown = "label" if model.settings["kind"] == "linear" else "raw"
    lines = run("psinfer", f"{name}.model", f"{name}.txt", "--local", "1",
                "--output", shown, "--quiet").split("\n")
    wanted = np.array([line.split() for line in lines if line], np.float32)
    for worker in workers:
        with Predictor(worker.addresses[0]) as predictor:
            for _ in range(2):  # the second time it is there already
                predictor.load(model.content, model.digest)
            if data.dense:
                got = predictor.predict(predictor.dense_blobs(x), *x.shape)
            else:
                got = predictor.predict(predictor.sparse_blobs(x), len(x))
        same(got, wanted, f"{name}: predictions of {worker.name}")
    if data.dense:
        near(x @ model.trained_weight.T + model.trained_bias, got, 1e-4,
             f"{name}: predictions by the documented formula")
        near(model.raw(x * model.scale + model.mean), got, 1e-4,
             f"{name}: predictions in raw units")
    else:
        near([model.raw_sparse(*row) for row in x], got, 1e-4,
             f"{name}: predictions by the documented formula")


def check_import(master, name, model):
    """A model written by this client is exported with the same bytes."""
    job = import_model(master, model, f"{name}-again")
    same(job.state, DONE, f"import of {name}: {job.reason}")
    run("psctl", "export", f"{name}-again", "-o", f"{name}.again")
    with open(f"{name}.again", "rb") as file:
        same(file.read(), model.content, f"{name}: exported after import")
    master.ask("Drop", "DropOk", job=job.job)
    check(not master.job(job.job).live, "it is live after Drop")
    try:
        with Weights(job) as weights:
            weights.fetch()
        check(False, "weights of a dropped model are read")
    except Refusal as refusal:
        same(refusal.code, "unknown_job", "reading a dropped model")


def submit_import(master, **model):
    number = master.submit(name="large", kind="import", model=model)
    return master.wait(number, RUNNING)


def check_large(master):
    """Several ranges a lane, and blobs of several frames each way."""
    random = np.random.default_rng(7)
    columns = 200000
    job = submit_import(master, dense=True, column_count=columns)
    dense = {"weight": random.normal(size=columns).astype(np.float32),
             "bias": random.normal(size=1).astype(np.float32)}
    with Weights(job) as weights:
        same(sum(map(len, weights.placement.ranges.values())), 5, "ranges")
        weights.put(dense)
        job = master.wait(job.job)
        got = weights.fetch()
    same(got["weight"], dense["weight"], "weights of several ranges")
    same(got["bias"], dense["bias"], "their bias")

    keys = np.unique(random.integers(0, 1 << 64, 300000, np.uint64))
    rows = random.normal(size=(len(keys), 3)).astype(np.float32)
    job = submit_import(master, kind=2, class_count=3)
    with Weights(job) as weights:
        weights.put({"bias": np.zeros(3)}, keys, rows)
        weights.put({"bias": np.zeros(3)}, keys, rows)  # as if it were lost
        job = master.wait(job.job)
        got = weights.fetch()
    same(got["key"], keys, "keys of a large table")
    same(got["weight"], rows, "rows of a large table")
    master.ask("Drop", "DropOk", job=job.job)


def check_lists(master):
    """Nodes, jobs and events are those that psctl prints."""
    printed = json.loads(run("psctl", "nodes", "--json"))["nodes"]
    roles = {1: "server", 2: "worker"}
    same([(n.node, roles[n.role], n.name, n.addresses, n.lanes, n.threads)
          for n in master.nodes()],
         [(n["node"], n["role"], n["name"], n["addresses"], n["lanes"],
           n["threads"]) for n in printed], "nodes")
    printed = json.loads(run("psctl", "jobs", "--json"))["jobs"]
    states = ("queued", "starting", "running", "paused", "done", "failed",
              "cancelled")
    same([(j.job, j.name, j.kind, states[j.state], j.live, j.recovery,
           len(j.lanes), j.best_version, j.last.step, j.last.rows,
           j.last.loss_mean, j.submitted_ms, j.ended_ms)
          for j in master.jobs()],
         [(j["job"], j["name"], j["kind"], j["state"], j["live"],
           j["recovery"], j["lanes"], j["best_version"], j["step"], j["rows"],
           j["loss"], j["submitted_ms"], j["ended_ms"]) for j in printed],
         "jobs")
    for job in (0, 1):
        lines = run("psctl", "events", "--json",
                    *([str(job)] if job else [])).split("\n")
        printed = [json.loads(line) for line in lines if line]
        events = [e for e in master.events(job) if e.seq <= printed[-1]["seq"]]
        same([(e.seq, e.time_ms, e.job, e.node, e.kind, e.text)
              for e in events],
             [(e["seq"], e["time_ms"], e["job"], e["node"], e["event"],
               e["text"]) for e in printed], f"events of job {job}")
        check(len(events) > 3, "few events")
    same([e.seq for e in master.events()],
         list(range(1, len(master.events()) + 1)), "numbers of events")
    try:
        master.job(9999)
        check(False, "there is a job 9999")
    except Refusal as refusal:
        same(refusal.code, "not_found", "job 9999")
    same(master.ask("Watch", "EventsOk", job=9999).events, [], "its events")


def check_jobs(master):
    """A job is the same one however often it is submitted; it is cancelled."""
    spec = {"name": "twice", "kind": "import",
            "model": {"dense": True, "column_count": 3}}
    first = master.ask("Submit", "SubmitOk", spec=spec, token=4711)
    again = master.ask("Submit", "SubmitOk", spec=spec, token=4711)
    same(again.job, first.job, "the job of the same token")
    master.wait(first.job, RUNNING)
    master.ask("Cancel", "CancelOk", job=first.job)
    same(master.wait(first.job).state, CANCELLED, "state after Cancel")
    kinds = [event.kind for event in master.events(first.job)]
    check("job_cancelled" in kinds, f"no job_cancelled in {kinds}")
    joined = master.ask("Join", "JoinOk", wire_version=1)
    same(joined.node, 0, "a client's number")
    same(joined.incarnation, again.incarnation, "the master's incarnation")


with Master(MASTER) as master:
    workers = [node for node in master.nodes() if node.role == WORKER]
    check(len(workers) == 2, f"{len(workers)} workers")
    check_lists(master)
    for name in sys.argv[1:]:
        model = Model(f"{name}.model")
        check_weights(master, name, model)
        check_predictions(workers, name, Dataset(name), model)
        check_import(master, name, model)
    check_large(master)
    check_jobs(master)
    check_lists(master)
passed()
