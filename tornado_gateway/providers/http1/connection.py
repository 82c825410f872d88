"""Connection: HTTP/1.1 with a server, one exchange after the other.

Wire: RFC 9112, which llhttp reads by way of httptools.
"""

import asyncio
import socket
from typing import Protocol, cast

import httpx
from httptools import HttpParserError, HttpResponseParser

from tornado_gateway.providers.http1.answer import Answer

_MOST_HEAD_BYTES = 512 * 1024
"""Much more than any head; what is read with its end may be a part of the body already."""
_MUCH = 64 * 1024
"""Bytes of a body that are not worth another write of their own."""
_KEEP_ALIVE = [(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)]
if hasattr(socket, "TCP_KEEPIDLE"):  # the system's own measure is two hours; Anthropic's SDK has these
    _KEEP_ALIVE += [
        (socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 60),
        (socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 60),
        (socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 5),
    ]
_SWITCHING_PROTOCOLS = 101
_OK = 200


class Keeper(Protocol):
    """Who keeps connections."""

    def opened(self, connection: "Connection") -> None: ...

    def idle(self, connection: "Connection") -> None:
        """It may serve again."""

    def lost(self, connection: "Connection") -> None:
        """It is closed."""


class Connection(asyncio.Protocol):
    """Made by an event loop for ``keeper``.

    What ends an answer too early is an ``OSError`` or ``httpx.ReadError``, ``ReadTimeout`` or ``RemoteProtocolError``.
    """

    def __init__(self, keeper: Keeper) -> None:
        self.since = 0.0
        """When something last came, on the loop's clock."""
        self._keeper = keeper
        self._loop = asyncio.get_running_loop()
        self._parser = HttpResponseParser(self)
        # As lenient as other clients are: what stands before providers is not ours to correct.
        self._parser.set_dangerous_leniencies(
            lenient_headers=True, lenient_optional_cr_before_lf=True, lenient_spaces_after_chunk_size=True
        )
        self._transport: asyncio.Transport | None = None
        self._answer: Answer | None = None
        self._head_bytes = 0
        self._interim = False
        self._serves_again = False
        self._silence: float | None = None
        self._watch: asyncio.TimerHandle | None = None

    @property
    def usable(self) -> bool:
        return self._transport is not None and not self._transport.is_closing()

    def ask(self, head: bytes, body: bytes, silence: float | None) -> Answer:
        """Sends a request. ``silence`` is for how many seconds nothing may come, None where somebody else watches."""
        assert self._answer is None, "one exchange at a time"
        answer = Answer(self)
        if self._transport is None:
            answer.end(_closed())
            return answer
        self._answer = answer
        self._head_bytes = 0
        if len(body) > _MUCH:
            self._transport.write(head)
            self._transport.write(body)
        else:
            self._transport.write(head + body)
        self._silence = silence
        if silence is not None:
            self.since = self._loop.time()
            self._watch_until(self.since + silence)
        return answer

    def pause(self) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.pause_reading()

    def resume(self) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self.since = self._loop.time()  # it was not the server who kept silent
            self._transport.resume_reading()

    def hang_up(self, error: Exception | None = None) -> None:
        """Ends it at once, and what is still coming ends in ``error``."""
        answer, self._answer = self._answer, None
        if answer is not None:
            answer.end(error or httpx.ReadError("the call was given up"))
        if self._transport is not None:
            self._transport.abort()

    # What the loop tells.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        # What is between may forget a connection over a long thought.
        sock = transport.get_extra_info("socket")
        for level, option, value in _KEEP_ALIVE:
            sock.setsockopt(level, option, value)
        self._keeper.opened(self)

    def data_received(self, data: bytes) -> None:
        answer = self._answer
        if answer is None:  # nobody has asked
            self.hang_up()
            return
        self.since = self._loop.time()
        try:
            self._parser.feed_data(data)
        except HttpParserError as error:
            self.hang_up(httpx.RemoteProtocolError(str(error)))
            return
        if answer.ended:
            self._served()
        elif not answer.status:
            self._head_bytes += len(data)
            if self._head_bytes > _MOST_HEAD_BYTES:
                self.hang_up(httpx.RemoteProtocolError("the head of the answer has no end"))

    def connection_lost(self, exc: Exception | None) -> None:
        answer, self._answer = self._answer, None
        if answer is not None:
            whole = exc is None and answer.status != 0 and _lasts_until_the_end(answer)
            answer.end(None if whole else exc or _closed())
        if self._watch is not None:
            self._watch.cancel()
        self._transport = None
        self._keeper.lost(self)

    # What the parser tells.

    def on_message_begin(self) -> None:
        if self._answer is None or self._answer.ended:
            self._serves_again = False  # what follows an answer is nobody's, and would be the next one's head

    def on_header(self, name: bytes, value: bytes) -> None:
        answer = self._answer
        if answer is not None and not answer.status:  # else it is a trailer
            answer.headers.append((name, value))

    def on_headers_complete(self) -> None:
        answer = self._answer
        if answer is None or answer.ended:
            raise ValueError("there is another answer to the same request")
        status = self._parser.get_status_code()
        if status == _SWITCHING_PROTOCOLS:
            raise ValueError("nobody asked for another protocol")
        self._interim = status < _OK
        if self._interim:
            answer.headers.clear()
            return
        answer.begin(status)

    def on_body(self, piece: bytes) -> None:
        if self._answer is not None:
            self._answer.feed(piece)

    def on_message_complete(self) -> None:
        if self._answer is None or self._interim:
            return
        self._serves_again = self._parser.should_keep_alive()
        self._answer.end()

    def _served(self) -> None:
        """The exchange is over."""
        self._answer = None
        transport = self._transport
        if transport is None or transport.is_closing():
            return
        if _unsent(transport):  # it was answered before all was sent
            transport.abort()  # closed, it would wait for the server to read on, who may never do that
            return
        if not self._serves_again:
            transport.close()
            return
        transport.resume_reading()
        self._keeper.idle(self)

    def _watch_until(self, moment: float) -> None:
        """One timer for many pieces and exchanges: one for each would cost more than the piece."""
        if self._watch is not None:
            if self._watch.when() <= moment:
                return
            self._watch.cancel()
        self._watch = self._loop.call_at(moment, self._look)

    def _look(self) -> None:
        self._watch = None
        transport = self._transport
        if self._answer is None or self._silence is None or transport is None:
            return
        now = self._loop.time()
        if not transport.is_reading():
            self.since = now
        if now < self.since + self._silence:
            self._watch_until(self.since + self._silence)
            return
        self.hang_up(httpx.ReadTimeout("nothing came for too long"))


def _unsent(transport: asyncio.Transport) -> int:
    """Bytes. A transport with TLS doesn't count what the one below it has not sent yet, and shows that to nobody."""
    below = getattr(getattr(transport, "_ssl_protocol", None), "_transport", None)
    return transport.get_write_buffer_size() + (0 if below is None else below.get_write_buffer_size())


def _closed() -> httpx.ReadError:
    return httpx.ReadError("the connection was closed")


def _lasts_until_the_end(answer: Answer) -> bool:
    """Whether the end of the connection is that of the body."""
    names = {name.lower() for name, _ in answer.headers}
    return b"content-length" not in names and b"transfer-encoding" not in names
