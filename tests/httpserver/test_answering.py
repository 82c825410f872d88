"""What is no HTTP, over real sockets: refused in JSON wherever the connection still allows it."""

import asyncio
from typing import Any

import msgspec
import pytest

from tests.serving import Connection, chat, request, serving
from tests.support import ScriptedProvider, text_answer
from tornado_gateway.httpserver.answering import MAX_HEAD_BYTES, READ_HEAD_BYTES

POST = b"POST /v1/chat/completions HTTP/1.1\r\nHost: g\r\nContent-Type: application/json\r\n"
CHUNKED = POST + b"Transfer-Encoding: chunked\r\n\r\n"


async def refused(client: Connection) -> tuple[int, dict[str, Any]]:
    """The one answer, after which the server closes."""
    status, headers, body = await asyncio.wait_for(client.answer(), 3)
    assert (headers["content-type"], headers["connection"]) == ("application/json", "close")
    assert headers["x-request-id"].startswith("req_")
    assert await asyncio.wait_for(client.ended(), 3) == b""
    return status, msgspec.json.decode(body)


@pytest.mark.parametrize(
    "raw",
    [
        b"nonsense\r\n\r\n",
        b"\r\n\r\n\r\n",
        b"GET / HTTP/3\r\n\r\n",
        b"GET /health HTTP/1.1\r\n\r\n",
        b"GET /health HTTP/1.1\r\nHost: g\r\nHost: h\r\n\r\n",
        b"GET /health HTTP/1.1\r\nHost: a b\r\n\r\n",
        b"GET /health HTTP/1.1\r\nHost: g\r\nno colon\r\n\r\n",
        b"GET /health HTTP/1.1\r\nHost: g\r\nX: a\x00b\r\n\r\n",
        b"GET /health HTTP/1.1\r\nHost: g\r\nX : a\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
        POST + b"Content-Length: -1\r\n\r\n",
        POST + b"Content-Length: \xb2\r\n\r\n",
        POST + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\n",
        POST + b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n",
        POST + b"Transfer-Encoding: gzip\r\n\r\n",
        CHUNKED + b"zz\r\n",
        CHUNKED + b"-5\r\n",
        CHUNKED + b"5\r\nhello!!",
        CHUNKED + b"5;" + b"x" * 500 + b"\r\nhello\r\n",
        CHUNKED + b"f" * 500 + b"\r\nhello\r\n",
    ],
)
async def test_what_is_no_http(raw: bytes) -> None:
    async with serving(ScriptedProvider()) as served:
        client = await served.connect()
        await client.send(raw)
        status, document = await refused(client)
        assert (status, document["error"]["code"]) == (400, "invalid_request")
        assert served.reported == []


async def test_a_length_of_thousands_of_digits_is_too_large() -> None:
    async with serving(ScriptedProvider()) as served:
        client = await served.connect()
        await client.send(POST + b"Content-Length: " + b"9" * 5000 + b"\r\n\r\n")
        status, _, body = await asyncio.wait_for(client.answer(), 3)
        assert (status, msgspec.json.decode(body)["error"]["code"]) == (413, "body_too_large")


async def test_anthropics_endpoints_refuse_in_their_form() -> None:
    async with serving(ScriptedProvider()) as served:
        client = await served.connect()
        await client.send(CHUNKED.replace(b"/v1/chat/completions", b"/v1/messages") + b"zz\r\n")
        status, document = await refused(client)
        assert (status, document["error"]["type"]) == (400, "invalid_request_error")
        assert document["request_id"].startswith("req_")


@pytest.mark.parametrize(
    "more", [b"X: " + b"x" * MAX_HEAD_BYTES, b"X: x\r\n" * 250 + b"Y: y", b"X" * MAX_HEAD_BYTES + b": x"]
)
async def test_a_head_that_is_too_large(more: bytes) -> None:
    async with serving(ScriptedProvider()) as served:
        client = await served.connect()
        await client.send(POST + b"Content-Length: 2\r\n" + more + b"\r\n\r\n{}")
        status, document = await refused(client)
        assert (status, document["error"]["code"]) == (431, "headers_too_large")


@pytest.mark.parametrize("more", [b"", b"X: " + b"x" * MAX_HEAD_BYTES + b"\r\n"])
async def test_a_refusal_is_told_to_pages_and_by_their_id(more: bytes) -> None:
    async with serving(ScriptedProvider()) as served:
        client = await served.connect()
        await client.send(CHUNKED[:-2] + more + b"origin: https://a.example\r\nX-Request-Id: of-mine\r\n\r\nzz\r\n")
        _, headers, _ = await asyncio.wait_for(client.answer(), 3)
        assert (headers["access-control-allow-origin"], headers["x-request-id"]) == ("*", "of-mine")
        assert "X-Request-ID" in headers["access-control-expose-headers"]


@pytest.mark.parametrize(
    ("target", "status"),
    [("http://gateway/health", 200), ("https://gateway:8080/health?x=http://y", 200), ("http://gateway", 404)],
)
async def test_an_absolute_target_is_taken_like_its_path(target: str, status: int) -> None:
    async with serving() as served:
        client = await served.connect()
        await client.send(f"GET {target} HTTP/1.1\r\nHost: g\r\n\r\n".encode())
        assert (await client.answer())[0] == status


async def test_a_head_without_an_end_is_cut() -> None:
    async with serving() as served:
        client = await served.connect()
        client.writer.write(b"GET /health HTTP/1.1\r\nX: " + b"x" * (READ_HEAD_BYTES + 70_000))
        assert await asyncio.wait_for(client.ended(), 3) == b""


async def test_a_refusal_gets_through_to_a_client_that_goes_on_sending() -> None:
    async with serving(ScriptedProvider()) as served:
        client = await served.connect()
        await client.send(CHUNKED + b"zz\r\n" + b"x" * 200_000)
        for _ in range(20):
            await client.send(b"x" * 10_000)
            await asyncio.sleep(0.005)
        assert (await refused(client))[0] == 400


async def test_a_request_before_a_malformed_one_is_answered_on_its_own() -> None:
    async with serving(ScriptedProvider(script=[text_answer()])) as served:
        client = await served.connect()
        await client.send(request(chat()) + b"nonsense\r\n\r\n")
        assert (await client.answer())[0] == 200
        assert (await refused(client))[0] == 400


async def test_nothing_follows_an_answer_that_is_out_already() -> None:
    async with serving(ScriptedProvider()) as served:
        client = await served.connect()
        # Too large to be read to its end: answered while the body comes in, which then turns out to be none.
        await client.send(POST + b"Expect: 100-continue\r\nContent-Length: 99999999999\r\n\r\n")
        assert (await client.answer())[0] == 413
        await client.send(b"zz\r\n")
        assert b"HTTP/1.1" not in await asyncio.wait_for(client.ended(), 3)
