"""PooledTransport: aiohttp's connection pool under httpx's types.

httpx's own pool collapses as concurrency grows. What is between the types and the pool is looked up, not made anew: a
call has the same few headers, waits and addresses as the one before.
"""

import ssl
from collections.abc import Iterable
from functools import lru_cache
from urllib.request import getproxies

import aiohttp
import httpx
from multidict import CIMultiDict
from yarl import URL

_REMEMBERED = 64
"""A deadline makes the time for a connection any number."""


OWN_HEADERS = "tornado_gateway.own_headers"
"""A request's extension: headers that it has beside those which it may share, pairs of texts."""


class FixedHeaders(httpx.Headers):
    """Headers that many requests share and nobody changes: each may have them without a copy, and they are put into
    aiohttp's form once."""

    def __init__(self, pairs: Iterable[tuple[str, str]]) -> None:
        kept = list(pairs)
        super().__init__(kept)
        self.pooled: CIMultiDict[str] = CIMultiDict(kept)


class PooledBody(httpx.AsyncByteStream):
    """An answer's body; each item is all that has come since, for a flush to the client costs more than its bytes."""

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self._response = response
        self._content = response.content

    def __aiter__(self) -> "PooledBody":
        return self

    async def __anext__(self) -> bytes:
        chunk = await self._content.readany()
        if not chunk:
            raise StopAsyncIteration
        return chunk

    @property
    def empty(self) -> bool:
        """All of it has come and was taken: the connection serves others already."""
        return self._content.at_eof()

    async def aclose(self) -> None:
        self._response.release()
        await self._response.wait_for_close()


class PooledTransport(httpx.AsyncBaseTransport):
    """Unlimited, cookies off, no redirects, bodies as they come. Raises aiohttp's own errors, see ``transport_errors``.

    Certificates are those of ``ca_file`` (PEM), else certifi's or those that ``SSL_CERT_FILE`` names; the proxy is
    ``proxy``, else the environment's. Names are looked up again after ten seconds, so that a change of DNS is seen.
    """

    def __init__(self, ca_file: str | None = None, proxy: str | None = None) -> None:
        self._ca_file = ca_file
        # That takes as long as ten calls, and the first call's time is its own.
        self._context = httpx.create_ssl_context() if ca_file is None else None
        self._session: aiohttp.ClientSession | None = None
        self._proxy = None if proxy is None else URL(proxy)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Sends a request whose body is bytes."""
        session = self._session
        if session is None:
            session = self._session = self._open()
        assert isinstance(request.stream, httpx.ByteStream), "what is sent is whole"
        headers = _pooled(request)
        waits = request.extensions.get("timeout", {})
        response = await session.request(
            request.method,
            URL(str(request.url), encoded=True),  # as it is: made anew, a %2F would be a slash
            headers=headers,
            data=b"".join(request.stream) or None,
            allow_redirects=False,
            timeout=_timeout(waits.get("connect"), waits.get("read")),
            proxy=self._proxy,
        )
        return httpx.Response(response.status, headers=response.raw_headers, stream=PooledBody(response))

    async def aclose(self) -> None:
        """Closes every connection."""
        if self._session is not None:
            await self._session.close()

    def _open(self) -> aiohttp.ClientSession:
        context = self._context or ssl.create_default_context(cafile=self._ca_file)
        return aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=30, ttl_dns_cache=10, ssl=context),
            cookie_jar=aiohttp.DummyCookieJar(),
            # With trust_env aiohttp reads the environment and .netrc for every request, in a thread.
            trust_env=self._proxy is None and bool(getproxies()),
            auto_decompress=False,
            max_line_size=65536,
        )


def _pooled(request: httpx.Request) -> "CIMultiDict[str]":
    known = request.headers
    if isinstance(known, FixedHeaders):
        headers = known.pooled
    else:
        headers = CIMultiDict((name.decode(), value.decode()) for name, value in known.raw)
    own = request.extensions.get(OWN_HEADERS)
    if own is not None:
        headers = headers.copy()
        headers.extend(own)
    return headers


@lru_cache(_REMEMBERED)
def _timeout(connect: float | None, read: float | None) -> aiohttp.ClientTimeout:
    """Seconds that a connection may take, and that may pass between two reads."""
    return aiohttp.ClientTimeout(sock_connect=connect, sock_read=read)
