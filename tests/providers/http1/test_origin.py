"""The way to a server, over real sockets: straight, with TLS, and through proxies."""

import asyncio
import gc
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.certificates import Authority, Issued
from tests.serving import until
from tornado_gateway.providers.http1.connection import Connection
from tornado_gateway.providers.http1.origin import Origin

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"


def no_context() -> ssl.SSLContext:
    raise AssertionError("nothing is encrypted")


@asynccontextmanager
async def server(issued: Issued | None = None) -> AsyncIterator[tuple[int, list[bytes]]]:
    """Its port, and the heads of what it was asked; it answers each with OK. With TLS where a certificate is given."""
    heads: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                heads.append(await reader.readuntil(b"\r\n\r\n"))
                writer.write(OK)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    context = None
    if issued is not None:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(issued.cert_file, issued.key_file)
    listening = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    try:
        yield listening.sockets[0].getsockname()[1], heads
    finally:
        listening.close()


@asynccontextmanager
async def proxy(issued: Issued | None = None) -> AsyncIterator[tuple[int, list[bytes]]]:
    """Lets through whoever names a server."""
    heads: list[bytes] = []

    async def pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(65536):
                writer.write(data)
        except ConnectionError:
            pass
        finally:
            writer.close()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append(await reader.readuntil(b"\r\n\r\n"))
        host, _, port = heads[-1].split(b" ")[1].decode().rpartition(":")
        there, here = await asyncio.open_connection(host, int(port))
        writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        await asyncio.gather(pass_on(reader, here), pass_on(there, writer))

    context = None
    if issued is not None:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(issued.cert_file, issued.key_file)
    listening = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    try:
        yield listening.sockets[0].getsockname()[1], heads
    finally:
        listening.close()


async def asked(connection: Connection) -> bytes:
    answer = connection.ask(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"", 5.0)
    return b"".join([piece async for piece in answer])


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


async def test_a_connection_serves_again_and_the_latest_goes_first() -> None:
    async with server() as (port, _):
        origin = Origin(httpx.URL(f"http://127.0.0.1:{port}"), no_context)
        assert origin.waiting() is None
        first, second = await origin.connect(), await origin.connect()
        assert origin.waiting() is None, "one that was never used belongs to who made it"
        await asked(first)
        await asked(second)
        assert origin.waiting() is second
        assert origin.waiting() is first
        assert origin.waiting() is None
        origin.close()


async def test_what_has_closed_serves_nobody() -> None:
    async with server() as (port, _):
        origin = Origin(httpx.URL(f"http://127.0.0.1:{port}"), no_context)
        first, second = await origin.connect(), await origin.connect()
        await asked(first)
        await asked(second)
        second.hang_up()
        assert origin.waiting() is first
        await asked(first)
        first.hang_up()
        while origin._open:
            await asyncio.sleep(0)
        assert origin.waiting() is None
        origin.close()


async def test_what_waits_too_long_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    loop = asyncio.get_running_loop()
    async with server() as (port, _):
        origin = Origin(httpx.URL(f"http://127.0.0.1:{port}"), no_context)
        first, second = await origin.connect(), await origin.connect()
        await asked(first)
        await asked(second)
        first.since -= 31
        second.since -= 10
        origin._let_go()
        assert (first.usable, second.usable) == (False, True)
        sweep = origin._sweep
        assert sweep is not None
        assert 15 < sweep.when() - loop.time() < 21
        second.since -= 31
        origin._let_go()
        assert origin._sweep is None
        assert origin.waiting() is None
        origin.close()


async def test_closing_ends_what_is_under_way() -> None:
    async with server() as (port, _):
        origin = Origin(httpx.URL(f"http://127.0.0.1:{port}"), no_context)
        connection = await origin.connect()
        answer = connection.ask(b"GET / HTTP/1.1\r\n", b"", None)
        origin.close()
        with pytest.raises(httpx.ReadError):
            await anext(answer)


async def test_with_tls_the_server_must_be_whom_it_says(authority: Authority) -> None:
    trusting = ssl.create_default_context(cafile=authority.cert_file)
    async with server(authority.issue("server")) as (port, _):
        origin = Origin(httpx.URL(f"https://127.0.0.1:{port}"), lambda: trusting)
        assert await asked(await origin.connect()) == b"{}"
        origin.close()
        for url, context in (
            (f"https://127.0.0.1:{port}", ssl.create_default_context()),
            (f"https://localhost:{port}", trusting),
        ):
            with pytest.raises(ssl.SSLCertVerificationError):
                await Origin(httpx.URL(url), lambda context=context: context).connect()


@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_through_a_proxy_nobody_reads_along(authority: Authority, scheme: str) -> None:
    trusting = ssl.create_default_context(cafile=authority.cert_file)
    issued = authority.issue("any")
    async with server(issued) as (port, heads), proxy(issued if scheme == "https" else None) as (between, seen):
        through = httpx.URL(f"{scheme}://me:secret@127.0.0.1:{between}")
        origin = Origin(httpx.URL(f"https://127.0.0.1:{port}"), lambda: trusting, through)
        connection = await origin.connect()
        assert await asked(connection) == b"{}"
        assert origin.waiting() is connection
        assert await asked(connection) == b"{}"
        assert len(heads) == 2
        (head,) = seen
        assert head.startswith(f"CONNECT 127.0.0.1:{port} HTTP/1.1\r\n".encode())
        assert b"Proxy-Authorization: Basic bWU6c2VjcmV0\r\n" in head
        assert origin.before_path == b""
        assert b"Proxy" not in origin.headers
        origin.close()


async def test_what_is_not_encrypted_is_asked_of_the_proxy_itself() -> None:
    async with server() as (port, _):
        through = httpx.URL(f"http://me:secret@127.0.0.1:{port}")
        origin = Origin(httpx.URL("http://server.invalid:81/v1"), no_context, through)
        assert origin.before_path == b"http://server.invalid:81"
        assert origin.headers == b"Host: server.invalid:81\r\nProxy-Authorization: Basic bWU6c2VjcmV0\r\n"
        assert await asked(await origin.connect()) == b"{}"
        origin.close()


@pytest.mark.parametrize(("url", "proxy"), [("ftp://x", None), ("https://", None), ("http://x", "socks5://x")])
async def test_no_servers_address(url: str, proxy: str | None) -> None:
    with pytest.raises(httpx.UnsupportedProtocol):
        Origin(httpx.URL(url), no_context, None if proxy is None else httpx.URL(proxy))


async def test_nobody_there_and_a_name_that_can_be_none() -> None:
    with pytest.raises(OSError, match=r"refused|failed"):
        await Origin(httpx.URL("http://127.0.0.1:1"), no_context).connect()
    with pytest.raises((OSError, ValueError)):
        await Origin(httpx.URL("http://" + "a" * 70 + ".example"), no_context).connect()


async def test_all_who_wait_for_a_name_ask_once(monkeypatch: pytest.MonkeyPatch) -> None:
    async with server() as (port, _):
        asked_for, answers = list[str](), asyncio.Event()
        look_up = asyncio.get_running_loop().getaddrinfo

        async def slow(host: str, *more: Any, **named: Any) -> Any:
            asked_for.append(host)
            await answers.wait()
            return await look_up("127.0.0.1", *more, **named)

        monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", slow)
        origin = Origin(httpx.URL(f"http://name.example:{port}"), no_context)
        waiting = [asyncio.ensure_future(origin.connect()) for _ in range(5)]
        await until(lambda: bool(asked_for))
        waiting.pop(0).cancel()  # the others wait on
        answers.set()
        for connection in await asyncio.gather(*waiting):
            assert await asked(connection) == b"{}"
        assert asked_for == ["name.example"]
        await origin.connect()
        assert len(asked_for) == 2, "each time anew: a name may come to mean another address"
        origin.close()


async def test_a_name_that_is_not_found_is_not_found_by_any_who_wait() -> None:
    origin = Origin(httpx.URL("http://no-such-host.invalid"), no_context)
    found = await asyncio.gather(*(origin.connect() for _ in range(3)), return_exceptions=True)
    assert all(isinstance(error, OSError) for error in found)


@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]"])
async def test_an_address_is_not_looked_up(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    listening = await asyncio.start_server(lambda reader, writer: writer.close(), host.strip("[]"), 0)
    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", None)
    origin = Origin(httpx.URL(f"http://{host}:{listening.sockets[0].getsockname()[1]}"), no_context)
    assert (await origin.connect()).usable
    origin.close()
    listening.close()


async def test_given_up_at_any_moment_no_connection_is_left() -> None:
    open_here: set[asyncio.StreamWriter] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        open_here.add(writer)
        await reader.read()
        open_here.discard(writer)
        writer.close()

    listening = await asyncio.start_server(serve, "127.0.0.1", 0)
    origin = Origin(httpx.URL(f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"), no_context)
    gc.disable()  # it would close what nobody has any more, some day
    try:
        for _ in range(50):
            connecting = [asyncio.ensure_future(origin.connect()) for _ in range(20)]
            for each in connecting:  # the first has hardly begun, the last has nearly or wholly ended
                await asyncio.sleep(0)
                each.cancel()
            await asyncio.gather(*connecting, return_exceptions=True)
        origin.close()
        await until(lambda: not open_here)
    finally:
        gc.enable()
    listening.close()
