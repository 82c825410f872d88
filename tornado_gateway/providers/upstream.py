"""Sends httpx requests over the shared transport, and holds the one table from its errors to ours.

The transport is called as a transport, without httpx's client around it: its pool collapses as concurrency grows,
and its cookies, redirects and auth have no place between a gateway and a provider.
"""

import asyncio
import ssl
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from urllib.request import getproxies

import aiohttp
import httpx
from httpx_aiohttp import AiohttpTransport
from httpx_aiohttp.transport import AiohttpResponseStream

from tornado_gateway.domain.context import RequestContext
from tornado_gateway.domain.errors import (
    GatewayError,
    UpstreamAuthFailed,
    UpstreamFailed,
    UpstreamTimeout,
)
from tornado_gateway.domain.ports import Clock
from tornado_gateway.providers.transport_errors import TRANSPORT_ERRORS, gateway_error

MAX_ANSWER_BYTES = 256 * 1024 * 1024
"""A whole answer beyond this is refused rather than held in memory."""

_DRAIN_SECONDS = 0.5

_REMEMBERED = 64
"""A deadline makes the time for a connection any number."""

_KEY_BYTES = 8
"""No key is shorter, and anything shorter would be found in words that are no key."""

_READ_BYTES = 128 * 1024
"""What one read may bring; aiohttp holds about as much for a client that reads slowly."""


@dataclass(frozen=True, slots=True)
class Reply:
    """A whole answer of a provider: ``headers`` with lower-case names, ``body`` decoded from its content coding."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class OpenReply:
    """A provider's answer whose body is still coming."""

    def __init__(self, response: httpx.Response, provider: str, secrets: Sequence[bytes] = ()) -> None:
        self.status = response.status_code
        self.headers: Mapping[str, str] = response.headers
        self._response = response
        self._provider = provider
        self._secrets = secrets
        self._chunks = _chunks(response)
        self._ended = False
        self._answered = False

    async def chunks(self) -> AsyncIterator[bytes]:
        """The body as it comes, one item a read. Raises ``UpstreamFailed`` where it breaks off."""
        try:
            async for chunk in self._chunks:
                for secret in self._secrets:
                    if secret in chunk:
                        chunk = chunk.replace(secret, b"***")  # noqa: PLW2901 - what goes on is what is clean
                yield chunk
            self._ended = True
        except TRANSPORT_ERRORS as error:
            raise gateway_error(error, self._provider) from error

    async def read(self) -> bytes:
        """The whole body, without the gateway's own keys: some providers quote the key that they refuse."""
        parts = []
        size = 0
        async for chunk in self.chunks():
            size += len(chunk)
            if size > MAX_ANSWER_BYTES:
                raise UpstreamFailed(
                    f"Provider {self._provider!r} sent an answer of more than {MAX_ANSWER_BYTES} bytes."
                )
            parts.append(chunk)
        body = parts[0] if len(parts) == 1 else b"".join(parts)
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
        if self._answered and not self._ended:
            await self._read_to_the_end()
        with suppress(*TRANSPORT_ERRORS):  # a connection that is gone is what was wanted
            await self._response.stream.aclose()  # type: ignore[union-attr] # an async transport's stream is async


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
        self._transport = transport
        self._clock = clock
        credentials = list(headers)
        secrets = (value.rpartition(" ")[2].encode() for _, value in credentials)
        self._secrets = tuple(secret for secret in secrets if len(secret) >= _KEY_BYTES)
        self._headers = [
            ("content-type", "application/json"),
            # A compressed event stream would have to be opened to be cut into events.
            ("accept-encoding", "identity"),
            ("user-agent", "tornado-gateway"),
            *credentials,
        ]
        self._timeout = timeout
        self._connect_timeout = min(connect_timeout, timeout)
        self._extensions: dict[tuple[float, bool], dict[str, dict[str, float | None]]] = {}
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
                reply = await self._open(url, body, context, headers)
                try:
                    return Reply(reply.status, reply.headers, await reply.read())
                finally:
                    await reply.close()
        except TimeoutError as error:
            raise UpstreamTimeout(f"Provider {self.provider!r} did not answer within {limit:g} seconds.") from error
        finally:
            context.timing.upstream += self._clock.monotonic() - started

    async def probe(self, path: str, context: RequestContext) -> None:
        """Asks for ``path`` under the base URL; raises ``GatewayError`` where nobody is at home."""
        try:
            async with asyncio.timeout(self._timeout):
                reply = await self._open(httpx.URL(self._base + path), b"", context, (), method="GET")
                await reply.close()
        except TimeoutError as error:
            raise UpstreamTimeout(f"Provider {self.provider!r} did not answer its probe.") from error
        if reply.status in (401, 403):
            raise UpstreamAuthFailed(f"Provider {self.provider!r} refused the gateway's credentials.")
        if reply.status >= 500:
            raise UpstreamFailed(f"Provider {self.provider!r} answered its probe with status {reply.status}.")

    @asynccontextmanager
    async def stream(
        self, url: httpx.URL, body: bytes, context: RequestContext, headers: Iterable[tuple[str, str]] = ()
    ) -> AsyncIterator[OpenReply]:
        """Sends ``body`` and hands out the answer once its headers are there; leaving ends the call."""
        reply = await self._open(url, body, context, headers)  # the stream's reader counts the time
        try:
            yield reply
        finally:
            await reply.close()

    async def _open(
        self,
        url: httpx.URL,
        body: bytes,
        context: RequestContext,
        headers: Iterable[tuple[str, str]],
        method: str = "POST",
    ) -> OpenReply:
        sent = [*self._headers, *headers]
        attempt = context.trail.attempt
        traceparent = context.traceparent if attempt is None else attempt.traceparent
        if traceparent is not None:
            sent.append(("traceparent", traceparent))
            if context.tracestate is not None:
                sent.append(("tracestate", context.tracestate))
        if attempt is not None:
            attempt.address = url
        connect = self._connect_timeout if context.limits.connect is None else context.limits.connect
        request = httpx.Request(method, url, headers=sent, content=body, extensions=self._waits(connect, context))
        try:
            response = await self._transport.handle_async_request(request)
        except TRANSPORT_ERRORS as error:
            raise gateway_error(error, self.provider, connect) from error
        return OpenReply(response, self.provider, self._secrets)

    def _waits(self, connect: float, context: RequestContext) -> dict[str, dict[str, float | None]]:
        """Where whoever asks bounds the waits for a stream, only the connection's time is the transport's to watch."""
        key = (connect, context.limits.first_token is None)
        known = self._extensions.get(key)
        if known is None:
            if len(self._extensions) >= _REMEMBERED:
                self._extensions.clear()
            read = self._timeout if context.limits.first_token is None else None
            timeouts: dict[str, float | None] = {"connect": connect, "read": read, "write": self._timeout, "pool": None}
            known = self._extensions[key] = {"timeout": timeouts}
        return known


def make_transport(ca_file: str | None = None, proxy: str | None = None) -> httpx.AsyncBaseTransport:
    """aiohttp's pool under httpx's types, unlimited, cookies off.

    Certificates are those of ``ca_file`` (PEM), else certifi's or those that ``SSL_CERT_FILE`` names; the proxy is
    ``proxy``, else the environment's. Names are looked up again after ten seconds, so that a change of DNS is seen.
    """

    def session() -> aiohttp.ClientSession:
        context = httpx.create_ssl_context() if ca_file is None else ssl.create_default_context(cafile=ca_file)
        connector = aiohttp.TCPConnector(limit=0, keepalive_timeout=30, ttl_dns_cache=10, ssl=context)
        # With trust_env aiohttp reads the environment and .netrc for every request, in a thread.
        behind_proxy = proxy is None and bool(getproxies())
        return aiohttp.ClientSession(
            connector=connector, cookie_jar=aiohttp.DummyCookieJar(), trust_env=behind_proxy, max_line_size=65536
        )

    return AiohttpTransport(client=session, proxy=None if proxy is None else httpx.Proxy(proxy))


def _chunks(response: httpx.Response) -> AsyncIterator[bytes]:
    if isinstance(response.stream, AiohttpResponseStream):
        # All that has arrived comes in one piece: a flush to the client costs more than the bytes in it.
        response.stream.CHUNK_SIZE = _READ_BYTES
    if not any(name.lower() == b"content-encoding" and value != b"identity" for name, value in response.headers.raw):
        # httpx's own iterators count, decode and re-chunk; the transport's stream is one item a read.
        return response.stream.__aiter__()  # type: ignore[union-attr] # an async transport's stream is async
    return response.aiter_bytes()
