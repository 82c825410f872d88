"""PooledTransport: connections that are kept and serve again, under httpx's types.

httpx's own pool collapses as concurrency grows, and other clients build for each request what is the same for all of
them. Here a request is a few bytes of its own, those it shares, and its body.
"""

import asyncio
import ssl
from collections.abc import Iterable

import httpx

from tornado_gateway.providers.http1.connection import Connection
from tornado_gateway.providers.http1.credentials import credentials
from tornado_gateway.providers.http1.environment import environments_proxy
from tornado_gateway.providers.http1.origin import Origin

OWN_LINES = "tornado_gateway.own_lines"
"""A request's extension: the lines, a text, of the headers that it has beside those which it may share."""

_COUNTED = frozenset({b"host", b"content-length", b"transfer-encoding"})
"""What a request says of itself."""


class FixedHeaders(httpx.Headers):
    """Headers that many requests share and nobody changes: each may have them without a copy, and they are put into
    lines once."""

    def __init__(self, pairs: Iterable[tuple[str, str]]) -> None:
        super().__init__(list(pairs))
        self.lines = _lines(self)


class PooledTransport(httpx.AsyncBaseTransport):
    """As many connections as there are calls at once; no redirects, no cookies, bodies as they come. Used from one
    event loop.

    Certificates are those of ``ca_file`` (PEM), else certifi's or those that ``SSL_CERT_FILE`` names; the proxy is
    ``proxy``, else the environment's. A name is looked up for each connection, so that a change of DNS is seen.

    Raises ``httpx.TransportError``, ``OSError`` where a connection breaks, and ``ssl.SSLCertVerificationError``.
    """

    def __init__(self, ca_file: str | None = None, proxy: str | None = None) -> None:
        self._ca_file = ca_file
        # That takes as long as ten calls, and the first call's time is its own.
        self._ssl = httpx.create_ssl_context() if ca_file is None else None
        self._proxy = None if proxy is None else httpx.URL(proxy)
        self._origins: dict[tuple[str, bytes, int | None], Origin] = {}

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Sends a request whose body is bytes."""
        assert isinstance(request.stream, httpx.ByteStream), "what is sent is whole"
        url = request.url
        key = url.scheme, url.raw_host, url.port
        origin = self._origins.get(key)
        if origin is None:
            origin = self._origins[key] = Origin(url, self._context, self._proxy or environments_proxy(url))
        body = b"".join(request.stream)
        head = _head(request, origin, len(body))
        waits = request.extensions.get("timeout", {})
        connection = origin.waiting() or await _connected(origin, waits.get("connect"))
        answer = connection.ask(head, body, waits.get("read"))
        try:
            await answer.headed()
        except BaseException:
            await answer.aclose()  # no more than that: the connection may be another call's already
            raise
        return httpx.Response(answer.status, headers=answer.headers, stream=answer)

    async def aclose(self) -> None:
        """Closes every connection."""
        for origin in self._origins.values():
            origin.close()
        await asyncio.sleep(0)  # the loop closes them in its next turn

    def _context(self) -> ssl.SSLContext:
        if self._ssl is None:
            self._ssl = ssl.create_default_context(cafile=self._ca_file)
        return self._ssl


async def _connected(origin: Origin, seconds: float | None) -> Connection:
    try:
        async with asyncio.timeout(seconds) as given:
            return await origin.connect()
    except ssl.SSLCertVerificationError:
        raise
    except (OSError, ValueError) as error:
        if given.expired():
            raise httpx.ConnectTimeout("the connection took too long") from error
        raise httpx.ConnectError(str(error)) from error


def _head(request: httpx.Request, origin: Origin, size: int) -> bytes:
    known = request.headers
    shared = known.lines if isinstance(known, FixedHeaders) else _lines(known)
    own: str = request.extensions.get(OWN_LINES, "")
    named = credentials("Authorization", request.url)
    if named and "authorization" in known:
        named = b""
    return b"%b %b%b HTTP/1.1\r\n%b%b%b%b%b\r\n" % (
        request.method.encode(),
        origin.before_path,
        request.url.raw_path,
        origin.headers,
        named,
        shared,
        own.encode(),
        b"Content-Length: %d\r\n" % size if size or request.method != "GET" else b"",
    )


def _lines(headers: httpx.Headers) -> bytes:
    """Raises ``httpx.LocalProtocolError`` for what would be more than one header."""
    lines = [(name, value) for name, value in headers.raw if name.lower() not in _COUNTED]
    if any(byte in part for line in lines for part in line for byte in (b"\r", b"\n", b"\0")):
        raise httpx.LocalProtocolError("a header holds a line break or a null")
    return b"".join(b"%b: %b\r\n" % line for line in lines)
