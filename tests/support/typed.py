#!/usr/bin/python3
"""Types at a shell that sits at a terminal of its own.

typed.py SETUP SHELL [ARGUMENT...] < LINES
    Each line is typed into the shell, after SETUP, with a tab behind it;
    prints the line that the shell then holds. Control-T must make it print
    LINE<, that line, and >END.
"""
import os
import pty
import re
import select
import signal
import sys
import time

PATIENCE = 60  # seconds
READY = b"SHELL IS READY"


def read_until(terminal, pattern):
    heard = b""
    until = time.monotonic() + PATIENCE
    while True:
        found = re.search(pattern, heard, re.DOTALL)
        if found:
            return found
        wait = max(0.0, until - time.monotonic())
        if not select.select([terminal], [], [], wait)[0]:
            sys.exit("the shell hangs; it said " + repr(heard))
        heard += os.read(terminal, 65536)


def main():
    setup, command = sys.argv[1], sys.argv[2:]
    process, terminal = pty.fork()
    if process == 0:
        os.execvp(command[0], command)
    try:
        # The echo of the command is not what it prints.
        ready = setup + "\necho SHELL IS 'READY'\n"
        os.write(terminal, ready.encode())
        read_until(terminal, READY)
        for line in sys.stdin.read().splitlines():
            os.write(terminal, b"\x15" + line.encode() + b"\t\x14")
            print(read_until(terminal, b"LINE<(.*?)>END")[1].decode())
    finally:
        os.kill(process, signal.SIGKILL)
        os.waitpid(process, 0)


if __name__ == "__main__":
    main()
