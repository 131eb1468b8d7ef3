#!/usr/bin/python3
"""A tcp proxy that does harm when it is told to, for tests/cluster.

proxy.py LISTEN TARGET CONTROL READY
    Passes what comes to LISTEN (HOST:PORT, port 0 for any) on to TARGET.
    CONTROL is a fifo that is made here; READY gets the address, then, at each
    command that was carried out, one line more. Commands, one a line:

    pass          everything passes (so it starts); what is deaf stays deaf
    cut           every connection is reset
    deaf          the connections that there are go deaf: they stay open and
                  nothing gets through; new ones pass
    down          all go deaf, the new ones too
    refuse        every connection is reset, the new ones too
    delay MS      what comes from now on takes that much longer, each way
    rate BYTES    a second, each way of each connection; 0: as fast as it goes

    It ends at SIGTERM. One thread.
"""
import asyncio
import os
import signal
import struct
import socket
import sys

CHUNK = 16384
QUEUE_MAX = 64  # chunks that wait, each way of each connection


class Link:
    """The two ends of one connection."""

    def __init__(self, deaf):
        self.deaf = deaf
        self.writers = []
        self.tasks = []

    def reset(self):
        for task in self.tasks:
            task.cancel()
        for writer in self.writers:
            end = writer.get_extra_info("socket")
            if end is not None and end.fileno() >= 0:
                end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                               struct.pack("ii", 1, 0))
            writer.transport.abort()


class Proxy:
    def __init__(self, target, ready):
        host, _, port = target.rpartition(":")
        self.target = (host, int(port))
        self.ready = ready
        self.links = set()
        self.delay, self.rate = 0.0, 0
        self.new = "pass"

    async def serve(self, listen):
        host, _, port = listen.rpartition(":")
        server = await asyncio.start_server(self.accept, host, int(port))
        here = server.sockets[0].getsockname()
        self.say(f"{here[0]}:{here[1]}")
        return server

    def say(self, line):
        with open(self.ready, "a", encoding="ascii") as file:
            file.write(line + "\n")

    async def accept(self, reader, writer):
        link = Link(self.new == "down")
        link.writers.append(writer)
        try:
            if self.new == "refuse":
                return link.reset()
            far_reader, far_writer = await asyncio.open_connection(*self.target)
            link.writers.append(far_writer)
            self.links.add(link)
            link.tasks = [
                asyncio.create_task(self.pump(link, *ends))
                for ends in ((reader, far_writer), (far_reader, writer))]
            await asyncio.gather(*link.tasks, return_exceptions=True)
        except OSError:
            pass
        finally:
            self.links.discard(link)
            link.reset()

    async def pump(self, link, reader, writer):
        """One way: reads into a queue that another task empties in time."""
        queue = asyncio.Queue(QUEUE_MAX)
        sender = asyncio.create_task(self.empty(link, queue, writer))
        link.tasks.append(sender)
        now = asyncio.get_running_loop().time
        try:
            while True:
                data = await reader.read(CHUNK)
                if link.deaf and data:
                    continue
                await queue.put((now() + self.delay, data))
                if not data:
                    break
            await sender
        except OSError:
            pass
        finally:
            sender.cancel()

    async def empty(self, link, queue, writer):
        now = asyncio.get_running_loop().time
        while True:
            due, data = await queue.get()
            if due > now():
                await asyncio.sleep(due - now())
            if link.deaf:
                await asyncio.Event().wait()  # for ever
            if not data:
                writer.write_eof()
                return
            writer.write(data)
            await writer.drain()
            if self.rate > 0:
                await asyncio.sleep(len(data) / self.rate)

    def command(self, line):
        word, _, value = line.partition(" ")
        if word in ("pass", "down", "refuse"):
            self.new = word
        if word in ("cut", "refuse"):
            for link in list(self.links):
                link.reset()
        elif word in ("deaf", "down"):
            for link in self.links:
                link.deaf = True
        elif word == "delay":
            self.delay = float(value) / 1000
        elif word == "rate":
            self.rate = int(value)
        elif word != "pass":
            sys.exit("proxy.py: no such command: " + line)
        self.say(line)


async def main(listen, target, control, ready):
    loop = asyncio.get_running_loop()
    over = asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, over.set)
    proxy = Proxy(target, ready)
    os.mkfifo(control)
    # Open for writing too: the end of one writer is not the end of the file.
    fifo = os.open(control, os.O_RDWR | os.O_NONBLOCK)

    def read_commands():
        for line in os.read(fifo, 4096).decode("ascii").splitlines():
            proxy.command(line)

    loop.add_reader(fifo, read_commands)
    server = await proxy.serve(listen)
    await over.wait()
    server.close()
    for link in list(proxy.links):
        link.reset()


if __name__ == "__main__":
    if len(sys.argv) != 5:
        sys.exit(__doc__)
    asyncio.run(main(*sys.argv[1:]))
