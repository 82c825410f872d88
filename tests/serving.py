"""The HTTP side on a free port, put together by hand: real sockets in front, whatever providers a test gives behind."""

import asyncio
import socket
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import httpx
import msgspec
from tornado.netutil import bind_sockets

from tests.support import NOW, NoTokens, Recorder, admission_with, service_over, snapshot
from tornado_gateway.domain.authentication import Authenticator
from tornado_gateway.domain.events import RequestFinished, RequestStarted
from tornado_gateway.domain.gateway import GatewayService
from tornado_gateway.domain.keys import KeyRing
from tornado_gateway.domain.shared_answers import SharedAnswers
from tornado_gateway.domain.snapshot import SnapshotHolder
from tornado_gateway.httpserver.application import make_application, make_gates
from tornado_gateway.httpserver.gates.auth import AuthGate
from tornado_gateway.httpserver.lifecycle import Lifecycle
from tornado_gateway.httpserver.server import GatewayHTTPServer, Listening
from tornado_gateway.httpserver.services import Services
from tornado_gateway.storage.memory_cache import MemoryCache
from tornado_gateway.storage.memory_counters import MemoryCounters


class QuickClock:
    """Durations are real, the time of day is fixed, and nobody waits before a retry."""

    def __init__(self) -> None:
        self.slept: list[float] = []

    def monotonic(self) -> float:
        return time.monotonic()

    def now(self) -> datetime:
        return NOW

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        await asyncio.sleep(0)


@dataclass
class Connection:
    """One raw connection of a client."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def answer(self) -> tuple[int, dict[str, str], bytes]:
        """The next answer that tells its length: status, headers with lower-case names, body."""
        status, headers = await self.head()
        return status, headers, await self.reader.readexactly(int(headers.get("content-length", "0")))

    async def head(self) -> tuple[int, dict[str, str]]:
        lines = (await self.reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        headers = {
            name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:] if line)
        }
        return int(lines[0].split(" ")[1]), headers

    async def until(self, mark: bytes) -> bytes:
        return await self.reader.readuntil(mark)

    async def ended(self) -> bytes:
        """What still comes before the server closes; a reset is an end, too."""
        rest = b""
        with suppress(ConnectionError):
            while piece := await self.reader.read(65536):
                rest += piece
        return rest

    def close(self) -> None:
        self.writer.close()

    def reset(self) -> None:
        """Gone without a word."""
        self.writer.transport.abort()


@dataclass
class Served:
    port: int
    server: GatewayHTTPServer
    service: GatewayService
    snapshots: SnapshotHolder
    lifecycle: Lifecycle
    recorder: Recorder
    clock: QuickClock
    reported: list[BaseException]
    authenticator: Authenticator
    client: httpx.AsyncClient
    said: list[str] = field(default_factory=list)
    connections: list[Connection] = field(default_factory=list)

    async def connect(self, *, buffer: int | None = None) -> Connection:
        """``buffer`` bounds what the client's socket takes unread."""
        sock = socket.socket()
        if buffer is not None:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
        sock.setblocking(False)
        await asyncio.get_running_loop().sock_connect(sock, ("127.0.0.1", self.port))
        reader, writer = await asyncio.open_connection(sock=sock, limit=buffer or 2**20)
        made = Connection(reader, writer)
        self.connections.append(made)
        return made

    def finished(self) -> RequestFinished:
        """The one call's end; fails where a beginning has none, or a lease is still out."""
        assert len(self.recorder.of(RequestStarted)) == 1
        (event,) = self.recorder.of(RequestFinished)
        assert self.snapshots.leases == 0
        assert self.lifecycle.calls == 0
        return event  # type: ignore[no-any-return]


@asynccontextmanager
async def serving(*providers: Any, **more: Any) -> AsyncIterator[Served]:
    """A gateway over ``support.snapshot(*providers, **more)``; every call must have ended when it is left."""
    clock, recorder, lifecycle = QuickClock(), Recorder(), Lifecycle()
    config_status = more.pop("config_status", dict)
    conditions = more.pop("conditions", dict)
    tls, said = more.pop("tls", None), list[str]()
    answers = SharedAnswers(store=more.pop("store", None) or MemoryCache(clock, lambda: 2**24), clock=clock)
    verifier, stored = more.pop("verifier", NoTokens()), more.pop("stored", KeyRing)
    counters = more.pop("counters", None)
    worker = more.pop("worker", None)
    snapshots = SnapshotHolder(snapshot(*providers, **more))
    counters = MemoryCounters(clock) if counters is None else counters
    service = service_over(snapshots, clock, recorder, admission_with(counters, clock, recorder), answers)
    reported: list[BaseException] = []
    authenticator = Authenticator(
        snapshots=snapshots, clock=clock, publisher=recorder, verifier=verifier, stored=stored
    )
    auth = AuthGate(authenticator)
    services = Services(
        gateway=service,
        snapshots=snapshots,
        lifecycle=lifecycle,
        clock=clock,
        gates=make_gates(snapshots, lifecycle, auth),
        auth=auth,
        config_status=config_status,
        conditions=conditions,
        render_metrics=lambda: (b"a_metric 1\n", "text/plain; version=0.0.4"),
        worker=worker,
        report=reported.append,
    )
    server = GatewayHTTPServer(
        make_application(services), snapshots=snapshots, clock=clock, listening=Listening(tls, said.append, said.append)
    )
    sockets = bind_sockets(0, "127.0.0.1")
    port = sockets[0].getsockname()[1]
    server.add_sockets(sockets)
    server.start_sweeping()
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=10) as client:
        made = Served(
            port, server, service, snapshots, lifecycle, recorder, clock, reported, authenticator, client, said
        )
        try:
            yield made
        finally:
            for connection in made.connections:
                connection.close()
            server.stop()
            server.stop_sweeping()
            await server.close_all_connections()
    await until(lambda: made.lifecycle.calls == 0 and made.snapshots.leases == 0 and answers.under_way == 0)
    assert len(recorder.of(RequestStarted)) == len(recorder.of(RequestFinished))


async def until(condition: Callable[[], bool], seconds: float = 3.0) -> None:
    """Returns once ``condition`` holds; fails where it does not within ``seconds``."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds} seconds"
        await asyncio.sleep(0.005)


def chat(model: str = "gpt-4", **members: Any) -> dict[str, Any]:
    """A chat request's document."""
    return {"model": model, "messages": [{"role": "user", "content": "Hello"}], **members}


def request(document: Any, *, path: str = "/v1/chat/completions", headers: Sequence[str] = ()) -> bytes:
    """A raw request with ``document`` as its body."""
    body = document if isinstance(document, bytes) else msgspec.json.encode(document)
    lines = [
        f"POST {path} HTTP/1.1",
        "Host: gateway",
        "Content-Type: application/json",
        f"Content-Length: {len(body)}",
        *headers,
    ]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def events(body: bytes) -> list[bytes]:
    """The events of a stream's body, comments left out."""
    return [event for event in body.split(b"\n\n") if event and not event.startswith(b":")]
