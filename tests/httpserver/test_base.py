"""Errors, bodies and headers of every answer, whatever the endpoint."""

import asyncio
import gc
import json
from typing import Any

import pytest

from tests.serving import Served, chat, request, serving, until
from tests.support import ScriptedProvider, text_answer
from tornado_gateway.domain.errors import UpstreamFailed
from tornado_gateway.domain.snapshot import ServerPolicy
from tornado_gateway.httpserver import base
from tornado_gateway.httpserver.handlers.model_call import ModelCallHandler

SMALL = ServerPolicy(max_body_bytes=100)


def error_of(body: bytes) -> dict[str, Any]:
    document = json.loads(body)
    assert list(document) == ["error"]
    assert set(document["error"]) == {"message", "type", "code", "param"}
    error: dict[str, Any] = document["error"]
    return error


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE"])
async def test_nothing_here_is_json(method: str) -> None:
    async with serving() as served:
        answer = await served.client.request(method, "/v1/nothing", json={})
        assert (answer.status_code, error_of(answer.content)["code"]) == (404, "not_found")
        assert answer.headers["content-type"] == "application/json"
        assert answer.headers["x-request-id"].startswith("req_")
        assert answer.headers["access-control-allow-origin"] == "*"
        assert "server" not in answer.headers


async def test_head_of_nothing_has_no_body() -> None:
    async with serving() as served:
        answer = await served.client.head("/v1/nothing")
        assert (answer.status_code, answer.content) == (404, b"")


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("GET", "/v1/chat/completions", "POST, OPTIONS"),
        ("PUT", "/v1/completions", "POST, OPTIONS"),
        ("POST", "/health", "GET, HEAD, OPTIONS"),
        ("BREW", "/v1/models", "GET, HEAD, OPTIONS"),
    ],
)
async def test_a_wrong_method_is_json(method: str, path: str, allowed: str) -> None:
    async with serving() as served:
        answer = await served.client.request(method, path)
        assert (answer.status_code, error_of(answer.content)["code"]) == (405, "method_not_allowed")
        assert method in error_of(answer.content)["message"]
        assert answer.headers["allow"] == allowed


@pytest.mark.parametrize(("method", "path"), [("POST", "/v1/messages/batches"), ("GET", "/v1/messages")])
async def test_what_is_not_there_of_anthropics_api_is_told_in_its_form(method: str, path: str) -> None:
    async with serving() as served:
        answer = await served.client.request(method, path, headers={"X-Request-ID": "mine"})
        assert answer.headers["request-id"] == "mine"
        document = answer.json()
        assert (document["type"], document["request_id"]) == ("error", "mine")


async def test_a_path_that_is_no_text_is_malformed() -> None:
    async with serving() as served:
        answer = await served.client.get("/v1/models/%ff")
        assert (answer.status_code, error_of(answer.content)["code"]) == (400, "invalid_request")


async def test_what_nobody_foresaw_is_reported_and_shows_nothing() -> None:
    def fails() -> dict[str, Any]:
        raise RuntimeError("secret detail")

    async with serving(config_status=fails) as served:
        answer = await served.client.get("/health/ready")
        error = error_of(answer.content)
        assert (answer.status_code, error["code"], error["type"]) == (500, "internal_error", "api_error")
        assert b"secret" not in answer.content
        assert [type(each) for each in served.reported] == [RuntimeError]


async def test_what_nobody_foresaw_of_a_provider_is_reported_by_its_cause() -> None:
    async with serving(ScriptedProvider(script=[RuntimeError("secret"), [RuntimeError("secret")]])) as served:
        for stream in (False, True):
            answer = await served.client.post("/v1/chat/completions", json=chat(stream=stream))
            assert (answer.status_code, error_of(answer.content)["code"]) == (500, "internal_error")
            assert b"secret" not in answer.content
        assert [type(each) for each in served.reported] == [RuntimeError] * 2


async def test_what_was_foreseen_is_not_reported() -> None:
    async with serving(ScriptedProvider(script=[UpstreamFailed("no")])) as served:
        await served.client.post("/v1/chat/completions", json=chat())
        await served.client.post("/v1/chat/completions", content=b"no JSON")
        await served.client.get("/nowhere")
        assert served.reported == []


async def test_an_announced_body_beyond_the_limit_is_refused_once_it_is_in() -> None:
    async with serving(ScriptedProvider(), server=SMALL) as served:
        client = await served.connect()
        head, _, body = request({"model": "x" * 3_000_000}).partition(b"\r\n\r\n")
        await client.send(head + b"\r\n\r\n" + body[:1_000_000])
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(client.reader.read(1), 0.05)
        await client.send(body[1_000_000:])
        status, headers, answer = await client.answer()
        assert (status, error_of(answer)["code"]) == (413, "body_too_large")
        assert "100 bytes" in error_of(answer)["message"]
        assert headers["access-control-allow-origin"] == "*"
        # The connection is as good as new.
        await client.send(b"GET /health HTTP/1.1\r\nHost: g\r\n\r\n")
        assert (await client.answer())[0] == 200


async def test_a_chunked_body_beyond_the_limit_is_refused_too() -> None:
    async def pieces() -> Any:
        for _ in range(50):
            yield b"x" * 10_000

    async with serving(ScriptedProvider(), server=SMALL) as served:
        answer = await served.client.post(
            "/v1/chat/completions", content=pieces(), headers={"Content-Type": "application/json"}
        )
        assert (answer.status_code, error_of(answer.content)["code"]) == (413, "body_too_large")


async def test_a_client_that_asks_first_is_told_at_once() -> None:
    async with serving(ScriptedProvider(), server=SMALL) as served:
        client = await served.connect()
        head = request({"model": "x" * 500}, headers=["Expect: 100-continue"]).partition(b"\r\n\r\n")[0]
        await client.send(head + b"\r\n\r\n")
        raw = await client.until(b"\r\n\r\n")
        if raw.startswith(b"HTTP/1.1 100"):
            raw = await client.until(b"\r\n\r\n")
        assert raw.startswith(b"HTTP/1.1 413")


@pytest.mark.parametrize("announced", [True, False])
async def test_a_flood_is_not_read_to_its_end(announced: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(base, "_DISCARD_BYTES", 100_000)
    async with serving(ScriptedProvider(), server=SMALL) as served:
        tasks = len(asyncio.all_tasks())
        client = await served.connect()
        length = b"Content-Length: 1000000000" if announced else b"Transfer-Encoding: chunked"
        await client.send(
            b"POST /v1/completions HTTP/1.1\r\nHost: g\r\nContent-Type: application/json\r\n" + length + b"\r\n\r\n"
        )
        if not announced:
            await client.send((b"2710\r\n" + b"x" * 10_000 + b"\r\n") * 20)
        status, headers, body = await client.answer()
        assert (status, error_of(body)["code"]) == (413, "body_too_large")
        assert headers["connection"] == "close"
        client.reset()
        await until(lambda: len(asyncio.all_tasks()) <= tasks)


async def test_a_client_that_leaves_amid_its_body_leaves_nothing_behind() -> None:
    async with serving(ScriptedProvider()) as served:
        await served.client.get("/health")
        tasks = len(asyncio.all_tasks())
        client = await served.connect()
        await client.send(request(chat())[:-5])
        await until(lambda: len(asyncio.all_tasks()) > tasks)
        client.reset()
        await until(lambda: len(asyncio.all_tasks()) <= tasks)
        assert served.recorder.events == []


async def test_what_had_come_of_a_body_is_given_up_with_its_client() -> None:
    def held() -> list[int]:
        return [handler._received for handler in gc.get_objects() if _amid_its_body(handler)]

    async with serving(ScriptedProvider()) as served:
        gc.collect()
        gc.disable()  # it would find Tornado's circle one day
        try:
            connection = await served.connect()
            await connection.send(request({"text": "x" * 50_000})[:40_000])
            await until(lambda: bool(held()))
            connection.reset()
            await until(lambda: not held())
        finally:
            gc.enable()


def _amid_its_body(found: object) -> bool:
    return type(found) is ModelCallHandler and bool(found._chunks)


async def test_many_pieces_make_one_body() -> None:
    async with serving(ScriptedProvider(script=[text_answer()])) as served:
        client = await served.connect()
        for byte in request(chat()):
            await client.send(bytes([byte]))
        assert (await client.answer())[0] == 200


async def statuses(served: Served, raw: bytes, count: int) -> list[int]:
    client = await served.connect()
    await client.send(raw)
    return [(await client.answer())[0] for _ in range(count)]


async def test_pipelined_requests_are_answered_in_order() -> None:
    async with serving(ScriptedProvider(script=[text_answer(), text_answer()])) as served:
        raw = request(chat()) + request(b"{}") + b"GET /health HTTP/1.1\r\nHost: g\r\n\r\n" + request(chat("nobody"))
        assert await statuses(served, raw + request(chat()), 5) == [200, 400, 200, 404, 200]


async def test_an_http_1_0_client_gets_a_length_and_an_end() -> None:
    async with serving(ScriptedProvider(script=[text_answer()])) as served:
        client = await served.connect()
        await client.send(request(chat()).replace(b"HTTP/1.1", b"HTTP/1.0"))
        status, headers, body = await client.answer()
        assert status == 200
        assert "transfer-encoding" not in headers
        assert json.loads(body)["choices"][0]["message"]["content"] == "Hello!"
        assert await client.ended() == b""


async def test_a_client_that_asks_first_and_may_is_told_to_go_on() -> None:
    async with serving(ScriptedProvider(script=[text_answer()])) as served:
        client = await served.connect()
        head, _, body = request(chat(), headers=["Expect: 100-continue"]).partition(b"\r\n\r\n")
        await client.send(head + b"\r\n\r\n")
        assert (await client.until(b"\r\n\r\n")).startswith(b"HTTP/1.1 100")
        await client.send(body)
        assert (await client.answer())[0] == 200


async def test_a_chunked_body_is_as_good_as_any() -> None:
    async def pieces() -> Any:
        for byte in json.dumps(chat()).encode():
            yield bytes([byte])

    async with serving(ScriptedProvider(script=[text_answer()])) as served:
        answer = await served.client.post(
            "/v1/chat/completions", content=pieces(), headers={"Content-Type": "application/json"}
        )
        assert answer.status_code == 200


async def test_a_reader_of_one_connection_gets_every_error_and_then_an_answer() -> None:
    bad = [request(b"[]"), request(b"x" * 20_000), request(chat("nobody")), request(chat()).replace(b"json", b"xml")]
    async with serving(ScriptedProvider(script=[text_answer()]), server=ServerPolicy(max_body_bytes=10_000)) as served:
        assert await statuses(served, b"".join(bad) + request(chat()), 5) == [400, 413, 404, 415, 200]


@pytest.mark.parametrize("line", [b"GET /v1/models/%ff", b"BREW /health"])
async def test_who_is_answered_before_its_request_was_read_is_told_that_the_connection_ends(line: bytes) -> None:
    async with serving() as served:
        client = await served.connect()
        await client.send(line + b" HTTP/1.1\r\nHost: g\r\n\r\n")
        status, headers, _ = await client.answer()
        assert status in (400, 405)
        assert headers["connection"] == "close"
        assert await client.ended() == b""
