"""``tornado-gateway serve``: runs until SIGTERM or SIGINT, then drains; SIGHUP reloads.

With one worker this process serves; with several it supervises those that do, and SIGUSR2 replaces them one by one.
"""

import argparse
import asyncio
import contextlib
import gc
import os
import signal
import socket
import sys
from collections.abc import Callable
from pathlib import Path

from tornado.netutil import bind_sockets

from tornado_gateway.bootstrap import Runtime, make_runtime
from tornado_gateway.cli.supervise import supervise
from tornado_gateway.cli.whole import whole
from tornado_gateway.config.build import Loaded, parse, read_file
from tornado_gateway.config.problems import ConfigInvalid
from tornado_gateway.config.schema import packaged_default
from tornado_gateway.config.side_by_side import misfit
from tornado_gateway.domain.exposure import is_loopback
from tornado_gateway.workers.cpus import usable_cpus

_DEFAULT_FILE = Path("gateway.yaml")


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = commands.add_parser("serve", help="run the gateway")
    parser.add_argument("--config", type=Path, metavar="FILE", help="the configuration (default: gateway.yaml here)")
    parser.add_argument("--host", help="listen here instead of server.host")
    parser.add_argument(
        "--port",
        type=whole(0, 65535, "port"),
        metavar="PORT",
        help="listen here instead of server.port; 0 takes a free one",
    )
    parser.add_argument("--workers", type=_workers, metavar="N|auto", help="processes instead of server.workers")
    parser.set_defaults(run=run)


_number = whole(1, 1024, "number of workers (or auto)")


def _workers(text: str) -> int:
    return min(usable_cpus(), 1024) if text == "auto" else _number(text)


def run(args: argparse.Namespace) -> int:
    """Exit code 0 after a drain, 1 where the file is bad or the address is taken."""
    path = _choose(args.config)
    try:
        content = read_file(path)
        loaded = parse(content, path, os.environ)
    except ConfigInvalid as invalid:
        for problem in invalid.problems:
            print(problem, file=sys.stderr)
        return 1
    workers = args.workers or _workers(str(loaded.settings.server.workers))
    unfit = misfit(loaded, workers)
    if unfit is not None:  # the file's own number has been checked with the file
        print(unfit, file=sys.stderr)
        return 1
    host = args.host or loaded.settings.server.host
    if not is_loopback(host) and loaded.settings.auth.undecided:
        # The file's own host has been checked with the file.
        message = "can be reached from outside: list auth.keys, or write auth.required: false"
        print(f"{path}: {host!r} {message}", file=sys.stderr)
        return 1
    port = loaded.settings.server.port if args.port is None else args.port
    try:
        sockets = bind_sockets(port, host, reuse_port=False)
    except OSError as error:
        print(f"can't listen on {host}:{port}: {error.strerror}", file=sys.stderr)
        return 1
    scheme = "http" if loaded.settings.server.tls is None else "https"
    listening = f"listening on {scheme}://{_address(sockets[0])} with {path}"
    try:
        if workers > 1:
            return asyncio.run(supervise(loaded, content, sockets, workers, listening))
        asyncio.run(_serve(loaded, sockets, listening))
    except ImportError as error:  # an extra that the file needs
        print(error, file=sys.stderr)
        return 1
    return 0


def _choose(named: Path | None) -> Path:
    if named is not None:
        return named
    try:
        _DEFAULT_FILE.lstat()
    except FileNotFoundError:
        pass
    except OSError:
        return _DEFAULT_FILE  # whoever reads it says why it can't be
    else:
        return _DEFAULT_FILE
    default = packaged_default()
    print(f"no gateway.yaml here: serving the packaged default, {default}", file=sys.stderr)
    return default


def _address(listener: socket.socket) -> str:
    host, port, *_ = listener.getsockname()
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


async def _serve(loaded: Loaded, sockets: list[socket.socket], listening: str) -> None:
    runtime = make_runtime(loaded)
    stop = asyncio.Event()
    _on_signals(runtime, stop)
    await begin(runtime, sockets)
    runtime.announce(listening)
    await stop.wait()
    await drain(runtime)
    await runtime.close()


async def begin(runtime: Runtime, sockets: list[socket.socket]) -> None:
    """Serves, and settles down to it."""
    await runtime.start(sockets)
    # What is here now stays: looking it through again and again stops the loop for a tenth of a second.
    gc.collect()
    gc.freeze()
    # Calls leave nothing in circles: as often as by default, the collector would only go through those under way.
    gc.set_threshold(5000, 20, 20)


async def drain(runtime: Runtime) -> None:
    """Waits for the calls under way, as long as the configuration says."""
    runtime.announce("draining: no new calls, those under way may end")
    drained = await runtime.drain()
    runtime.announce("drained" if drained else "drain_timeout has passed: ending the calls still under way")


def _on_signals(runtime: Runtime, stop: asyncio.Event) -> None:
    loop = asyncio.get_running_loop()

    def end() -> None:
        if stop.is_set():
            # The second one means it. Nothing that is left would be written anyway.
            os._exit(1)
        stop.set()

    handlers: dict[signal.Signals, Callable[[], None]] = {
        signal.SIGTERM: end,
        signal.SIGINT: end,
        signal.SIGHUP: runtime.reload,
    }
    for number, handler in handlers.items():
        with contextlib.suppress(NotImplementedError):
            loop.add_signal_handler(number, handler)
