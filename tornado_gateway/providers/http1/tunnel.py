"""The way through a proxy that sees whom we talk to and no more.

Wire: RFC 9110, "CONNECT".
"""

import asyncio
import ssl

import httpx

from tornado_gateway.providers.http1.credentials import credentials

_MOST_HEAD_BYTES = 64 * 1024


class Knock(asyncio.Protocol):
    """A connection to a proxy, until that has answered."""

    def __init__(self) -> None:
        self._head = b""
        self._answered: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    async def status(self) -> int:
        """The proxy's answer. Raises ``httpx.ProxyError`` for one that is none."""
        return await self._answered

    def data_received(self, data: bytes) -> None:
        self._head += data
        if self._answered.done():
            return
        if b"\r\n\r\n" in self._head:
            words = self._head.split(b" ", 2)
            if words[0].startswith(b"HTTP/1.") and len(words) > 1 and words[1][:3].isdigit():
                self._answered.set_result(int(words[1][:3]))
                return
        elif len(self._head) <= _MOST_HEAD_BYTES:
            return
        self._answered.set_exception(httpx.ProxyError("the proxy gave an answer that is no HTTP"))

    def connection_lost(self, exc: Exception | None) -> None:
        if not self._answered.done():
            self._answered.set_exception(httpx.ProxyError("the proxy hung up"))
            self._answered.exception()  # whoever asked may be gone


async def through(
    transport: asyncio.Transport,
    knock: Knock,
    proxy: httpx.URL,
    server: tuple[str, int],
    context: ssl.SSLContext,
    protocol: asyncio.Protocol,
) -> None:
    """Makes of ``transport``, a connection to ``proxy``, one of ``protocol`` to ``server``.

    Raises ``OSError`` or ``httpx.ProxyError``, and ``transport`` is closed then.
    """
    host, port = server
    target = (f"[{host}]:{port}" if ":" in host else f"{host}:{port}").encode()
    try:
        named = credentials("Proxy-Authorization", proxy)
        transport.write(b"CONNECT %b HTTP/1.1\r\nHost: %b\r\n%b\r\n" % (target, target, named))
        status = await knock.status()
        if not 200 <= status < 300:
            raise httpx.ProxyError(f"the proxy answered with status {status}")
        secured = await asyncio.get_running_loop().start_tls(transport, protocol, context, server_hostname=host)
        if secured is None:  # as the loop says that it was closed
            raise httpx.ProxyError("the proxy hung up")
        protocol.connection_made(secured)
    except BaseException:
        transport.abort()
        raise
