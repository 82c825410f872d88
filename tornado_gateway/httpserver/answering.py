"""What is no HTTP is refused in JSON, too: Tornado's own answer to it is a bare status line."""

import asyncio
import random
import re
import socket
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

from tornado.httputil import HTTPInputError
from tornado.iostream import IOStream, SSLIOStream, StreamClosedError

from tornado_gateway.domain.errors import GatewayError, HeadersTooLarge, InvalidRequest
from tornado_gateway.domain.snapshot import CorsPolicy
from tornado_gateway.httpserver.dialects import anthropic_errors, openai_errors
from tornado_gateway.httpserver.gates.cors import cors_headers

MAX_HEAD_BYTES = 64 * 1024
MAX_HEAD_LINES = 200
READ_HEAD_BYTES = 4 * MAX_HEAD_BYTES
"""A head without an end is read so far; beyond it the connection is cut, and nobody is answered."""

_CHUNK_LINE_BYTES = 4096
_BARE = b"HTTP/1.1 400 Bad Request\r\n\r\n"
_LINGER_SECONDS = 1.0
_LINGER_BYTES = 1024 * 1024
_ABSOLUTE = re.compile(rb"\A([A-Z]+ )https?://[^/? ]*/?")
"""A target as proxies are asked for it, which a server takes, too (RFC 9112, "absolute-form")."""
_ID = re.compile(rb"\nx-request-id:[ \t]*([A-Za-z0-9._-]{1,128})[ \t]*\r?\n", re.IGNORECASE)
_ORIGIN = re.compile(rb"\norigin:[ \t]*([!-~]+)[ \t]*\r?\n", re.IGNORECASE)
_REASONS = {400: "Bad Request", 431: "Request Header Fields Too Large"}


class AnsweringStream:
    """One request's view of its connection: all as it is, but for heads that are too large and Tornado's bare line.

    A refusal is followed by a short wait in which what the client still sends is thrown away: closing over unread
    bytes would reset the connection, and the answer with it.
    """

    __slots__ = ("_begun", "_cors", "_head", "_refusal", "_stream")

    def __init__(self, stream: IOStream, cors: Callable[[], CorsPolicy]) -> None:
        self._stream = stream
        self._cors = cors
        self._begun = False
        self._head = b""
        self._refusal: GatewayError = InvalidRequest("The request is no well-formed HTTP/1.1.")

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    async def read_until_regex(self, regex: bytes, max_bytes: int | None = None) -> bytes:
        """A request's head. Raises ``HTTPInputError`` for one that is larger than may be."""
        head = await self._stream.read_until_regex(regex, max_bytes)
        if head.find(b" http", 0, 24) >= 0:
            head = _ABSOLUTE.sub(rb"\1/", head, count=1)
        self._head = head
        if len(head) > MAX_HEAD_BYTES:
            self._too_large(f"{MAX_HEAD_BYTES} bytes")
        if head.count(b"\n") > MAX_HEAD_LINES:
            self._too_large(f"{MAX_HEAD_LINES} lines")
        return head

    def _too_large(self, bound: str) -> None:
        self._refusal = HeadersTooLarge(f"The request's line and headers are more than {bound}.")
        raise HTTPInputError("the head is too large")

    def read_until(self, delimiter: bytes, max_bytes: int | None = None) -> Awaitable[bytes]:
        # A chunk's size. Over its bound a stream closes itself, and nobody could be told why.
        return self._stream.read_until(delimiter, _CHUNK_LINE_BYTES)

    def write(self, data: bytes) -> Awaitable[None]:
        if data == _BARE:
            return self._refuse()
        self._begun = True
        return self._stream.write(data)

    async def _refuse(self) -> None:
        if self._begun:
            return  # half an answer is out: nothing that follows it would be understood
        with suppress(StreamClosedError):
            await self._stream.write(self._answer())
            await self._linger()

    def _answer(self) -> bytes:
        error, given, origin = self._refusal, _ID.search(self._head), _ORIGIN.search(self._head)
        request_id = f"req_{random.getrandbits(96):024x}" if given is None else given[1].decode()
        shared = cors_headers(self._cors(), None if origin is None else origin[1].decode())
        if self._head.find(b" /v1/messages", 0, 32) >= 0:
            body = anthropic_errors.encode_error(error, request_id)
        else:
            body = openai_errors.encode_error(error)
        lines = (
            f"HTTP/1.1 {error.status} {_REASONS[error.status]}",
            "Content-Type: application/json",
            f"Content-Length: {len(body)}",
            f"X-Request-ID: {request_id}",
            "Connection: close",
            *(f"{name}: {value}" for name, value in shared),
        )
        return "\r\n".join(lines).encode() + b"\r\n\r\n" + body

    async def _linger(self) -> None:
        stream = self._stream
        if stream.socket is not None and not isinstance(stream, SSLIOStream):
            with suppress(OSError):
                stream.socket.shutdown(socket.SHUT_WR)
        thrown = 0
        with suppress(TimeoutError):
            async with asyncio.timeout(_LINGER_SECONDS):
                while thrown < _LINGER_BYTES:
                    thrown += len(await stream.read_bytes(65536, partial=True))
