"""Messages of psmith, as psmith-protocol(7) describes them: a header frame of
MessagePack and raw blobs over ZeroMQ.

Written from the page alone; test_page.py compares the tables with it.
"""
import os
import time
from types import SimpleNamespace

import msgpack
import zmq

VERSION = 1
FRAME_BYTES = 1 << 20  # a blob is cut into frames of this size

# name: (type number, fields from number 3 on).  A field is name:type, or
# name:type=default; u is unsigned, f a float, b true or false, s a string,
# [T] an array, anything else a structure or message of that name.
MESSAGES = {
    "Join": (1, "role:u=3 name:s incarnation:u wire_version:u fingerprint:s "
                "addresses:[s] threads:u master:u start:u commit:u"),
    "JoinOk": (2, "node:u heartbeat_ms:u liveness:u incarnation:u start:u "
                  "commit:u"),
    "Heartbeat": (3, "node:u view:u progress:u"),
    "HeartbeatOk": (4, "view:u commit:u"),
    "View": (5, "number:u nodes:[NodeInfo]"),
    "StartJob": (6, "record:JobRecord commit:u"),
    "StartJobOk": (7, "node:u job:u recovery:u"),
    "JobFailed": (8, "node:u job:u recovery:u reason:s status:u=1"),
    "EndJob": (9, "job:u keep:b"),
    "Leave": (10, "node:u"),
    "Progress": (11, "job:u recovery:u step:u step_count:u epoch:u rows:u "
                     "loss_since:f loss_mean:f evaluated:b eval_sums:[f] "
                     "eval_auc:f=-1 doubling:b waiting_for:u workers:u "
                     "pushed_bytes:u pulled_bytes:u"),
    "LaneDone": (12, "job:u recovery:u lane:u version:u best_version:u "
                     "last:Progress"),
    "CheckpointDone": (13, "job:u recovery:u lane:u version:u file:s sha256:s "
                           "bytes:u"),
    "Note": (14, "node:u job:u kind:s text:s"),
    "Submit": (15, "spec:JobSpec token:u"),
    "SubmitOk": (16, "job:u incarnation:u"),
    "Cancel": (17, "job:u"),
    "CancelOk": (18, "job:u"),
    "Watch": (19, "after_seq:u job:u follow:b"),
    "EventsOk": (20, "events:[Event] last_seq:u first_seq:u incarnation:u"),
    "Jobs": (21, "job:u name:s"),
    "JobsOk": (22, "jobs:[JobInfo] incarnation:u"),
    "Nodes": (23, ""),
    "NodesOk": (24, "view:View wire_version:u uptime_ms:u fingerprint:s"),
    "Drop": (25, "job:u"),
    "DropOk": (26, "job:u"),
    "LeaseRequest": (27, "job:u recovery:u placement:u worker:u leaving:b"),
    "Leases": (28, "job:u recovery:u placement:u leaves:[Leaves]"),
    "PushPull": (29, "job:u recovery:u placement:u worker:u seq:u "
                     "push:[PushPart] pulls:b pull_version:u pull:[PullPart] "
                     "sent_bytes:u received_bytes:u"),
    "PullOk": (30, "job:u recovery:u placement:u seq:u version:u ended:b "
                   "stale:b keys_kept:b leases:[Leaves]"),
    "PushOk": (31, "job:u recovery:u placement:u seq:u keys_kept:b "
                   "leases:[Leaves]"),
    "Ask": (32, "job:u recovery:u placement:u worker:u seq:u"),
    "Pending": (33, "job:u recovery:u seq:u"),
    "Resend": (34, "job:u recovery:u seq:u with_keys:b"),
    "Missing": (35, "job:u recovery:u placement:u leaves:[Leaves]"),
    "Fetch": (36, "job:u recovery:u placement:u seq:u dense:b range_begin:u "
                  "range_end:u table:u bucket_begin:u bucket_end:u"),
    "FetchOk": (37, "job:u seq:u version:u"),
    "Put": (38, "job:u recovery:u placement:u seq:u dense:b range_begin:u "
                "range_end:u table:u last:b"),
    "PutOk": (39, "job:u seq:u"),
    "LoadModel": (40, "digest:s offset:u total:u"),
    "LoadModelOk": (41, "digest:s received:u"),
    "Predict": (42, "digest:s seq:u row_count:u column_count:u"),
    "PredictOk": (43, "seq:u"),
    "Refused": (44, "code:s text:s seq:u job:u retry_ms:u"),
}

PARTS = {
    "Checkpoint": "version:u files:[CheckpointFile]",
    "CheckpointFile": "file:s sha256:s bytes:u",
    "DataRef": "folder:s digest:s shards:[u] shape:DataShape",
    "DataShape": "shard_rows:[u] block_rows:u=1",
    "Event": "seq:u time_ms:u job:u node:u kind:s text:s has_progress:b "
             "progress:Progress",
    "JobInfo": "job:u state:u name:s kind:s reason:s status:u recovery:u "
               "placement:u submitted_ms:u started_ms:u ended_ms:u "
               "lanes:[LaneInfo] live:b best_version:u last:Progress "
               "spec:JobSpec",
    "JobRecord": "job:u recovery:u placement:u lanes:[LaneInfo] workers:[u] "
                 "spec:JobSpec checkpoint:Checkpoint",
    "JobSpec": "name:s kind:s=train model:ModelSettings classes:[f] "
               "optimizer:OptimizerSettings train:DataRef eval:DataRef "
               "group_blocks:u=1 epochs:u=1 step_max:u eval_every:u=1 "
               "patience:u min_delta:f seed:u checkpoint_folder:s "
               "checkpoint_every:u model_header:s",
    "KeyList": "dataset:u shard:u begin:u end:u key_count:u has_keys:b",
    "LaneInfo": "lane:u node:u address:s",
    "Leaves": "step:u begin:u end:u",
    "ModelSettings": "kind:u dense:b column_count:u class_count:u "
                     "label_mean:f label_scale:f=1",
    "NodeInfo": "node:u role:u=3 name:s addresses:[s] lanes:[u] threads:u "
                "silent_ms:u progress:u",
    "OptimizerSettings": "rule:u=1 schedule:u rate:f=0.1 beta:f=1 l1:f l2:f "
                         "mean:b=1",
    "PullPart": "leaves:Leaves lists:[KeyList]",
    "PushPart": "leaves:Leaves sums:[f] lists:[KeyList] curve:[f]",
}

QUEUED, STARTING, RUNNING, PAUSED, DONE, FAILED, CANCELLED = range(7)
SERVER, WORKER, CLIENT = 1, 2, 3
LINEAR, LOGISTIC, SOFTMAX = range(3)
SGD, ADAGRAD, FTRL, DOG = range(4)
CONSTANT, LINEAR_RATE, COSINE = range(3)

ZERO = {"u": 0, "f": 0.0, "b": False, "s": ""}
CONVERT = {"u": int, "f": float, "b": lambda x: bool(int(x)), "s": str}


def fields_of(text):
    """[(number, name, type, default)] of the fields in a table's text."""
    result = []
    for number, field in enumerate(text.split(), 3):
        name, _, kind = field.partition(":")
        kind, _, default = kind.partition("=")
        result.append((number, name, kind,
                       CONVERT[kind](default) if default else ZERO.get(kind)))
    return result


FIELDS = {name: fields_of(text) for name, (_, text) in MESSAGES.items()}
FIELDS.update((name, fields_of(text)) for name, text in PARTS.items())
NAME_OF = {number: name for name, (number, _) in MESSAGES.items()}


class Bad(Exception):
    """A message that is not as the page says."""


class Refusal(Exception):
    """An answer of type Refused."""

    def __init__(self, message):
        super().__init__(f"{message.code}: {message.text}")
        self.code = message.code
        self.message = message


def to_wire(kind, value):
    if kind.startswith("["):
        return [to_wire(kind[1:-1], item) for item in value]
    if kind not in FIELDS:
        return value
    if isinstance(value, SimpleNamespace):
        value = vars(value)
    result = {}
    for number, name, field, _ in FIELDS[kind]:
        if name in value:
            result[number] = to_wire(field, value[name])
    unknown = set(value) - {name for _, name, _, _ in FIELDS[kind]}
    if unknown:
        raise KeyError(f"{kind} has no {unknown}")
    return result


def from_wire(kind, value):
    if kind.startswith("["):
        return [from_wire(kind[1:-1], item) for item in value]
    if kind not in FIELDS:
        accepted = {"u": int, "f": (int, float), "b": bool, "s": str}[kind]
        if not isinstance(value, accepted):
            raise Bad(f"{value!r} is no {kind}")
        return value
    result = SimpleNamespace()
    for number, name, field, default in FIELDS[kind]:
        if number in value:
            item = from_wire(field, value[number])
        elif field.startswith("["):
            item = []
        else:
            item = from_wire(field, {}) if field in FIELDS else default
        setattr(result, name, item)
    return result


def header(kind, fields, blobs=(), version=VERSION):
    """The header frame of a message."""
    top = {0: MESSAGES[kind][0], 1: version,
           2: [len(blob) for blob in blobs]}
    top.update(to_wire(kind, fields))
    return msgpack.packb(top, unicode_errors="surrogateescape")


def encode(kind, fields, blobs=()):
    """The frames of a message; each blob is bytes."""
    blobs = [bytes(blob) for blob in blobs]
    frames = [header(kind, fields, blobs)]
    for blob in blobs:
        frames += [blob[i:i + FRAME_BYTES]
                   for i in range(0, len(blob), FRAME_BYTES)]
    return frames


def decode(frames):
    """A namespace with the message's fields, its name as kind, and blobs."""
    top = msgpack.unpackb(frames[0], strict_map_key=False,
                          unicode_errors="surrogateescape")
    kind = NAME_OF.get(top.get(0))
    if kind is None:
        raise Bad(f"type {top.get(0)}")
    if top.get(1) != VERSION and kind != "Refused":
        raise Bad(f"wire version {top.get(1)}")
    message = from_wire(kind, top)
    message.kind = kind
    message.blobs = []
    rest = frames[1:]
    for length in top.get(2, []):
        blob = b""
        while len(blob) < length and rest:
            blob += rest.pop(0)
        if len(blob) != length:
            raise Bad(f"a blob of {length} bytes has {len(blob)}")
        message.blobs.append(blob)
    if rest:
        raise Bad(f"{len(rest)} frames that are no blob's")
    return message


class Peer:
    """A DEALER to one address, with a routing id of its own."""

    def __init__(self, address, context=None):
        self.address = address
        self.socket = (context or zmq.Context.instance()).socket(zmq.DEALER)
        self.socket.setsockopt(zmq.ROUTING_ID, os.urandom(8).hex().encode())
        self.socket.setsockopt(zmq.LINGER, 0)
        self.socket.connect(address)

    def close(self):
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def send(self, kind, blobs=(), **fields):
        self.socket.send_multipart(encode(kind, fields, blobs))

    def send_raw(self, *frames):
        self.socket.send_multipart(frames)

    def receive(self, timeout=10.0):
        """The next message, or None when none has come by then."""
        if not self.socket.poll(int(timeout * 1000)):
            return None
        return decode(self.socket.recv_multipart())

    def ask(self, kind, answer, blobs=(), timeout=30.0, **fields):
        """Sends a request until its answer comes; busy peers are asked again.

        Messages of other types, or with another seq, are passed over: late
        answers to what was asked twice.
        """
        end = time.monotonic() + timeout
        while time.monotonic() < end:
            self.send(kind, blobs, **fields)
            again = time.monotonic() + 2
            while (left := min(again, end) - time.monotonic()) > 0:
                message = self.receive(left)
                if message is None:
                    break
                if getattr(message, "seq", None) not in (
                        None, 0, fields.get("seq")):
                    continue
                if message.kind == answer:
                    return message
                if message.kind == "Refused":
                    if message.code != "busy":
                        raise Refusal(message)
                    again = min(again, time.monotonic() +
                                max(message.retry_ms, 50) / 1000)
        raise TimeoutError(f"no {answer} from {self.address}")
