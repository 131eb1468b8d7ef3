"""A client of psmith: asks the master, reads and writes weights on the lanes
of servers, and predicts on workers.  Written from psmith-protocol(7) alone.
"""
import random
import time

import numpy as np

from psmith_shared import BUCKETS, Placement, dense_tensors, outputs_of
from psmith_wire import CANCELLED, DONE, FAILED, RUNNING, Peer

PIECE_BYTES = 1 << 20


class Master(Peer):
    """The control plane, as a client sees it."""

    def nodes(self):
        return self.ask("Nodes", "NodesOk").view.nodes

    def jobs(self):
        return self.ask("Jobs", "JobsOk").jobs

    def job(self, number):
        return self.ask("Jobs", "JobsOk", job=number).jobs[0]

    def submit(self, **spec):
        """The number of a new job."""
        return self.ask("Submit", "SubmitOk", spec=spec,
                        token=random.getrandbits(64)).job

    def wait(self, number, *states, timeout=60.0):
        """The job, once it is in one of the states."""
        states = states or (DONE, FAILED, CANCELLED)
        end = time.monotonic() + timeout
        seen = 0
        while time.monotonic() < end:
            job = self.job(number)
            if job.state in states:
                return job
            # New events of the job say when to look again.
            self.send("Watch", after_seq=seen, job=number, follow=True)
            answer = self.receive(1.0)
            if answer is not None and answer.kind == "EventsOk":
                seen = max([seen] + [event.seq for event in answer.events])
        raise TimeoutError(f"job {number} is in state {job.state}")

    def events(self, job=0):
        """All events so far, of a job or of all."""
        result = []
        while True:
            seen = result[-1].seq if result else 0
            answer = self.ask("Watch", "EventsOk", after_seq=seen, job=job)
            if not answer.events:
                return result
            result += answer.events


class Weights:
    """The weights of a job on its lanes."""

    def __init__(self, job):
        self.job = job
        self.placement = Placement(job.spec.model, job.lanes)
        self.peers = {lane.lane: Peer(lane.address) for lane in job.lanes}
        self.seq = 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for peer in self.peers.values():
            peer.close()

    def ask(self, lane, kind, answer, blobs=(), **fields):
        self.seq += 1
        return self.peers[lane].ask(
            kind, answer, blobs, job=self.job.job, recovery=self.job.recovery,
            placement=self.job.placement, seq=self.seq, **fields)

    def fetch_range(self, lane, index):
        """One range: (tensor, begin, end, values, version)."""
        answer = self.ask(lane, "Fetch", "FetchOk", dense=True,
                          range_begin=index, range_end=index + 1)
        name, begin, end = self.placement.ranges[lane][index]
        values = np.frombuffer(answer.blobs[0], "<f4")
        assert len(answer.blobs) == 1 and len(values) == end - begin
        return name, begin, end, values, answer.version

    def fetch_rows(self, lane, begin=0, end=BUCKETS):
        """(keys, rows) of the table, of buckets from begin to end."""
        answer = self.ask(lane, "Fetch", "FetchOk", dense=False, table=0,
                          bucket_begin=begin, bucket_end=end)
        keys = np.frombuffer(answer.blobs[0], "<u8")
        rows = np.frombuffer(answer.blobs[1], "<f4")
        return keys, rows.reshape(len(keys), outputs_of(self.job.spec.model))

    def fetch(self):
        """All weights as {name: array}; a table adds its keys as `key`."""
        result = {name: np.full(floats, np.nan, np.float32)
                  for name, floats in dense_tensors(self.job.spec.model)}
        for lane, ranges in self.placement.ranges.items():
            for index in range(len(ranges)):
                name, begin, end, values, _ = self.fetch_range(lane, index)
                result[name][begin:end] = values
        if not self.job.spec.model.dense:
            parts = [self.fetch_rows(lane) for lane in self.peers]
            keys = np.concatenate([part[0] for part in parts])
            rows = np.concatenate([part[1] for part in parts])
            order = np.argsort(keys)
            result["key"], result["weight"] = keys[order], rows[order]
        return result

    def put(self, dense, keys=None, rows=None):
        """Writes dense tensors {name: array}, and a table's rows."""
        for lane, ranges in self.placement.ranges.items():
            for index, (name, begin, end) in enumerate(ranges):
                values = np.asarray(dense[name], "<f4").ravel()[begin:end]
                self.ask(lane, "Put", "PutOk", [values.tobytes()], dense=True,
                         range_begin=index, range_end=index + 1)
            if keys is not None:
                mine = self.placement.of_lane(lane, keys)
                blobs = [np.asarray(keys[mine], "<u8").tobytes(),
                         np.asarray(rows[mine], "<f4").tobytes()]
                self.ask(lane, "Put", "PutOk", blobs, dense=False, table=0)
            self.ask(lane, "Put", "PutOk", last=True)


def import_model(master, model, name):
    """Makes a model file (psmith_files.Model) live; the job's number."""
    kinds = {"linear": 0, "logistic": 1, "softmax": 2}
    settings = dict(model.settings, kind=kinds[model.settings["kind"]])
    number = master.submit(name=name, kind="import", model=settings,
                           model_header=model.model_text)
    job = master.wait(number, RUNNING)
    with Weights(job) as weights:
        if model.dense:
            weights.put({"weight": model.trained_weight,
                         "bias": model.trained_bias})
        else:
            weights.put({"bias": model.bias.astype(np.float32)},
                        model.key, model.weight)
    return master.wait(number)


class Predictor(Peer):
    """One worker's predictions with one model."""

    def __init__(self, address):
        super().__init__(address)
        self.digest = ""
        self.seq = 0

    def load(self, content, digest):
        """Sends a model file, piece by piece."""
        received = 0
        while True:
            piece = content[received:received + PIECE_BYTES]
            answer = self.ask("LoadModel", "LoadModelOk", [piece],
                              digest=digest, offset=received,
                              total=len(content))
            received = answer.received
            if received == len(content):
                self.digest = digest
                return

    def dense_blobs(self, rows):
        return [np.asarray(rows, "<f4").tobytes()]

    def sparse_blobs(self, rows):
        """Of a list of (keys, values)."""
        keys, local = np.unique(np.concatenate([row[0] for row in rows]),
                                return_inverse=True)
        offsets = np.cumsum([0] + [len(row[0]) for row in rows])
        values = np.concatenate([row[1] for row in rows])
        return [keys.astype("<u8").tobytes(), offsets.astype("<u4").tobytes(),
                local.astype("<u4").tobytes(), values.astype("<f4").tobytes()]

    def predict(self, blobs, row_count, column_count=0):
        """Raw outputs, (rows, outputs)."""
        self.seq += 1
        answer = self.ask("Predict", "PredictOk", blobs, digest=self.digest,
                          seq=self.seq, row_count=row_count,
                          column_count=column_count)
        return np.frombuffer(answer.blobs[0], "<f4").reshape(row_count, -1)
