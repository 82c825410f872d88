"""Origin: a server by its scheme, host and port, the way there, and the connections to it.

Wire of what is asked of a proxy without TLS: RFC 9112, "absolute-form".
"""

import asyncio
import socket
import ssl
from collections.abc import Callable, Sequence
from contextlib import suppress
from ipaddress import IPv4Address, ip_address
from typing import TypeVar

import httpx
from aiohappyeyeballs import AddrInfoType, start_connection

from tornado_gateway.providers.http1.connection import Connection
from tornado_gateway.providers.http1.credentials import credentials
from tornado_gateway.providers.http1.ports import PORTS, port_of
from tornado_gateway.providers.http1.tunnel import Knock, through

_STAGGER = 0.25
"""Seconds until another address of a name is tried beside the first (RFC 8305, "Connection Attempt Delay")."""
_KEPT = 30.0
"""Seconds for which a connection waits to serve again."""

P = TypeVar("P", bound=asyncio.Protocol)
Found = Sequence[AddrInfoType]


class Origin:
    """Keeps as many connections as there are calls at once. ``context`` is asked where TLS is needed.

    Raises ``httpx.UnsupportedProtocol`` for what is neither http nor https.
    """

    def __init__(self, url: httpx.URL, context: Callable[[], ssl.SSLContext], proxy: httpx.URL | None = None) -> None:
        for each in (url, proxy):
            if each is not None and (each.scheme not in PORTS or not each.host):
                raise httpx.UnsupportedProtocol(f"{each.scheme}://{each.host} is no server's address")
        self.before_path = b""
        """What stands before the path that is asked for."""
        self.headers = b"Host: " + url.netloc + b"\r\n"
        """The lines that every request has."""
        self._url = url
        self._context = context
        self._proxy = proxy
        self._open: set[Connection] = set()
        self._waiting: list[Connection] = []
        """The latest last."""
        self._sweep: asyncio.TimerHandle | None = None
        self._looking_up: asyncio.Future[Found] | None = None
        if proxy is not None and url.scheme == "http":
            self.before_path = b"http://" + url.netloc
            self.headers += credentials("Proxy-Authorization", proxy)

    def waiting(self) -> Connection | None:
        """A connection that may serve again, None where there is none."""
        waiting = self._waiting
        while waiting:
            connection = waiting.pop()
            if connection.usable:
                return connection
        return None

    async def connect(self) -> Connection:
        """Another one. Raises ``OSError``, ``httpx.ProxyError`` and ``ValueError`` for a name that can be none."""
        if self._proxy is None or self._url.scheme == "http":
            _, made = await self._reach(self._proxy or self._url, lambda: Connection(self))
            return made
        made = Connection(self)
        transport, knock = await self._reach(self._proxy, Knock)
        await through(transport, knock, self._proxy, _address(self._url), self._context(), made)
        return made

    def close(self) -> None:
        """Ends every connection, and what is still coming."""
        for connection in list(self._open):
            connection.hang_up()
        if self._sweep is not None:
            self._sweep.cancel()

    def opened(self, connection: Connection) -> None:
        self._open.add(connection)

    def idle(self, connection: Connection) -> None:
        self._waiting.append(connection)
        if self._sweep is None:
            self._sweep = asyncio.get_running_loop().call_later(_KEPT, self._let_go)

    def lost(self, connection: Connection) -> None:
        self._open.discard(connection)
        with suppress(ValueError):
            self._waiting.remove(connection)

    def _let_go(self) -> None:
        """Closes what waited too long; the longest waiting stands first."""
        self._sweep = None
        loop, waiting = asyncio.get_running_loop(), self._waiting
        while waiting and waiting[0].since + _KEPT <= loop.time():
            waiting.pop(0).hang_up()
        if waiting:
            self._sweep = loop.call_at(waiting[0].since + _KEPT, self._let_go)

    async def _reach(self, url: httpx.URL, make: Callable[[], P]) -> tuple[asyncio.Transport, P]:
        host, port = _address(url)
        loop = asyncio.get_running_loop()
        found = _literal(host, port) or await self._look_up(host, port)
        # Not the loop's own race between a name's addresses: given up in the wrong moment, it loses an open socket.
        sock = await start_connection(found, happy_eyeballs_delay=_STAGGER)
        if url.scheme == "http":
            return await loop.create_connection(make, sock=sock)
        return await loop.create_connection(make, sock=sock, ssl=self._context(), server_hostname=host)

    async def _look_up(self, host: str, port: int) -> Found:
        """All who wait for the name ask once: a thread is taken for it, and where the name's server is silent for long
        the few that there are would be gone, for everybody."""
        looking_up = self._looking_up
        if looking_up is None:
            looking_up = self._looking_up = asyncio.ensure_future(_found(host, port))
            looking_up.add_done_callback(self._looked_up)
        return await asyncio.shield(looking_up)

    def _looked_up(self, ended: "asyncio.Future[Found]") -> None:
        self._looking_up = None
        if not ended.cancelled():
            ended.exception()  # whoever asked may be gone


async def _found(host: str, port: int) -> Found:
    return await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)


def _literal(host: str, port: int) -> Found:
    """An address needs nobody to look it up; empty for a name."""
    try:
        address = ip_address(host)
    except ValueError:
        return []
    if isinstance(address, IPv4Address):
        return [(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", (host, port))]
    if address.scope_id is not None:  # it names an interface, whose number the system knows
        return []
    return [(socket.AF_INET6, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", (host, port, 0, 0))]


def _address(url: httpx.URL) -> tuple[str, int]:
    port = port_of(url)
    assert port is not None, "an origin is asked for its scheme first"
    return url.raw_host.decode(), port
