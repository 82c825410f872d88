"""The way to a provider, over a real transport to a real, misbehaving server."""

import asyncio
import gzip
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import httpx
import pytest
from msgspec import structs

from tests.support import FakeClock, context
from tornado_gateway.domain.errors import (
    GatewayError,
    UpstreamAuthFailed,
    UpstreamFailed,
    UpstreamTimeout,
    UpstreamUnreachable,
)
from tornado_gateway.domain.tracing import AttemptTrace
from tornado_gateway.providers.pooled import PooledTransport
from tornado_gateway.providers.upstream import Upstream

Behaviour = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


@asynccontextmanager
async def server(behave: Behaviour) -> AsyncIterator[str]:
    """A server that reads a request's head and body, then does as told."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = next(
                    (int(line.split(b":")[1]) for line in head.lower().split(b"\r\n") if b"content-length" in line), 0
                )
                await reader.readexactly(length)
                heads.append(head)
                await behave(reader, writer)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    heads: list[bytes] = []
    listening = await asyncio.start_server(serve, "127.0.0.1", 0)
    server.heads = heads  # type: ignore[attr-defined]
    try:
        yield f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}/v1/x"
    finally:
        listening.close()


@asynccontextmanager
async def upstream(seconds: float = 5.0, base_url: str = "") -> AsyncIterator[Upstream]:
    transport = PooledTransport()
    try:
        yield Upstream(
            provider="p",
            transport=transport,
            clock=FakeClock(),
            headers=[("authorization", "Bearer k")],
            timeout=seconds,
            base_url=base_url,
        )
    finally:
        await transport.aclose()


def says(data: bytes) -> Behaviour:
    async def behave(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(data)

    return behave


def says_and_leaves(data: bytes) -> Behaviour:
    async def behave(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(data)
        await writer.drain()
        writer.close()

    return behave


async def silence(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
    await reader.read()


async def test_a_whole_answer_and_what_was_sent() -> None:
    async with server(says(OK + b"X-A: b\r\nContent-Length: 2\r\n\r\n{}")) as url, upstream() as up:
        trace = "00-" + "a" * 32 + "-" + "b" * 16 + "-01"
        asked = structs.replace(context(), traceparent=trace, tracestate="v=1")
        reply = await up.post(httpx.URL(url), b'{"a":1}', asked, [("x-own", "1")])
        assert (reply.status, reply.body, reply.headers["x-a"]) == (200, b"{}", "b")
        head = server.heads[0].decode().lower()  # type: ignore[attr-defined]
        for line in (
            "post /v1/x http/1.1",
            "authorization: bearer k",
            "x-own: 1",
            f"traceparent: {trace}",
            "tracestate: v=1",
        ):
            assert line in head
        assert "accept-encoding: identity" in head


async def test_a_traced_try_is_the_parent_of_what_the_provider_does_and_knows_whom_it_asked() -> None:
    async with (
        server(says(OK + b"Content-Length: 2\r\n\r\n{}")) as url,
        upstream(base_url=url.removesuffix("/x")) as up,
    ):
        asked = structs.replace(context(), traceparent="00-" + "a" * 32 + "-" + "b" * 16 + "-01")
        attempt = AttemptTrace("00-" + "a" * 32 + "-" + "c" * 16 + "-01", "r", "p", "m", 0, 0.0)
        asked.trail.attempt = attempt
        await up.post(httpx.URL(url), b"{}", asked)
        head = server.heads[0].decode().lower()  # type: ignore[attr-defined]
        assert head.count("traceparent") == 1
        assert f"traceparent: {attempt.traceparent}" in head
        assert attempt.address == ("127.0.0.1", httpx.URL(url).port)
        await up.post(httpx.URL(url), b"{}", context())
        assert "traceparent" not in server.heads[1].decode().lower(), "what every call is sent with stays as it was"  # type: ignore[attr-defined]


async def test_where_no_port_is_said_it_is_the_schemes_own() -> None:
    for base_url, port in (("https://api.example/v1", 443), ("http://api.example", 80), ("http://api.example:81", 81)):
        asked = context()
        asked.trail.attempt = attempt = AttemptTrace("00-trace", "r", "p", "m", 0, 0.0)
        up = Upstream(
            provider="p",
            transport=httpx.MockTransport(lambda request: httpx.Response(200, content=b"{}")),
            clock=FakeClock(),
            headers=(),
            timeout=5,
            base_url=base_url,
        )
        await up.post(httpx.URL(base_url + "/x"), b"{}", asked)
        assert attempt.address == ("api.example", port)


async def test_a_compressed_answer_is_read_all_the_same() -> None:
    body = gzip.compress(b'{"a":1}')
    head = OK + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(body)
    async with server(says(head + body)) as url, upstream() as up:
        assert (await up.post(httpx.URL(url), b"{}", context())).body == b'{"a":1}'


@pytest.mark.parametrize(
    ("behave", "kind"),
    [
        (says_and_leaves(b""), UpstreamFailed),
        (says_and_leaves(OK + b"Content-Length: 100\r\n\r\n{"), UpstreamFailed),
        (says_and_leaves(OK + b"Transfer-Encoding: chunked\r\n\r\n5\r\nab"), UpstreamFailed),
        (says_and_leaves(b"SSH-2.0-OpenSSH_9.2\r\n\r\n"), UpstreamFailed),
        (says_and_leaves(OK + b"Content-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}"), UpstreamFailed),
    ],
    ids=["hangs up", "cut body", "cut chunk", "no http", "no gzip"],
)
async def test_an_answer_that_is_none(behave: Behaviour, kind: type[GatewayError]) -> None:
    async with server(behave) as url, upstream() as up:
        with pytest.raises(kind) as failed:
            await up.post(httpx.URL(url), b"{}", context())
        assert "'p'" in failed.value.message


async def test_nobody_there() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    async with upstream() as up:
        for url in (f"http://127.0.0.1:{port}/", "http://no-such-host.invalid/"):
            with pytest.raises(UpstreamUnreachable):
                await up.post(httpx.URL(url), b"{}", context())


async def test_too_slow_for_the_headers_or_for_the_body() -> None:
    async def half(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(OK + b"Content-Length: 100\r\n\r\n{")
        await writer.drain()
        await reader.read()

    for behave in (silence, half):
        async with server(behave) as url, upstream(seconds=0.05) as up:
            with pytest.raises(UpstreamTimeout):
                await up.post(httpx.URL(url), b"{}", context())


async def test_a_stream_is_one_item_a_read_and_breaks_off_as_an_error() -> None:
    async def behave(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(OK + b"Transfer-Encoding: chunked\r\n\r\n")
        writer.write(b"5\r\nhello\r\n")
        await writer.drain()
        writer.close()

    async with server(behave) as url, upstream() as up, await up.open(httpx.URL(url), b"{}", context()) as reply:
        assert await reply.chunk() == b"hello"
        with pytest.raises(UpstreamFailed):
            await reply.chunk()


async def test_leaving_a_stream_hangs_up() -> None:
    gone = asyncio.Event()

    async def behave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(OK + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n")
        await writer.drain()
        await reader.read()
        gone.set()

    async with server(behave) as url, upstream() as up:
        async with await up.open(httpx.URL(url), b"{}", context()) as reply:
            assert await reply.chunk() == b"hello"
        async with asyncio.timeout(1):
            await gone.wait()


async def test_a_connection_serves_again_once_its_stream_was_read_past_the_end_mark() -> None:
    connections = 0

    async def behave(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        if not hasattr(writer, "counted"):
            connections += 1
            writer.counted = True  # type: ignore[attr-defined]
        writer.write(OK + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n")

    async with server(behave) as url, upstream() as up:
        for _ in range(3):
            async with await up.open(httpx.URL(url), b"{}", context()) as reply:
                assert await reply.chunk() == b"hello"
                reply.answered()
    assert connections == 1


@pytest.mark.parametrize(("key", "shown"), [("sk-a-key-of-ours", "***"), ("short", "short")])
async def test_a_key_that_the_provider_quotes_is_blotted_out(key: str, shown: str) -> None:
    def quotes(_request: httpx.Request) -> httpx.Response:
        return httpx.Response(400, text=f"The key {key} is bad, and Bearer is a word.")

    up = Upstream(
        provider="p",
        transport=httpx.MockTransport(quotes),
        clock=FakeClock(),
        headers=[("authorization", f"Bearer {key}"), ("x-empty", "")],
        timeout=5,
    )
    url = httpx.URL("http://up.example/v1/x")
    expected = f"The key {shown} is bad, and Bearer is a word.".encode()
    assert (await up.post(url, b"{}", context())).body == expected
    async with await up.open(url, b"{}", context()) as reply:
        assert await reply.read() == expected


@pytest.mark.parametrize(
    ("status", "error"),
    [(200, None), (404, None), (401, UpstreamAuthFailed), (503, UpstreamFailed)],
)
async def test_a_probe_tells_whether_somebody_is_at_home(status: int, error: type[GatewayError] | None) -> None:
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(status)

    probed = Upstream(
        provider="p",
        transport=httpx.MockTransport(answer),
        clock=FakeClock(),
        headers=[("authorization", "Bearer sk-planted")],
        timeout=5,
        base_url="http://up.example/v1/",
    )
    if error is None:
        await probed.probe("/models", context())
    else:
        with pytest.raises(error):
            await probed.probe("/models", context())
    assert (seen[0].method, str(seen[0].url)) == ("GET", "http://up.example/v1/models")
    assert seen[0].headers["authorization"] == "Bearer sk-planted"


async def test_limits_of_the_call_go_before_the_providers() -> None:
    async def behave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(5)

    asked = context()
    asked.limits.total = 0.05
    async with server(behave) as url, upstream() as up:
        with pytest.raises(UpstreamTimeout, match=r"within 0\.05 seconds"):
            await up.post(httpx.URL(url), b"{}", asked)


@pytest.mark.parametrize("status", [b"301 Moved", b"302 Found", b"303 See Other", b"307 Temporary", b"308 Permanent"])
async def test_a_redirect_is_an_answer_like_any_other_and_takes_no_credentials_elsewhere(status: bytes) -> None:
    async with server(silence) as elsewhere:
        visited = server.heads  # type: ignore[attr-defined]
        head = b"HTTP/1.1 " + status + b"\r\nContent-Length: 0\r\nLocation: " + elsewhere.encode() + b"\r\n\r\n"
        async with server(says(head)) as url, upstream() as up:
            reply = await up.post(httpx.URL(url), b"{}", context())
            async with await up.open(httpx.URL(url), b"{}", context()) as opened:
                assert [reply.status, opened.status] == [int(status[:3])] * 2
        assert visited == []


async def test_what_quotes_the_gateways_own_key_in_a_stream_is_cleaned_of_it() -> None:
    head = OK + b"Content-Length: 30\r\n\r\n"
    async with server(says(head + b"data: you sent k-of-ours-1 !\n\n")) as url:
        transport = PooledTransport()
        headers = [("authorization", "Bearer k-of-ours-1")]
        up = Upstream(provider="p", transport=transport, clock=FakeClock(), headers=headers, timeout=5)
        async with await up.open(httpx.URL(url), b"{}", context()) as opened:
            assert await opened.chunk() == b"data: you sent *** !\n\n"
        await transport.aclose()
