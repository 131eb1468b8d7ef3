#!/usr/bin/python3
"""What the master, a lane and a worker answer to messages that are wrong:
the codes that psmith-protocol(7) lists under REFUSALS, with a text for people,
and the seq and job of the request.  On the command line: a sparse dataset,
on which a job was trained under its name, its model in NAME.model; and the
process of the only worker, which is ended before the last part.
"""
import os
import random
import signal
import sys

import msgpack
import numpy as np

from check import MASTER, check, passed, run, same
from psmith_client import Master, Predictor
from psmith_files import Dataset, Model
from psmith_job import Request
from psmith_wire import (FIELDS, MESSAGES, RUNNING, SERVER, VERSION, WORKER,
                         Peer)
from psmith_worker import Worker

NODES = MESSAGES["Nodes"][0]
WAIT = 10.0
asked = 0


def refused(address, code, what, frames=None, kind=None, blobs=(), text="",
            **fields):
    """The peer refuses a message, with this code."""
    global asked
    asked += 1
    with Peer(address) as peer:
        if frames:
            peer.send_raw(*frames)
        else:
            peer.send(kind, blobs, **fields)
        answer = peer.receive(WAIT)
        check(answer is not None, f"{what}: no answer")
        same(answer.kind, "Refused", what)
        same(answer.code, code, f"{what} ({answer.text})")
        check(answer.text and "\n" not in answer.text, f"{what}: its text")
        check(text in answer.text, f"{what}: {answer.text}")
        if kind:
            same(answer.seq, fields.get("seq", 0), f"{what}: seq")
            if "job" in fields:
                same(answer.job, fields["job"], f"{what}: job")


def answered(address, answer, what, kind, blobs=(), **fields):
    """The peer answers a message with one of this type; the answer."""
    with Peer(address) as peer:
        peer.send(kind, blobs, **fields)
        got = peer.receive(WAIT)
        check(got is not None, f"{what}: no answer")
        same(got.kind, answer, f"{what} ({getattr(got, 'text', '')})")
        return got


def silent(address, what, kind, **fields):
    """No answer to a message: the next one is answered first."""
    with Peer(address) as peer:
        peer.send(kind, **fields)
        peer.send_raw(b"")
        same(peer.receive(WAIT).code, "bad_message", what)


def nested(depth):
    return [nested(depth - 1)] if depth else 1


def check_headers(address, where):
    """Frames that are no message, for every listener."""
    good = {0: NODES, 1: VERSION, 2: []}

    def top(**others):
        return msgpack.packb({**good, **{int(k[1:]): v
                                         for k, v in others.items()}})
    jobs = MESSAGES["Jobs"][0]
    for what, frames in {
            "an empty frame": [b""],
            "no MessagePack": [b"\xc1\x00"],
            "half a map": [top()[:-1]],
            "an array": [msgpack.packb([NODES, VERSION])],
            "keys that are texts": [msgpack.packb({"type": NODES})],
            "no type": [msgpack.packb({1: VERSION, 2: []})],
            "no version": [msgpack.packb({0: NODES, 2: []})],
            "an unknown type": [top(_0=9999)],
            "bytes after the map": [top() + b"\0"],
            "nil": [top(_0=jobs, _3=None)],
            "binary": [top(_0=jobs, _3=b"1")],
            "a negative number": [top(_0=jobs, _3=-1)],
            "a text for a number": [top(_0=jobs, _3="1")],
            "a number for a text": [top(_0=jobs, _4=1)],
            "a text of 17 MiB": [top(_0=jobs, _4="x" * (17 << 20))],
            "20 nested arrays": [top(_9=nested(20))],
            "65537 blobs": [top(_2=[0] * 65537)],
            "blobs of 5 GiB": [top(_2=[5 << 30])],
            "a blob that is missing": [top(_2=[3])],
            "a blob too long": [top(_2=[3]), b"abcd"],
            "a blob in frames too long": [top(_2=[3]), b"ab", b"cd"],
            "a frame of no blob": [top(), b"abc"],
            "a delimiter frame": [b"", top()]}.items():
        refused(address, "bad_message", f"{where}: {what}", frames)
    for what, frames in {
            "the next wire version": [top(_1=VERSION + 1)],
            "version 0": [top(_1=0)],
            "a type of another version": [top(_0=9999, _1=77)]}.items():
        refused(address, "wire_version", f"{where}: {what}", frames)
    for kind in ("PullOk", "Pending", "View"):
        refused(address, "bad_message", f"{where}: {kind}", kind=kind)
    silent(address, f"{where}: a refusal", "Refused", code="busy")
    # Unknown fields are skipped, missing ones are empty.
    with Peer(MASTER) as peer:
        peer.send_raw(msgpack.packb({99: [{7: "x"}], 1: VERSION, 0: NODES}))
        same(peer.receive(WAIT).kind, "NodesOk", "unknown fields")


def check_master(fingerprint):
    def no(code, what, **fields):
        refused(MASTER, code, what, **fields)
    node = dict(role=WORKER, incarnation=random.getrandbits(63),
                wire_version=VERSION, fingerprint=fingerprint,
                addresses=["tcp://127.0.0.1:1"])
    no("wire_version", "Join", kind="Join", **dict(node, wire_version=9))
    no("fingerprint", "Join", kind="Join", text=fingerprint,
       **dict(node, fingerprint="0123456789abcdef"))
    no("invalid", "Join without incarnation", kind="Join",
       **dict(node, incarnation=0))
    no("invalid", "Join without a good address", kind="Join",
       **dict(node, addresses=["here"]))
    no("invalid", "Join of a server without lanes", kind="Join",
       **dict(node, role=SERVER, addresses=[]))
    no("bad_message", "Join in role 5", kind="Join", **dict(node, role=5))
    with Master(MASTER) as master:
        member = master.nodes()[0].node
    for what in (member, 9999):
        no("unknown_node", "Heartbeat of a stranger", kind="Heartbeat",
           node=what)
    no("unknown_node", "Note of a stranger", kind="Note", node=member)
    no("unknown_node", "Progress of a stranger", kind="Progress", step=1)
    silent(MASTER, "Leave of a stranger", "Leave", node=member)
    for kind in ("Cancel", "Drop", "Jobs"):
        no("not_found", f"{kind} of no job", kind=kind, job=9999)
    no("not_found", "a name of no job", kind="Jobs", name="nobody")
    no("invalid", "Cancel of a job that is over", kind="Cancel", job=1)
    no("bad_message", "Fetch to the master", kind="Fetch", seq=0, job=0)


def check_submit(spec):
    def no(what, code="invalid", **changes):
        refused(MASTER, code, what, kind="Submit", token=random.getrandbits(63),
                spec={**vars(spec), **changes})
    model, optimizer, train = (vars(x) for x in (spec.model, spec.optimizer,
                                                 spec.train))
    no("an unknown kind", kind="bake")
    no("no data", train={})
    no("no epochs", epochs=0)
    no("empty steps", group_blocks=0)
    no("a name of two lines", name="a\nb")
    no("a rate of 0", optimizer={**optimizer, "rate": 0.0})
    no("a rate that is not finite", optimizer={**optimizer, "rate": np.inf})
    no("classes that do not ascend", classes=[1.0, 0.0])
    no("an import with data", kind="import", train=train)
    no("softmax without classes", model={**model, "kind": 2})
    no("an unknown model", "bad_message", model={**model, "kind": 9})
    no("an unknown rule", "bad_message", optimizer={"rule": 9})


def check_fetch(job):
    """Of a sparse job that is done."""
    lane = job.lanes[0].address
    names = dict(job=job.job, recovery=job.recovery, placement=job.placement,
                 seq=4711)

    def no(code, what, kind="Fetch", **changes):
        refused(lane, code, what, kind=kind, **{**names, **changes})
    no("unknown_job", "Fetch of no job", job=9999)
    no("stale_view", "Fetch with a recovery number", recovery=5)
    no("stale_view", "Fetch with a placement number", placement=5)
    no("bad_message", "ranges beyond the last", dense=True, range_end=99)
    no("bad_message", "ranges that end first", dense=True, range_begin=1)
    no("bad_message", "a table that is not there", table=1, bucket_end=256)
    no("bad_message", "bucket 256", bucket_end=257)
    no("bad_message", "Put to a job of another kind", kind="Put", dense=True)
    # A job that is over answers pulls still.
    pull = dict(names, worker=1, pulls=True)
    with Master(MASTER) as master:
        pull["worker"] = [node.node for node in master.nodes()
                          if node.role == WORKER][0]
    ended = answered(lane, "PullOk", "a pull after the end", "PushPull",
                     **dict(pull, pull_version=job.last.step))
    check(ended.ended and not ended.blobs, "a pull after the end: ended")
    stale = answered(lane, "PullOk", "a pull of an old version", "PushPull",
                     **dict(pull, pull_version=0))
    check(stale.stale and not stale.blobs, "a pull of an old version: stale")


def check_predict(address, model, data):
    unknown = "ab" * 32
    shard = data.shard(0)
    with Predictor(address) as predictor:
        rows = [data.entries(shard, row) for row in range(3)]
        blobs = predictor.sparse_blobs(rows)
        predictor.load(model.content, model.digest)

    def no(code, what, kind="Predict", blobs=blobs, **changes):
        fields = dict(digest=model.digest, seq=88, row_count=3)
        if kind == "LoadModel":
            fields = dict(digest=unknown, offset=0, total=20)
        refused(address, code, what, kind=kind, blobs=blobs,
                **{**fields, **changes})
    keys, offsets, local, values = blobs
    no("unknown_model", "a model that is not loaded", digest=unknown)
    no("invalid", "no rows", row_count=0)
    no("invalid", "more rows than offsets", row_count=4)
    no("invalid", "columns of sparse rows", column_count=3)
    no("invalid", "a blob missing", blobs=[keys, offsets, local])
    no("invalid", "half a value", blobs=[keys, offsets, local, values[:-2]])
    no("invalid", "an entry without a key",
       blobs=[keys[:-8], offsets, local, values])
    no("bad_message", "a piece beyond the end", "LoadModel", [b"x" * 21])
    no("bad_message", "a piece over 1 MiB", "LoadModel", [b"x" * (2 << 20)],
       total=4 << 20)
    no("bad_message", "an empty model", "LoadModel", [], total=0)
    no("invalid", "bytes that are no model", "LoadModel", [b"x" * 20])
    no("invalid", "a model of another digest", "LoadModel", [model.content],
       total=len(model.content))
    later = answered(address, "LoadModelOk", "a piece in the middle",
                     "LoadModel", [b"x" * 5], digest=unknown, offset=10,
                     total=20)
    same(later.received, 0, "what was received")
    refused(address, "bad_message", "Nodes to a worker", kind="Nodes")


class Running:
    """A job whose only worker is this one, and does nothing."""

    def __init__(self, master, spec):
        self.worker = Worker(MASTER, name="idle")
        self.number = master.submit(
            **{**vars(spec), "name": "running", "epochs": 50})
        while not (self.worker.job and self.worker.job.leases):
            self.worker.pump(0.1)
        self.job = master.wait(self.number, RUNNING)
        self.mine = self.worker.job
        self.lead = self.job.lanes[0].address
        self.seq = 1 << 40  # far from those of the worker
        self.run = self.mine.leases[0]
        self.request = Request(self.mine, self.mine.lead)
        self.request.add_pull(0, self.run.begin, self.run.end)

    def fields(self, kind, **changes):
        """Those that a message of this kind should have, and the changes."""
        self.seq += 1
        good = {**self.mine.names, "worker": self.worker.node,
                "seq": self.seq}
        known = {name for _, name, _, _ in FIELDS[kind]}
        return {**{name: value for name, value in good.items()
                   if name in known}, **changes}

    def no(self, code, what, kind="PushPull", **changes):
        refused(self.lead, code, what, kind=kind,
                **self.fields(kind, **changes))
        self.worker.pump(0)  # or its heartbeats stop

    def ask(self, answer, what, kind="PushPull", **changes):
        got = answered(self.lead, answer, what, kind,
                       **self.fields(kind, **changes))
        self.worker.pump(0)
        return got

    def lists(self, **changes):
        """The part that pulls, its key list changed."""
        part = self.request.pull[0]
        return [dict(part, lists=[{**part["lists"][0], **changes}])]


def check_pushes(running):
    leaves = dict(step=0, begin=0, end=running.mine.leaf_count(0))
    part = dict(leaves=leaves, sums=[0.0] * 5,
                lists=[dict(running.lists()[0]["lists"][0], key_count=0,
                            has_keys=False)])
    ranges = running.mine.placement.ranges[running.mine.lead]
    blobs = [b"\0" * 4 * (end - begin) for _, begin, end in ranges] + [b""]

    def no(what, blobs=blobs, **changes):
        running.no("bad_message", what, blobs=blobs,
                   push=[{**part, **changes}])
    no("three metric sums", sums=[0.0] * 3)
    no("half a row", sums=[1, 1, 0.5, 0, 0])
    no("no key list", lists=[])
    no("a step ahead", leaves={**leaves, "step": 1})
    no("leaves that are no subtree", leaves={**leaves, "begin": 1})
    no("leaves that are not there", leaves={**leaves, "end": 9999})
    no("a blob too short", [blobs[0], b"\0\0"])
    no("no blobs", [])
    for code, what, changes in (
            ("unknown_node", "the push of a stranger", {"worker": 9999}),
            ("unknown_job", "the push to no job", {"job": 9999}),
            ("stale_view", "the push of another recovery", {"recovery": 9}),
            ("stale_view", "the push of another placement",
             {"placement": 9})):
        running.no(code, what, blobs=blobs, push=[part], **changes)


def check_pulls(running):
    keys, = running.request.blobs
    pulls = dict(pulls=True, pull_version=0)
    running.no("bad_message", "no key list", **pulls,
               pull=[dict(running.lists()[0], lists=[])])
    running.no("bad_message", "keys out of order", **pulls,
               pull=running.lists(), blobs=[keys[8:] + keys[:8]])
    running.no("bad_message", "too few keys", **pulls,
               pull=running.lists(), blobs=[keys[8:]])
    everybody = running.mine.keys(0, running.run.begin, running.run.end)
    other = everybody[~np.isin(everybody, np.frombuffer(keys, "<u8"))]
    running.no("bad_message", "keys of another lane", **pulls,
               pull=running.lists(key_count=len(other)),
               blobs=[other.astype("<u8").tobytes()])
    resend = running.ask("Resend", "a list that is not known", **pulls,
                         pull=running.lists(has_keys=False))
    check(resend.with_keys, "a list that is not known: with_keys")
    for blobs, has_keys in ((keys,), True), ((), False):
        ok = running.ask("PullOk", "a pull", **pulls, blobs=blobs,
                         pull=running.lists(has_keys=has_keys))
        check(ok.keys_kept, "a pull: keys_kept")
        same(len(ok.blobs[-1]), len(keys) // 2, "a pull: its rows")
        check(not any(map(any, ok.blobs)), "weights of version 0")


def check_asking(running):
    """Who asks what has become of a request, or of leases."""
    ask = running.fields("Ask")
    with Peer(running.lead) as peer:
        peer.send("Ask", **ask)
        got = peer.receive(WAIT)
        same((got.kind, got.with_keys, got.seq), ("Resend", False, ask["seq"]),
             "Ask before the request")
        peer.send("PushPull", pulls=True, pull_version=1, **ask)
        peer.send("Ask", **ask)
        got = peer.receive(WAIT)
        same((got.kind, got.seq), ("Pending", ask["seq"]),
             "Ask after the request")
    leases = running.ask("Leases", "leases", "LeaseRequest")
    same([(run.step, run.begin, run.end) for run in leases.leaves],
         [(run.step, run.begin, run.end) for run in running.mine.leases],
         "the leases that it has already")
    running.no("unknown_node", "leases of a stranger", "LeaseRequest",
               worker=9999)
    running.no("busy", "Fetch before the end", "Fetch", dense=True)
    running.no("bad_message", "Put to a job that runs", "Put")


data, model = Dataset(sys.argv[1]), Model(f"{sys.argv[1]}.model")
with Master(MASTER) as master:
    view = master.ask("Nodes", "NodesOk")
    job = master.ask("Jobs", "JobsOk", name=sys.argv[1]).jobs[0]
    predictor = [node.addresses[0] for node in view.view.nodes
                 if node.role == WORKER][0]
    for address, where in ((MASTER, "master"), (job.lanes[0].address, "lane"),
                           (predictor, "worker")):
        check_headers(address, where)
    check_master(view.fingerprint)
    check_submit(job.spec)
    check_fetch(job)
    check_predict(predictor, model, data)
    os.kill(int(sys.argv[2]), signal.SIGTERM)  # the real worker
    while [node for node in master.nodes() if node.role == WORKER]:
        master.receive(0.05)
    running = Running(master, job.spec)
    check_pushes(running)
    check_pulls(running)
    check_asking(running)
    master.ask("Cancel", "CancelOk", job=running.number)
    running.worker.close()
check(asked > 150, f"only {asked} refusals")
run("psctl", "export", sys.argv[1], "-o", "after")
with open("after", "rb") as file:
    same(file.read(), model.content, "the model afterwards")
passed()
