"""Starts a program in a terminal of its own and prints the milliseconds until it has written its prompt.

Usage: psql_prompt.py PROMPT PROGRAM [ARGUMENT]...
"""

import os
import pty
import sys
import time


def main() -> None:
    prompt, command = sys.argv[1].encode(), sys.argv[2:]
    started = time.perf_counter()
    pid, terminal = pty.fork()
    if pid == 0:
        os.execv(command[0], command)
    seen = b""
    while prompt not in seen:
        chunk = read(terminal)
        if not chunk:
            sys.exit(f"{command[0]} ended without a prompt: {seen.decode(errors='replace')}")
        seen += chunk
    elapsed = time.perf_counter() - started

    os.write(terminal, b"\\q\n")
    while read(terminal):
        pass
    os.waitpid(pid, 0)
    print(f"{elapsed * 1000:.3f}")


def read(terminal: int) -> bytes:
    """What has been written, nothing after the program has ended."""
    try:
        return os.read(terminal, 65536)
    except OSError:
        return b""


main()
