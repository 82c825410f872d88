"""Kept connections under httpx's types, over real sockets. How errors are told is in test_upstream.py."""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import httpx
import pytest

from tests.certificates import Authority
from tornado_gateway.providers.http1.answer import Answer
from tornado_gateway.providers.http1.connection import Connection
from tornado_gateway.providers.http1.origin import Origin
from tornado_gateway.providers.pooled import OWN_LINES, FixedHeaders, PooledTransport

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nSet-Cookie: a=b\r\nTransfer-Encoding: chunked\r\n\r\n"


class Server:
    """Keeps what it was sent, head and body, and answers in two pieces once ``more`` is set."""

    def __init__(self) -> None:
        self.received: list[tuple[bytes, bytes]] = []
        self.connections = 0
        self.more = asyncio.Event()
        self.url = ""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = [line for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")]
                body = await reader.readexactly(int(length[0].split(b":")[1])) if length else b""
                self.received.append((head, body))
                writer.write(ANSWER + b"3\r\none\r\n3\r\ntwo\r\n")
                await self.more.wait()
                writer.write(b"5\r\nthree\r\n0\r\n\r\n")
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def serving() -> AsyncIterator[Server]:
    made = Server()
    listening = await asyncio.start_server(made.serve, "127.0.0.1", 0)
    made.url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}/v1/x?y=%2F"
    try:
        yield made
    finally:
        listening.close()


def request(url: str, *, body: bytes = b"{}") -> httpx.Request:
    headers = [("content-type", "application/json"), ("x-name", "green")]
    waits = {"connect": 5.0, "read": 5.0, "write": 5.0, "pool": None}
    return httpx.Request("POST", url, headers=headers, content=body, extensions={"timeout": waits})


async def test_an_item_is_all_that_has_come_and_the_connection_serves_again_at_the_end() -> None:
    transport = PooledTransport()
    async with serving() as server:
        for _ in range(2):
            server.more.clear()
            response = await transport.handle_async_request(request(server.url))
            body = response.stream
            assert isinstance(body, Answer)
            seen = b""
            while seen != b"onetwo":
                seen += await anext(body)
            assert not body.empty
            server.more.set()
            assert [chunk async for chunk in body] == [b"three"]
            assert body.empty
            await body.aclose()
        assert server.connections == 1
    await transport.aclose()


async def test_what_is_sent_is_what_was_asked_for_and_no_cookie() -> None:
    transport = PooledTransport()
    async with serving() as server:
        server.more.set()
        for _ in range(2):
            response = await transport.handle_async_request(request(server.url))
            assert response.status_code == 200
            assert response.headers["content-type"] == "text/plain"
            assert isinstance(response.stream, Answer)
            await response.stream.aclose()
        for head, body in server.received:
            lines = head.split(b"\r\n")
            assert lines[0] == b"POST /v1/x?y=%2F HTTP/1.1"
            assert b"Content-Length: 2" in lines
            assert b"x-name: green" in lines
            assert b"cookie" not in head.lower()
            assert body == b"{}"
    await transport.aclose()


async def test_a_proxy_is_asked_for_the_whole_address_and_shown_who_asks() -> None:
    async with serving() as server:
        server.more.set()
        transport = PooledTransport(proxy=server.url.replace("http://", "http://user:pass%20word@").partition("/v1")[0])
        response = await transport.handle_async_request(request("http://provider.invalid/v1/x"))
        assert isinstance(response.stream, Answer)
        await response.stream.aclose()
        head = server.received[0][0]
        assert head.startswith(b"POST http://provider.invalid/v1/x HTTP/1.1\r\n")
        assert b"Proxy-Authorization: Basic dXNlcjpwYXNzIHdvcmQ=\r\n" in head
    await transport.aclose()


async def test_a_server_that_answers_early_and_reads_no_further_is_left() -> None:
    loop, transport, sent = asyncio.get_running_loop(), PooledTransport(), 60_000_000
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.setblocking(False)
        url = f"http://127.0.0.1:{listening.getsockname()[1]}/"
        asked = asyncio.ensure_future(transport.handle_async_request(request(url, body=bytes(sent))))
        server, _ = await loop.sock_accept(listening)
        with server:
            await loop.sock_recv(server, 1000)
            await loop.sock_sendall(server, b"HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\n\r\n")
            response = await asked
            assert (response.status_code, await response.aread()) == (413, b"")
            came = 0
            with suppress(ConnectionError):
                while piece := await loop.sock_recv(server, 1_000_000):
                    came += len(piece)
            assert came < sent / 2, "what the system had taken already"
    await transport.aclose()


async def test_with_tls_too_what_was_not_sent_is_seen(tmp_path: Path) -> None:
    authority, connections = Authority(tmp_path), list[asyncio.StreamReader]()
    issued, hold = authority.issue("localhost"), asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connections.append(reader)
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\n\r\n")
        await hold.wait()
        writer.close()

    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(issued.cert_file, issued.key_file)
    listening = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    transport = PooledTransport(str(authority.cert_file))
    url = f"https://127.0.0.1:{listening.sockets[0].getsockname()[1]}/"
    for calls in (1, 2):
        response = await transport.handle_async_request(request(url, body=bytes(30_000_000)))
        assert (response.status_code, await response.aread()) == (413, b"")
        assert len(connections) == calls, "the one before is of no use"
    hold.set()
    await transport.aclose()
    listening.close()


async def test_headers_that_many_share_are_sent_beside_a_requests_own() -> None:
    transport = PooledTransport()
    fixed = FixedHeaders([("x-name", "green"), ("X-Again", "1"), ("X-Again", "2")])
    async with serving() as server:
        server.more.set()
        for own in ("traceparent: 00-a\r\ntracestate: b=c\r\n", None):
            asked = request(server.url)
            asked.headers = fixed
            if own is not None:
                asked.extensions[OWN_LINES] = own
            answer = await transport.handle_async_request(asked)
            assert await answer.aread() == b"onetwothree"
            await answer.aclose()
        await transport.aclose()
    first, second = (head.decode() for head, _ in server.received)
    for head in (first, second):
        assert "\r\nx-name: green\r\nX-Again: 1\r\nX-Again: 2\r\n" in head
    assert "\r\ntraceparent: 00-a\r\ntracestate: b=c\r\n" in first
    assert "trace" not in second, "what is shared stays as it was"


async def test_a_name_and_a_password_in_the_address_are_shown_unless_the_request_says_who_asks() -> None:
    transport = PooledTransport()
    async with serving() as server:
        server.more.set()
        for headers in ([], [("authorization", "Bearer k")]):
            asked = request(server.url.replace("http://", "http://me:secret@"))
            asked.headers = httpx.Headers(headers)
            await (await transport.handle_async_request(asked)).aread()
        await transport.aclose()
    first, second = (head for head, _ in server.received)
    assert b"\r\nAuthorization: Basic bWU6c2VjcmV0\r\n" in first
    assert b"me:secret" not in first
    assert second.lower().count(b"authorization") == 1
    assert b"\r\nauthorization: Bearer k\r\n" in second


async def test_a_request_without_a_body_is_counted_where_one_is_expected() -> None:
    transport = PooledTransport()
    async with serving() as server:
        server.more.set()
        for method in ("GET", "POST"):
            asked = httpx.Request(method, server.url, stream=httpx.ByteStream(b""))
            await (await transport.handle_async_request(asked)).aread()
        await transport.aclose()
    assert [b"Content-Length: 0\r\n" in head for head, _ in server.received] == [False, True]


@pytest.mark.parametrize("value", ["a\r\nX-Other: b", "a\nb", "a\0b"])
async def test_no_header_is_two(value: str) -> None:
    asked = request("http://127.0.0.1:1/")
    asked.headers["x-name"] = value
    with pytest.raises(httpx.LocalProtocolError):
        await PooledTransport().handle_async_request(asked)


async def test_the_environments_proxy_but_for_whom_it_excepts(monkeypatch: pytest.MonkeyPatch) -> None:
    async with serving() as server:
        server.more.set()
        monkeypatch.setenv("http_proxy", server.url.partition("/v1")[0])
        monkeypatch.setenv("no_proxy", "excepted.invalid")
        transport = PooledTransport()
        await (await transport.handle_async_request(request("http://provider.invalid/v1/x"))).aread()
        assert server.received[0][0].startswith(b"POST http://provider.invalid/v1/x HTTP/1.1\r\n")
        with pytest.raises(httpx.ConnectError):
            await transport.handle_async_request(request("http://excepted.invalid/v1/x"))
        await transport.aclose()


async def test_a_connection_that_takes_too_long(monkeypatch: pytest.MonkeyPatch) -> None:
    async def never(*_: object, **__: object) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", never)
    asked = request("http://127.0.0.1:1/")
    asked.extensions["timeout"]["connect"] = 0.0
    with pytest.raises(httpx.ConnectTimeout):
        await PooledTransport().handle_async_request(asked)


async def test_giving_up_before_the_head_leaves_no_connection() -> None:
    transport = PooledTransport()
    gone = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        asking.cancel()
        with suppress(ConnectionError):
            while await reader.read(65536):
                pass
        writer.close()
        gone.set()

    listening = await asyncio.start_server(serve, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}/"
    asking = asyncio.ensure_future(transport.handle_async_request(request(url)))
    with pytest.raises(asyncio.CancelledError):
        await asking
    await asyncio.wait_for(gone.wait(), 5)
    listening.close()


async def test_giving_up_when_all_has_come_leaves_the_connection_to_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    transport = PooledTransport()
    async with serving() as server:
        server.more.set()
        serves_again = Origin.idle

        def idle(origin: Origin, connection: Connection) -> None:
            serves_again(origin, connection)
            asking.cancel()

        monkeypatch.setattr(Origin, "idle", idle)
        asking = asyncio.ensure_future(transport.handle_async_request(request(server.url)))
        with pytest.raises(asyncio.CancelledError):
            await asking
        response = await transport.handle_async_request(request(server.url))
        assert await response.aread() == b"onetwothree"
        assert server.connections == 1
        await transport.aclose()
