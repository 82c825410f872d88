import asyncio
import ssl
from typing import Any

import httpx
import pytest

from tornado_gateway.providers.http1.tunnel import Knock, through


class Proxy(asyncio.Transport):
    """The connection to a proxy, which answers with ``said``."""

    def __init__(self, said: bytes | None) -> None:
        super().__init__()
        self.knock = Knock()
        self.written = b""
        self.gone = False
        self._said = said

    def write(self, data: Any) -> None:
        self.written += data
        if self._said is None:
            self.knock.connection_lost(None)
            return
        for at in range(0, len(self._said), 10):
            self.knock.data_received(self._said[at : at + 10])

    def abort(self) -> None:
        self.gone = True


async def go(proxy: Proxy, address: str = "http://proxy:3128", server: tuple[str, int] = ("api.example", 443)) -> None:
    await through(proxy, proxy.knock, httpx.URL(address), server, ssl.create_default_context(), asyncio.Protocol())


@pytest.mark.parametrize(
    ("said", "why"),
    [
        (b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n", "status 407"),
        (b"SSH-2.0-OpenSSH\r\n\r\n", "no HTTP"),
        (b"HTTP/1.1 2\r\n\r\n", "no HTTP"),
        (b"HTTP/1.1 200 OK\r\nX: " + b"a" * 70_000, "no HTTP"),
        (None, "hung up"),
    ],
)
async def test_a_proxy_that_lets_nobody_through(said: bytes | None, why: str) -> None:
    proxy = Proxy(said)
    with pytest.raises(httpx.ProxyError, match=why):
        await go(proxy)
    assert proxy.gone
    proxy.knock.connection_lost(None)


async def test_what_a_proxy_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    async def closed(*_: Any, **named: Any) -> None:
        assert named["server_hostname"] == "::1"

    monkeypatch.setattr(asyncio.get_running_loop(), "start_tls", closed)
    proxy = Proxy(b"HTTP/1.1 200 Connection established\r\n\r\n")
    with pytest.raises(httpx.ProxyError, match="hung up"):
        await go(proxy, "http://me:secret@proxy:3128", ("::1", 8443))
    assert proxy.written == (
        b"CONNECT [::1]:8443 HTTP/1.1\r\nHost: [::1]:8443\r\nProxy-Authorization: Basic bWU6c2VjcmV0\r\n\r\n"
    )


async def test_whoever_gives_up_leaves_no_connection() -> None:
    proxy = Proxy(b"")
    going = asyncio.ensure_future(go(proxy))
    await asyncio.sleep(0)
    going.cancel()
    with pytest.raises(asyncio.CancelledError):
        await going
    assert proxy.gone
