"""A job of psmith as a worker takes part in it: which micro-batches its leases
name, and the requests that it sends to lanes.  Written from
psmith-protocol(7) alone.
"""
from types import SimpleNamespace

import numpy as np

from psmith_files import Dataset
from psmith_gradient import Block, union
from psmith_shared import Placement, Steps
from psmith_wire import Bad, Peer


class Job:
    """A job that this worker takes part in: its data, lanes and order."""

    def __init__(self, record):
        self.record, self.spec = record, record.spec
        self.names = {"job": record.job, "recovery": record.recovery,
                      "placement": record.placement}
        self.placement = Placement(self.spec.model, record.lanes)
        self.steps = list(Steps(self.spec))
        self.data = {}
        for evaluates, ref in ((False, self.spec.train),
                               (True, self.spec.eval)):
            if ref.shards:
                data = Dataset(ref.folder)
                if data.digest != ref.digest:
                    raise Bad("the dataset is another one")
                self.data[evaluates] = ref, data, {
                    shard: data.shard(shard) for shard in ref.shards}
        self.peers = {lane.lane: Peer(lane.address) for lane in record.lanes}
        self.lead = record.lanes[0].lane
        self.known = {lane: set() for lane in self.peers}  # key lists
        self.blocks = {}
        self.leases = []  # runs to do
        self.hand = set()  # (step, leaf) of the runs that are being done

    def close(self):
        for peer in self.peers.values():
            peer.close()

    def take(self, runs):
        """Keeps leases, but for the leaves that it has already."""
        known = self.hand | {(run.step, leaf) for run in self.leases
                             for leaf in range(run.begin, run.end)}
        for run in runs:
            begin = run.begin
            for leaf in range(run.begin, run.end + 1):
                if leaf < run.end and (run.step, leaf) not in known:
                    continue
                if begin < leaf:
                    self.leases.append(SimpleNamespace(
                        step=run.step, begin=begin, end=leaf))
                begin = leaf + 1
        self.leases.sort(key=lambda run: (run.step, run.begin))

    def leaf_count(self, step):
        _, begin, end = self.steps[step][1]
        return end - begin

    def block(self, step, leaf):
        evaluates, (shard, begin, _) = self.steps[step]
        name = evaluates, shard, begin + leaf
        if name not in self.blocks:
            ref, data, shards = self.data[evaluates]
            first = name[2] * ref.shape.block_rows
            last = min(first + ref.shape.block_rows, shards[shard].rows)
            self.blocks[name] = Block(self.spec, data, shards[shard], first,
                                      last)
        return self.blocks[name]

    def keys(self, step, begin, end):
        """The key list of a run of leaves."""
        return union(*(self.block(step, leaf).keys
                       for leaf in range(begin, end)))

    def key_list(self, lane, step, begin, end):
        """(KeyList, its name, keys that the lane holds)"""
        evaluates, (shard, first, _) = self.steps[step]
        digest = self.data[evaluates][0].digest
        keys = self.keys(step, begin, end)
        keys = keys[self.placement.of_lane(lane, keys)]
        name = (int(digest[:16], 16), shard, first + begin, first + end)
        has_keys = name not in self.known[lane] and len(keys) > 0
        return dict(dataset=name[0], shard=shard, begin=name[2], end=name[3],
                    key_count=len(keys), has_keys=has_keys), name, keys


class Request:
    """A PushPull to one lane in the making, with its blobs in order."""

    def __init__(self, job, lane):
        self.job, self.lane = job, lane
        self.push, self.pull, self.blobs, self.names = [], [], [], set()

    def add_list(self, step, begin, end):
        """The KeyList, with its blob of keys; (list, keys of the lane)."""
        entry, name, keys = self.job.key_list(self.lane, step, begin, end)
        if name in self.names:
            entry["has_keys"] = False
        self.names.add(name)
        if entry["has_keys"]:
            self.blobs.append(keys.astype("<u8").tobytes())
        return entry, keys

    def add_push(self, step, begin, end, total, curve):
        evaluates = self.job.steps[step][0]
        part = {"leaves": dict(step=step, begin=begin, end=end),
                "sums": [float(x) for x in total.sums], "lists": [],
                "curve": []}
        if evaluates:
            if self.lane == self.job.lead:
                part["curve"] = curve
        else:
            for name, first, last in self.job.placement.ranges[self.lane]:
                self.blobs.append(
                    total.dense[name][first:last].astype("<f4").tobytes())
            if total.keys is not None:
                entry, keys = self.add_list(step, begin, end)
                part["lists"].append(entry)
                rows = total.rows[np.isin(total.keys, keys)]
                self.blobs.append(rows.astype("<f4").tobytes())
        self.push.append(part)

    def add_pull(self, step, begin, end):
        part = {"leaves": dict(step=step, begin=begin, end=end), "lists": []}
        if not self.job.spec.model.dense:
            entry, _ = self.add_list(step, begin, end)
            part["lists"].append(entry)
        self.pull.append(part)
