"""One of several workers, as ``serve`` starts it: ``python -m tornado_gateway.cli.worker``. Nobody's command.

SIGTERM drains and ends it. SIGUSR1, and the end of its supervisor, let it serve whoever is connected and end then.
SIGHUP reloads.
"""

import argparse
import asyncio
import os
import signal
import socket
import sys
from collections.abc import Coroutine
from contextlib import suppress
from pathlib import Path
from typing import Any

from tornado_gateway.bootstrap import Runtime, make_runtime
from tornado_gateway.cli.serve import begin, drain
from tornado_gateway.config.build import Loaded, parse, read_file
from tornado_gateway.config.problems import ConfigInvalid
from tornado_gateway.config.side_by_side import misfit
from tornado_gateway.workers.memory import SharedMemory
from tornado_gateway.workers.process import HELD_BACK
from tornado_gateway.workers.seat import Errand, Seat


def main() -> int:
    """Exit code 0 once it was told to end, 1 where there is no good configuration."""
    # Ctrl-C reaches all processes of a terminal: what becomes of it is the supervisor's to say.
    for number in (signal.SIGINT, signal.SIGUSR2):
        signal.signal(number, signal.SIG_IGN)
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--config", type=Path, required=True)
    parser.add_argument("--errand", type=Errand.parse, required=True)
    args = parser.parse_args()
    errand: Errand = args.errand
    seat = Seat(errand.number, errand.slot, SharedMemory(errand.memory, errand.slots))
    try:
        loaded = _load(args.config, seat)
    except ConfigInvalid as invalid:
        for problem in invalid.problems:
            print(problem, file=sys.stderr)
        return 1
    sockets = [socket.socket(fileno=number) for number in errand.sockets]
    with socket.socket(fileno=errand.channel) as channel:
        try:
            asyncio.run(_work(loaded, seat, sockets, channel))
        except ImportError as error:  # an extra that the file needs
            print(error, file=sys.stderr)
            return 1
    return 0


def _load(path: Path, seat: Seat) -> Loaded:
    """What the file says; where it has become bad since, what the other workers have in force."""
    try:
        content = read_file(path, again=True)
        loaded = parse(content, path, os.environ)
    except ConfigInvalid:
        kept = seat.kept()
        if kept is None:
            raise
        return parse(kept, path, os.environ)
    kept = seat.kept()
    if kept is not None and misfit(loaded, seat.workers) is not None:
        return parse(kept, path, os.environ)
    seat.keep(content)
    return loaded


async def _work(loaded: Loaded, seat: Seat, sockets: list[socket.socket], channel: socket.socket) -> None:
    runtime = make_runtime(loaded, seat=seat)
    retire, stop = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, stop.set)
    loop.add_signal_handler(signal.SIGUSR1, retire.set)
    loop.add_signal_handler(signal.SIGHUP, runtime.reload)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, HELD_BACK)

    def orphaned() -> None:
        # The supervisor says nothing on it: that it can be read is its end.
        loop.remove_reader(channel)
        runtime.announce("the supervisor is gone")
        retire.set()

    await begin(runtime, sockets)
    loop.add_reader(channel, orphaned)
    runtime.announce("serving")
    _say(channel, "ready")
    await _first(stop.wait(), retire.wait())
    _say(channel, f"ending {runtime.snapshots.current.server.drain_timeout}")
    if not stop.is_set():
        await _first(stop.wait(), _retire(runtime))
    if stop.is_set():
        await drain(runtime)
    await runtime.close()


async def _retire(runtime: Runtime) -> None:
    runtime.announce("retiring: no new connections, those there are may end")
    retired = await runtime.retire()
    runtime.announce("retired" if retired else "drain_timeout has passed: ending what is still under way")


async def _first(*works: Coroutine[Any, Any, object]) -> None:
    """Returns once one is done; the others are given up."""
    tasks = [asyncio.ensure_future(work) for work in works]
    _, pending = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in pending:
        task.cancel()


def _say(channel: socket.socket, line: str) -> None:
    with suppress(OSError):  # nobody listens any more
        channel.sendall(line.encode() + b"\n")


if __name__ == "__main__":
    sys.exit(main())
