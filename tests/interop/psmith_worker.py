"""A worker of psmith: joins a cluster, is leased micro-batches, pulls weights,
and pushes sums of gradients.  Written from psmith-protocol(7) alone.

It computes in another arithmetic than the programs of psmith, so a model that
it worked for has other last bits.
"""
import operator
import random
import time

import numpy as np
import zmq

from psmith_job import Job, Request
from psmith_shared import outputs_of, tree_sum, whole_subtrees
from psmith_wire import LOGISTIC, VERSION, WORKER, Bad, Peer, decode, encode


class Worker:
    """Works for one job at a time, in the thread that calls run()."""

    def __init__(self, master, name="python"):
        self.context = zmq.Context.instance()
        self.listener = self.context.socket(zmq.ROUTER)
        self.listener.setsockopt(zmq.LINGER, 0)
        port = self.listener.bind_to_random_port("tcp://127.0.0.1")
        self.address = f"tcp://127.0.0.1:{port}"
        self.master = Peer(master)
        self.name = name
        self.job, self.seq, self.ended = None, 0, []
        self.sent = self.received = self.done = self.view = 0
        # What was pulled at each version, and pushed at each step of the
        # newest job, for whoever wants to look.
        self.pulled, self.pushed = {}, {}
        self.next_heartbeat = 0.0
        self.answers, self.asks, self.named = {}, {}, {}
        self.join()

    def join(self):
        nodes = self.master.ask("Nodes", "NodesOk")
        ok = self.master.ask(
            "Join", "JoinOk", role=WORKER, name=self.name,
            incarnation=random.getrandbits(63) + 1, wire_version=VERSION,
            fingerprint=nodes.fingerprint, addresses=[self.address],
            threads=1)
        self.node, self.heartbeat = ok.node, ok.heartbeat_ms / 1000

    def close(self):
        self.master.send("Leave", node=self.node)
        self.master.socket.close(linger=1000)
        self.listener.close()
        self.end_job()

    def pump(self, timeout):
        """Handles what has come, waiting for something at most so long."""
        now = time.monotonic()
        if now >= self.next_heartbeat:
            self.master.send("Heartbeat", node=self.node, view=self.view,
                             progress=self.done)
            self.next_heartbeat = now + self.heartbeat
        poller = zmq.Poller()
        poller.register(self.master.socket, zmq.POLLIN)
        poller.register(self.listener, zmq.POLLIN)
        peers = {}
        for lane, peer in (self.job.peers if self.job else {}).items():
            poller.register(peer.socket, zmq.POLLIN)
            peers[peer.socket] = lane
        left = min(timeout, max(self.next_heartbeat - now, 0))
        for socket, _ in poller.poll(int(left * 1000) + 1):
            if socket.closed:  # the master has ended the job meanwhile
                continue
            frames = socket.recv_multipart()
            if socket is self.listener:
                refusal = encode("Refused", {"code": "unknown_model",
                                             "text": "it only trains"})
                socket.send_multipart(frames[:1] + refusal)
            elif socket is self.master.socket:
                self.on_master(decode(frames))
            else:
                self.on_lane(peers[socket], decode(frames))

    def on_master(self, message):
        if message.kind == "View":
            self.view = message.number
        elif message.kind == "StartJob":
            self.start(message.record)
        elif message.kind == "EndJob":
            if self.job and self.job.record.job == message.job:
                self.end_job()
                self.ended.append(message.job)
        elif message.kind == "Refused" and message.code == "unknown_node":
            self.end_job()
            self.join()

    def end_job(self):
        if self.job:
            self.job.close()
        self.job = None

    def start(self, record):
        known = self.job and self.job.record.job == record.job and \
            self.job.record.recovery >= record.recovery
        if not known:
            self.end_job()
            self.job = Job(record)
            self.asks, self.pulled, self.pushed = {}, {}, {}
        self.master.send("StartJobOk", node=self.node, job=record.job,
                         recovery=record.recovery)
        self.request_leases()

    def request_leases(self, leaving=False):
        self.job.peers[self.job.lead].send(
            "LeaseRequest", worker=self.node, leaving=leaving,
            **self.job.names)

    def on_lane(self, lane, message):
        if getattr(message, "recovery", self.job.record.recovery) != \
                self.job.record.recovery:
            return
        if message.kind == "Leases":
            self.job.take(message.leaves)
        elif message.kind in ("PullOk", "PushOk"):
            self.received += sum(len(blob) for blob in message.blobs)
            self.job.take(message.leases)
            if message.seq == self.seq:
                self.answers[lane] = message
        elif message.kind == "Resend" and message.seq == self.seq:
            if message.with_keys:
                self.job.known[lane].clear()
            self.send(lane)
        elif message.kind == "Refused":
            if message.code in ("bad_message", "invalid"):
                raise Bad(f"lane {lane}: {message.code}: {message.text}")
            # A stale_view ends with the StartJob that was missed.
            self.asks[lane] = time.monotonic() + max(message.retry_ms,
                                                     50) / 1000

    def send(self, lane):
        """Sends the open request to a lane; asks for its answer in a second."""
        request = Request(self.job, lane)
        pushed, run = self.open
        if pushed:
            step, parts = pushed
            for begin, end, total, curve in parts:
                request.add_push(step, begin, end, total, curve)
        if run:
            for begin, end in run[1]:
                request.add_pull(run[0], begin, end)
        self.sent += sum(len(blob) for blob in request.blobs)
        self.named[lane] = request.names
        self.asks[lane] = time.monotonic() + 1
        self.job.peers[lane].send(
            "PushPull", request.blobs, worker=self.node, seq=self.seq,
            push=request.push, pulls=bool(run),
            pull_version=run[0] if run else 0, pull=request.pull,
            sent_bytes=self.sent, received_bytes=self.received,
            **self.job.names)

    def push_pull(self, pushed, run):
        """Sends what was computed, and what is wanted next, to each lane;
        their answers.  None: the job is over, or an earlier step turned up.
        """
        self.seq += 1
        self.open, job = (pushed, run), self.job
        self.answers = {lane: None for lane in job.peers}
        for lane in job.peers:
            self.send(lane)
        waiting = time.monotonic()
        while any(answer is None for answer in self.answers.values()):
            self.pump(0.1)
            if self.job is not job:
                return None
            now = time.monotonic()
            for lane, at in self.asks.items():
                if self.answers[lane] is None and now > at:
                    self.asks[lane] = now + 2
                    job.peers[lane].send("Ask", worker=self.node,
                                         seq=self.seq, **job.names)
            if run and now > waiting + 2:  # what it waits for may be its own
                self.request_leases()
                waiting = now
            if run and job.leases and job.leases[0].step < run[0]:
                return None
        for lane, answer in self.answers.items():
            if answer.keys_kept:
                job.known[lane] |= self.named[lane]
        return self.answers

    def weights_of(self, answers, run):
        """What was pulled: (dense tensors, {key: row})."""
        step, subtrees = run
        dense = {name: np.zeros(0, np.float32)
                 for name in ("weight", "bias")}
        parts, table = {}, {}
        for lane, answer in answers.items():
            blobs = list(answer.blobs)
            for name, begin, _ in self.job.placement.ranges[lane]:
                parts[name, begin] = np.frombuffer(blobs.pop(0), "<f4")
            for begin, end in subtrees:
                if not self.job.spec.model.dense:
                    _, _, keys = self.job.key_list(lane, step, begin, end)
                    rows = np.frombuffer(blobs.pop(0), "<f4")
                    rows = rows.reshape(len(keys), -1)
                    table.update(zip(keys.tolist(), rows))
            assert not blobs
        for name, begin in sorted(parts):
            dense[name] = np.append(dense[name], parts[name, begin])
        self.pulled.setdefault(step, (dense, {}))[1].update(table)
        return dense, table

    def compute(self, run, weights):
        """[(begin, end, Sum, curve)] of the subtrees of a run."""
        step, subtrees = run
        dense, table = weights
        result = []
        for begin, end in subtrees:
            sums, curve = [], {}
            for leaf in range(begin, end):
                block = self.job.block(step, leaf)
                rows = None
                if block.keys is not None:
                    rows = np.array([table[int(key)] for key in block.keys],
                                    np.float32).reshape(
                                        -1, outputs_of(self.job.spec.model))
                total, z = block.gradient(dense, rows)
                sums.append(total)
                if self.job.steps[step][0] and \
                        self.job.spec.model.kind == LOGISTIC:
                    for bin_, pair in block.curve(z).items():
                        old = curve.setdefault(bin_, [0.0, 0.0])
                        old[0] += pair[0]
                        old[1] += pair[1]
                self.done += 1
                self.pump(0)
                if self.job is None:
                    return None
            flat = [x for bin_ in sorted(curve)
                    for x in (float(bin_), *curve[bin_])]
            total = tree_sum(sums, operator.add)
            result.append((begin, end, total, flat))
            self.pushed.setdefault(step, []).append(total)
        return result

    def run(self, timeout=60.0):
        """Works until a job has ended; its number."""
        end = time.monotonic() + timeout
        while not self.ended:
            if time.monotonic() > end:
                raise TimeoutError("the job does not end")
            if not self.job:
                self.pump(0.5)
            else:
                self.work()
        return self.ended.pop(0)

    def work(self):
        """Does runs of one job while there are any, then waits a while."""
        job, pushed, waiting = self.job, None, 0
        while pushed or job.leases:
            lease = job.leases.pop(0) if job.leases else None
            run = lease and (lease.step, whole_subtrees(
                job.leaf_count(lease.step), lease.begin, lease.end))
            job.hand = {(lease.step, leaf) for leaf in
                        range(lease.begin, lease.end)} if lease else set()
            answers = self.push_pull(pushed, run)
            if self.job is not job:
                return
            if answers is None:
                job.leases.append(lease)
                job.leases.sort(key=lambda run: (run.step, run.begin))
                continue
            pushed = None
            if run and not any(a.ended or a.stale for a in answers.values()):
                parts = self.compute(run, self.weights_of(answers, run))
                if parts is None:
                    return
                pushed = run[0], parts
        job.hand = set()
        while self.job is job and not job.leases and waiting < 20:
            self.pump(0.1)
            waiting += 1
        if self.job is job and not job.leases:
            self.request_leases()
            self.pump(0.1)
