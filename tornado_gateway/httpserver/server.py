"""The listening side: Tornado's server with clocks on what clients do to it."""

import asyncio
import fcntl
import resource
import select
import ssl
import struct
import termios
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from tornado.http1connection import HTTP1Connection, HTTP1ServerConnection
from tornado.httpserver import HTTPServer
from tornado.httputil import HTTPConnection, HTTPHeaders, HTTPMessageDelegate, RequestStartLine, ResponseStartLine
from tornado.iostream import IOStream
from tornado.web import Application

from tornado_gateway.domain.ports import Clock
from tornado_gateway.domain.snapshot import CorsPolicy, SnapshotHolder
from tornado_gateway.domain.tls import TlsPolicy
from tornado_gateway.httpserver.answering import READ_HEAD_BYTES, AnsweringStream
from tornado_gateway.httpserver.certificates import Certificates

_SWEEP_SECONDS = 0.25
_IDLE_SECONDS = 120.0
"""A kept-alive connection between two requests may rest this long."""

_WARN_SECONDS = 60.0
_RETIRE_SECONDS = 5.0
"""How long a server that retires waits for a resting client's next request, after which the connection ends."""

_RETIRE_STEP = 0.05
_UNLIMITED = 1 << 62
"""Bodies are bounded by the handlers, which can say so in JSON and follow a reload."""


@dataclass(slots=True)
class _Watched:
    """One connection: when the request now coming in must be whole, and how far its client had read.

    ``resting`` is true between requests, where only a first byte starts the clock. ``taken`` is None where nothing was
    waiting to be read.
    """

    due: float | None
    resting: bool = False
    taken: int | None = None
    progress: float = 0.0


def _unheard(_text: str) -> None:
    """Where nobody is told."""


@dataclass(frozen=True, slots=True)
class Listening:
    """How connections are secured, and who is told of what befalls them all."""

    tls: TlsPolicy | None = None
    announce: Callable[[str], None] = _unheard
    warn: Callable[[str], None] = _unheard


_PLAIN = Listening()


class GatewayHTTPServer(HTTPServer):
    """Closes a connection whose request does not come in within ``read_timeout`` or whose client takes nothing for
    ``write_timeout``; a long stream lives on as long as its client reads.

    One sweep looks at all connections, so that a request costs no timer of its own. Where there are as many as may be,
    a new one takes the place of one that rests between requests, and is hung up on where none does.
    """

    def initialize(  # type: ignore[override] # Tornado's configurable classes are made through here
        self,
        application: Application,
        *,
        snapshots: SnapshotHolder,
        clock: Clock,
        listening: Listening = _PLAIN,
    ) -> None:
        super().initialize(
            application,
            max_header_size=READ_HEAD_BYTES,
            max_body_size=_UNLIMITED,
            idle_connection_timeout=_IDLE_SECONDS,
        )
        self._snapshots = snapshots
        self._clock = clock
        self._watched: dict[IOStream, _Watched] = {}
        self._sweeper: asyncio.TimerHandle | None = None
        self._warn = listening.warn
        self._warned: float | None = None
        self._certificates = None
        if listening.tls is not None:
            self._certificates = Certificates(
                listening.tls, take=self._show, announce=listening.announce, warn=listening.warn
            )

    def _show(self, context: ssl.SSLContext) -> None:
        self.ssl_options = context  # looked at for each connection that is accepted

    def start_sweeping(self) -> None:
        """From here on the timeouts hold; ``stop_sweeping`` ends it."""
        self._sweeper = asyncio.get_running_loop().call_later(_SWEEP_SECONDS, self._sweep)
        if self._certificates is not None:
            self._certificates.start()

    def stop_sweeping(self) -> None:
        if self._sweeper is not None:
            self._sweeper.cancel()
            self._sweeper = None
        if self._certificates is not None:
            self._certificates.stop()

    def handle_stream(self, stream: IOStream, address: tuple[Any, ...]) -> None:
        if len(self._connections) >= self._most() and not self._make_room():
            stream.close()
            return
        super().handle_stream(stream, address)

    def _most(self) -> int:
        # Each may hold a connection to a provider, too; and without a descriptor nobody is accepted or called.
        openable = resource.getrlimit(resource.RLIMIT_NOFILE)[0] // 2
        return min(self._snapshots.current.server.max_connections or openable, openable)

    def _make_room(self) -> bool:
        now = self._clock.monotonic()
        if self._warned is None or now - self._warned > _WARN_SECONDS:
            self._warned = now
            self._warn(f"{len(self._connections)} connections are open, as many as may be: resting ones are closed")
        for stream, watched in self._watched.items():  # the oldest first
            if watched.resting and not stream.closed() and not stream._read_buffer_size:
                stream.close()
                return True
        return False

    def start_request(self, server_conn: object, request_conn: HTTPConnection) -> HTTPMessageDelegate:
        assert isinstance(server_conn, HTTP1ServerConnection)
        stream = server_conn.stream
        if stream.closed():
            return HTTPMessageDelegate()  # what is left in the pipe of a client that is gone is not worth a call
        assert isinstance(request_conn, HTTP1Connection)
        request_conn.stream = AnsweringStream(stream, self._cors)  # type: ignore[assignment] # it stands for one
        delegate = super().start_request(server_conn, request_conn)
        known = self._watched.get(stream)
        if known is None:
            # A client that connects and says nothing has the time of a whole request, too.
            known = self._watched[stream] = _Watched(due=self._due())
        else:
            known.resting = True
        return _WatchedRequest(delegate, known, self._due)

    def _cors(self) -> CorsPolicy:
        return self._snapshots.current.cors

    async def retire(self) -> None:
        """Takes no new connections, and returns once those that there are have ended.

        A client that says nothing for a while is hung up on: it learns no other way that it should connect anew.
        """
        self.stop()
        resting: dict[IOStream, float] = {}
        while self._connections:
            now = self._clock.monotonic()
            for stream, watched in list(self._watched.items()):
                if not watched.resting or _readable(stream):
                    resting.pop(stream, None)
                elif now - resting.setdefault(stream, now) >= _RETIRE_SECONDS:
                    stream.close()
            await self._clock.sleep(_RETIRE_STEP)

    def _due(self) -> float:
        return self._clock.monotonic() + self._snapshots.current.server.read_timeout

    def on_close(self, server_conn: object) -> None:
        super().on_close(server_conn)
        if isinstance(server_conn, HTTP1ServerConnection):
            self._watched.pop(server_conn.stream, None)

    def _sweep(self) -> None:
        now = self._clock.monotonic()
        policy = self._snapshots.current.server
        for stream, watched in list(self._watched.items()):
            if stream.closed():
                self._watched.pop(stream, None)
            elif _gone(stream) or self._overdue(stream, watched, now, policy.read_timeout, policy.write_timeout):
                stream.close()
        self._sweeper = asyncio.get_running_loop().call_later(_SWEEP_SECONDS, self._sweep)

    @staticmethod
    def _overdue(stream: IOStream, watched: _Watched, now: float, read: float, write: float) -> bool:
        # Tornado tells of no progress in public: these two counters are its own bookkeeping.
        if watched.resting and stream._read_buffer_size:
            watched.resting = False
            watched.due = now + read
        if watched.due is not None and now > watched.due:
            return True
        taken = _taken(stream) if stream.writing() else None
        if taken is None or taken != watched.taken:
            watched.taken, watched.progress = taken, now
            return False
        return now - watched.progress > write


def _readable(stream: IOStream) -> bool:
    """Whether something came that was not looked at yet."""
    if stream.closed() or stream._read_buffer_size:
        return True
    poll = select.poll()
    poll.register(stream.fileno(), select.POLLIN)
    return bool(poll.poll(0))


def _gone(stream: IOStream) -> bool:
    """True where the client left and has more requests in the pipe: with those unread, Tornado does not see it."""
    if not stream._read_buffer_size:
        return False
    poll = select.poll()
    poll.register(stream.fileno(), getattr(select, "POLLRDHUP", select.POLLHUP))
    return bool(poll.poll(0))


def _taken(stream: IOStream) -> int:
    """How many bytes the client's side has taken so far."""
    written: int = stream._total_write_done_index
    try:
        # The kernel holds megabytes: a client that reads slowly would take nothing for minutes, seen from here.
        (held,) = struct.unpack("i", fcntl.ioctl(stream.fileno(), termios.TIOCOUTQ, bytes(4)))
    except OSError:
        return written  # no system but Linux tells it of sockets
    return written - int(held)


class _WatchedRequest(HTTPMessageDelegate):
    """Passes everything on, and notes when the request is whole."""

    def __init__(self, inner: HTTPMessageDelegate, watched: _Watched, due: Callable[[], float]) -> None:
        self._inner = inner
        self._watched = watched
        self._due = due

    def headers_received(
        self, start_line: RequestStartLine | ResponseStartLine, headers: HTTPHeaders
    ) -> Awaitable[None] | None:
        self._watched.resting = False
        if self._watched.due is None:
            self._watched.due = self._due()
        return self._inner.headers_received(start_line, headers)

    def data_received(self, chunk: bytes) -> Awaitable[None] | None:
        return self._inner.data_received(chunk)

    def finish(self) -> None:
        self._watched.due = None
        self._inner.finish()

    def on_connection_close(self) -> None:
        self._inner.on_connection_close()
