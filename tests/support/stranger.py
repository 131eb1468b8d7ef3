#!/usr/bin/python3
"""A peer that speaks the protocol and means no good, for tests/cluster.

stranger.py fingerprint PORT_FILE
    A master that only listens: writes its port, and prints the fingerprint of
    the first node that would join.
stranger.py join MASTER FINGERPRINT ADDRESS READY_FILE
    Joins as a server that listens at ADDRESS, writes its node number, and
    beats until it is ended.
stranger.py ask ADDRESS
    Sends every message, with next to nothing in it, and some that claim too
    much; then prints how many answers came. Fails if there is none to the
    last, which makes no sense, is always refused, and is sent again when no
    answer comes.
"""
import os
import sys

import msgpack
import zmq

WIRE_VERSION = 1
JOIN, JOIN_OK, HEARTBEAT, LOAD_MODEL, PREDICT, REFUSED = 1, 2, 3, 40, 42, 44
TYPE_MAX = 60
PATIENCE_MS = 20000
SILENCE_MS = 1000


def header(kind, fields=None, blobs=()):
    return msgpack.packb(
        {0: kind, 1: WIRE_VERSION, 2: list(blobs), **(fields or {})})


def dealer(address):
    socket = zmq.Context.instance().socket(zmq.DEALER)
    socket.linger = 0
    socket.connect(address)
    return socket


def receive(socket, patience_ms):
    """The header of the next message; none: it is too late."""
    if not socket.poll(patience_ms):
        return None
    frames = socket.recv_multipart()
    return msgpack.unpackb(frames[0], strict_map_key=False)


def write_file(path, text):
    with open(path + ".new", "w", encoding="ascii") as file:
        file.write(text)
    os.rename(path + ".new", path)


def fingerprint(port_file):
    socket = zmq.Context.instance().socket(zmq.ROUTER)
    socket.linger = 0
    port = socket.bind_to_random_port("tcp://127.0.0.1")
    write_file(port_file, str(port))
    if not socket.poll(PATIENCE_MS):
        sys.exit("nobody joined")
    join = msgpack.unpackb(socket.recv_multipart()[1], strict_map_key=False)
    print(join[7])


def join(master, arithmetic, address, ready_file):
    socket = dealer(master)
    socket.send(
        header(
            JOIN, {
                3: 1, 4: "stranger", 5: 4711, 6: WIRE_VERSION, 7: arithmetic,
                8: [address], 9: 1
            }))
    node = None
    while True:
        message = receive(socket, 100)
        if message is not None and message[0] == JOIN_OK:
            node = message[3]
            write_file(ready_file, str(node))
        if message is not None and message[0] == REFUSED and node is None:
            write_file(ready_file, "refused")
            return
        if message is None and node is not None:
            socket.send(header(HEARTBEAT, {3: node, 4: 1 << 60, 5: 0}))


def ask(address):
    socket = dealer(address)
    for kind in range(TYPE_MAX):
        socket.send(header(kind))
    # More bytes than a message may have, and none of them.
    socket.send(header(PREDICT, {3: "x"}, [1 << 62, 1 << 62, 1 << 62, 1 << 62]))
    socket.send(header(PREDICT, {3: "x"}, [0] * 65536))
    socket.send(header(LOAD_MODEL, {3: "x", 4: 1 << 60, 5: 1 << 61}))
    for seq in range(1000):
        keys = bytes(8 * 1000)
        socket.send_multipart([
            header(PREDICT, {3: "x", 4: seq, 5: 1 << 20}, [len(keys), 0, 0, 0]),
            keys
        ])
    count = 0
    silences = 0
    socket.send(b"no header")
    while True:
        message = receive(socket, SILENCE_MS)
        if message is None:
            silences += 1
            if silences * SILENCE_MS >= PATIENCE_MS:
                sys.exit(f"{address} does not answer")
            # Answers beyond the 256 that wait for a peer are dropped, and that
            # to the last message may be among them.
            socket.send(b"no header")
            continue
        count += 1
        silences = 0
        if message[0] == REFUSED and "bad header" in message.get(4, ""):
            break
    print(count)


def main():
    commands = {"fingerprint": fingerprint, "join": join, "ask": ask}
    if len(sys.argv) < 2 or sys.argv[1] not in commands:
        sys.exit(__doc__)
    commands[sys.argv[1]](*sys.argv[2:])


main()
