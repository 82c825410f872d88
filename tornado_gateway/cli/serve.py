"""``tornado-gateway serve``: runs until SIGTERM or SIGINT, then drains; SIGHUP reloads."""

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
from tornado_gateway.config.build import Loaded, load
from tornado_gateway.config.problems import ConfigInvalid
from tornado_gateway.config.schema import packaged_default
from tornado_gateway.domain.exposure import is_loopback

_DEFAULT_FILE = Path("gateway.yaml")


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = commands.add_parser("serve", help="run the gateway")
    parser.add_argument("--config", type=Path, metavar="FILE", help="the configuration (default: gateway.yaml here)")
    parser.add_argument("--host", help="listen here instead of server.host")
    parser.add_argument("--port", type=_port, help="listen here instead of server.port; 0 takes a free one")
    parser.add_argument("--workers", type=int, help="processes instead of server.workers")
    parser.set_defaults(run=run)


def _port(text: str) -> int:
    port = int(text)
    if not 0 <= port <= 65535:
        raise argparse.ArgumentTypeError("a port is 0 to 65535")
    return port


def run(args: argparse.Namespace) -> int:
    """Exit code 0 after a drain, 1 where the file is bad or the address is taken."""
    path = _choose(args.config)
    try:
        loaded = load(path, os.environ)
    except ConfigInvalid as invalid:
        for problem in invalid.problems:
            print(problem, file=sys.stderr)
        return 1
    if (args.workers or loaded.settings.server.workers) != 1:
        print("tornado-gateway serves with one worker in this version: say --workers 1", file=sys.stderr)
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
    try:
        asyncio.run(_serve(loaded, path, sockets))
    except ImportError as error:  # an extra that the file needs
        print(error, file=sys.stderr)
        return 1
    return 0


def _choose(named: Path | None) -> Path:
    if named is not None:
        return named
    if _DEFAULT_FILE.exists():
        return _DEFAULT_FILE
    default = packaged_default()
    print(f"no gateway.yaml here: serving the packaged default, {default}", file=sys.stderr)
    return default


async def _serve(loaded: Loaded, path: Path, sockets: list[socket.socket]) -> None:
    runtime = make_runtime(loaded)
    stop = asyncio.Event()
    _on_signals(runtime, stop)
    await runtime.start(sockets)
    # What is here now stays: looking it through again and again stops the loop for a tenth of a second.
    gc.collect()
    gc.freeze()
    address = sockets[0].getsockname()
    host = f"[{address[0]}]" if ":" in address[0] else address[0]
    scheme = "http" if loaded.settings.server.tls is None else "https"
    runtime.announce(f"listening on {scheme}://{host}:{address[1]} with {path}")
    await stop.wait()
    runtime.announce("draining: no new calls, those under way may end")
    drained = await runtime.drain()
    runtime.announce("drained" if drained else "drain_timeout has passed: ending the calls still under way")
    await runtime.close()


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
