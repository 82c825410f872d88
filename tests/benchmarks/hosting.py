"""What the servers of the benchmark share: a port of their own, said on stdout, and an end."""

import asyncio
import os
import socket
import sys
import time


def listening_socket(port: int = 0) -> socket.socket:
    """A listening socket on loopback; port 0 takes a free one."""
    listener = socket.create_server(("127.0.0.1", port), backlog=1024)
    listener.setblocking(False)
    return listener


def announce(listener: socket.socket) -> None:
    """Tells the parent the port: from now on it may connect."""
    sys.stdout.write(f"{listener.getsockname()[1]}\n")
    sys.stdout.flush()


async def end_with_parent(limit: float) -> None:
    """Returns once the process that started this one is gone, or after ``limit`` seconds."""
    parent = os.getppid()
    deadline = time.monotonic() + limit
    while os.getppid() == parent and time.monotonic() < deadline:
        await asyncio.sleep(0.5)  # nothing tells of a parent's end
