"""Sends httpx requests over the shared transport, and holds the one table from its errors to ours.

The transport is called as a transport, without httpx's client around it: its pool collapses as concurrency grows,
and its cookies, redirects and auth have no place between a gateway and a provider.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any, Self

import httpx
import msgspec

from tornado_gateway.domain.context import RequestContext
from tornado_gateway.domain.errors import (
    GatewayError,
    UpstreamAuthFailed,
    UpstreamFailed,
    UpstreamTimeout,
)
from tornado_gateway.domain.ports import Clock
from tornado_gateway.domain.remembered import Remembered
from tornado_gateway.domain.tracing import Address
from tornado_gateway.providers.coding import codings_of, opened
from tornado_gateway.providers.http1.answer import Answer
from tornado_gateway.providers.http1.ports import port_of
from tornado_gateway.providers.pooled import OWN_LINES, FixedHeaders
from tornado_gateway.providers.transport_errors import TRANSPORT_ERRORS, gateway_error

MAX_ANSWER_BYTES = 256 * 1024 * 1024
"""A whole answer beyond this is refused rather than held in memory."""

_DRAIN_SECONDS = 0.5

_REMEMBERED = 64
"""A deadline makes the time for a connection any number."""

_KEY_BYTES = 8
"""No key is shorter, and anything shorter would be found in words that are no key."""


class Reply(msgspec.Struct, frozen=True):
    """A whole answer of a provider: ``headers`` with lower-case names, ``body`` decoded from its content coding."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class OpenReply:
    """A provider's answer whose body is still coming; leaving it as a context ends the call."""

    def __init__(self, response: httpx.Response, provider: str, secrets: Sequence[bytes] = ()) -> None:
        self.status = response.status_code
        self.headers: Mapping[str, str] = response.headers
        self._provider = provider
        self._secrets = secrets
        assert isinstance(response.stream, httpx.AsyncByteStream)
        self._stream = response.stream
        self._chunks = _chunks(response)
        self._ended = False
        self._answered = False

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def chunk(self) -> bytes:
        """What of the body has come since, empty at its end. Raises ``UpstreamFailed`` where it breaks off."""
        chunk = b""
        try:
            while not chunk:
                chunk = await anext(self._chunks)
        except StopAsyncIteration:
            self._ended = True
            return b""
        except TRANSPORT_ERRORS as error:
            raise gateway_error(error, self._provider) from error
        for secret in self._secrets:
            if secret in chunk:
                chunk = chunk.replace(secret, b"***")
        return chunk

    async def read(self) -> bytes:
        """The whole body, without the gateway's own keys: some providers quote the key that they refuse."""
        body = await self.chunk()
        if self._arrived:
            self._ended = True
            return body
        parts = [body]
        size = len(body)
        while chunk := await self.chunk():
            size += len(chunk)
            if size > MAX_ANSWER_BYTES:
                raise UpstreamFailed(
                    f"Provider {self._provider!r} sent an answer of more than {MAX_ANSWER_BYTES} bytes."
                )
            parts.append(chunk)
        body = b"".join(parts)
        for secret in self._secrets:
            body = body.replace(secret, b"***")
        return body

    def blot(self, error: GatewayError) -> None:
        """The same for what an error in the middle of a stream says."""
        for secret in self._secrets:
            error.message = error.message.replace(secret.decode(), "***")

    def answered(self) -> None:
        """The protocol's own end mark was seen: what is still to come is only the end of the transfer."""
        self._answered = True

    @property
    def _arrived(self) -> bool:
        """Nothing is to come any more."""
        return isinstance(self._chunks, Answer) and self._chunks.empty

    async def _read_to_the_end(self) -> None:
        """So that the connection can serve again; a provider that lingers loses it."""
        try:
            async with asyncio.timeout(_DRAIN_SECONDS):
                async for _ in self._chunks:
                    pass
        except (TimeoutError, *TRANSPORT_ERRORS):
            pass

    async def close(self) -> None:
        """Ends the call, whether or not the body was read."""
        if self._answered and not self._ended and not self._arrived:
            await self._read_to_the_end()
        with suppress(*TRANSPORT_ERRORS):  # a connection that is gone is what was wanted
            await self._stream.aclose()


class Upstream:
    """The way to one provider: ``headers`` are its credentials and go with every request, ``timeout`` is in seconds.

    Non-streaming calls must end within ``timeout``; streams must not be silent for longer than that.
    """

    def __init__(
        self,
        *,
        provider: str,
        transport: httpx.AsyncBaseTransport,
        clock: Clock,
        headers: Iterable[tuple[str, str]],
        timeout: float,
        connect_timeout: float = 10.0,
        base_url: str = "",
    ) -> None:
        self.provider = provider
        self._base = base_url.rstrip("/")
        self._address = _address(base_url)
        self._transport = transport
        self._clock = clock
        credentials = list(headers)
        secrets = (value.rpartition(" ")[2].encode() for _, value in credentials)
        self._secrets = tuple(secret for secret in secrets if len(secret) >= _KEY_BYTES)
        self._sent = [
            ("accept", "*/*"),
            ("content-type", "application/json"),
            # A compressed event stream would have to be opened to be cut into events.
            ("accept-encoding", "identity"),
            ("user-agent", "tornado-gateway"),
            *credentials,
        ]
        self._timeout = timeout
        self._connect_timeout = min(connect_timeout, timeout)
        self._headers: Remembered[tuple[tuple[str, str], ...], FixedHeaders] = Remembered(_REMEMBERED)
        """By what a call adds to those above: of few kinds, and to make them costs as much as to route a call."""
        self._extensions: Remembered[tuple[float, bool], dict[str, Any]] = Remembered(_REMEMBERED)
        """By the time that a connection may take: of few values, and one dictionary a call would cost more."""

    async def post(
        self, url: httpx.URL, body: bytes, context: RequestContext, headers: Iterable[tuple[str, str]] = ()
    ) -> Reply:
        """Sends ``body`` and reads the whole answer, whatever its status.

        Raises ``UpstreamUnreachable``, ``UpstreamTimeout`` or ``UpstreamFailed``.
        """
        started = self._clock.monotonic()
        limit = self._timeout if context.limits.total is None else context.limits.total
        try:
            async with asyncio.timeout(limit):
                async with await self.open(url, body, context, headers) as reply:
                    return Reply(reply.status, reply.headers, await reply.read())
        except TimeoutError as error:
            raise UpstreamTimeout(f"Provider {self.provider!r} did not answer within {limit:g} seconds.") from error
        finally:
            context.timing.upstream += self._clock.monotonic() - started

    async def probe(self, path: str, context: RequestContext) -> None:
        """Asks for ``path`` under the base URL; raises ``GatewayError`` where nobody is at home."""
        try:
            async with asyncio.timeout(self._timeout):
                async with await self.open(httpx.URL(self._base + path), b"", context, method="GET") as reply:
                    status = reply.status
        except TimeoutError as error:
            raise UpstreamTimeout(f"Provider {self.provider!r} did not answer its probe.") from error
        if status in (401, 403):
            raise UpstreamAuthFailed(f"Provider {self.provider!r} refused the gateway's credentials.")
        if status >= 500:
            raise UpstreamFailed(f"Provider {self.provider!r} answered its probe with status {status}.")

    async def open(
        self,
        url: httpx.URL,
        body: bytes,
        context: RequestContext,
        headers: Iterable[tuple[str, str]] = (),
        method: str = "POST",
    ) -> OpenReply:
        """Sends ``body`` and hands out the answer once its headers are there. A stream's reader counts the time."""
        connect = self._connect_timeout if context.limits.connect is None else context.limits.connect
        # With its content given, httpx would count it and look for a host; with the headers given, it would copy them.
        waits = self._waits(connect, context)
        request = httpx.Request(method, url, stream=httpx.ByteStream(body), extensions=waits)
        request.headers = self._with(tuple(headers))
        attempt = context.trail.attempt
        if attempt is not None:
            attempt.address = self._address
        traceparent = context.traceparent if attempt is None else attempt.traceparent
        if traceparent is not None:
            own = f"traceparent: {traceparent}\r\n"
            if context.tracestate is not None:
                own += f"tracestate: {context.tracestate}\r\n"
            request.extensions[OWN_LINES] = own
        try:
            response = await self._transport.handle_async_request(request)
        except TRANSPORT_ERRORS as error:
            raise gateway_error(error, self.provider, connect) from error
        return OpenReply(response, self.provider, self._secrets)

    def _with(self, headers: tuple[tuple[str, str], ...]) -> FixedHeaders:
        """What is sent with every request, and ``headers``."""
        known = self._headers.get(headers)
        if known is None:
            known = self._headers.keep(headers, FixedHeaders([*self._sent, *headers]))
        return known

    def _waits(self, connect: float, context: RequestContext) -> dict[str, Any]:
        """Where whoever asks bounds the waits for a stream, only the connection's time is the transport's to watch."""
        key = (connect, context.limits.first_token is None)
        known = self._extensions.get(key)
        if known is None:
            read = self._timeout if context.limits.first_token is None else None
            timeouts: dict[str, float | None] = {"connect": connect, "read": read, "write": self._timeout, "pool": None}
            known = self._extensions.keep(key, {"timeout": timeouts})
        return known


def _address(base_url: str) -> Address | None:
    """Where everything that is sent goes, with the scheme's own port where none is said."""
    url = httpx.URL(base_url)
    return Address(url.host, port_of(url)) if url.host else None


def _chunks(response: httpx.Response) -> AsyncIterator[bytes]:
    assert isinstance(response.stream, httpx.AsyncByteStream)
    # httpx's own iterators count and cut anew, and decode without bound; the transport's stream is one item a read.
    pieces = aiter(response.stream)
    codings = codings_of(response.headers)
    return opened(pieces, codings) if codings else pieces
