"""Calls on a route with a cache, from the client's socket to the provider's."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from decimal import Decimal
from typing import Any

import httpx
import pytest

from tests.httpserver.handlers.test_model_call import (
    ANSWER,
    CHUNK,
    DONE,
    STOP,
    USAGE,
    Upstream,
    answers,
    post,
    streams,
    through,
)
from tests.serving import Connection, Served, chat, request, until
from tornado_gateway.domain.caching import CachePolicy
from tornado_gateway.domain.events import RequestFinished
from tornado_gateway.domain.quotas import Budget, Limits, Quotas, RouteQuota
from tornado_gateway.domain.routes import Route, RouteTarget
from tornado_gateway.domain.snapshot import ServerPolicy

SHARED = CachePolicy(60, scope="shared")
TARGETS = (RouteTarget("openai"),)
ROUTES = [Route("gpt-4", TARGETS, cache=SHARED), Route("plain", (RouteTarget("openai", "gpt-4"),))]
COST = "0.00186"

USED = {"prompt_tokens": 12, "completion_tokens": 25, "total_tokens": 37}
RESPONSE = {
    "id": "resp_1",
    "object": "response",
    "created_at": 1,
    "status": "completed",
    "model": "gpt-4",
    "output": [{"type": "message", "id": "m", "role": "assistant", "status": "completed", "content": []}],
    "usage": {"input_tokens": 12, "output_tokens": 25, "total_tokens": 37},
}
VECTORS = {"object": "list", "data": [{"object": "embedding", "index": 0, "embedding": [0.5, -1e-7]}], "usage": USED}
LEGACY = {"id": "cmpl-1", "object": "text_completion", "created": 1, "model": "gpt-4", "usage": USED}
TEXT = {"text": "Hi", "index": 0, "logprobs": None, "finish_reason": "stop"}
HELLO = {"model": "gpt-4", "messages": [{"role": "user", "content": "Hello"}]}
TOOL_CALL = (
    b'data: {"id":"c","choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"call_1","type":"function",'
    b'"function":{"name":"f","arguments":"{}"}}]},"finish_reason":null}]}\n\n'
)
CALLED = b'data: {"id":"c","choices":[{"index":0,"delta":{},"finish_reason":"tool_calls"}]}\n\n'


def event(kind: str, **members: Any) -> bytes:
    return f"event: {kind}\ndata: {json.dumps({'type': kind, **members})}\n\n".encode()


RESPONSE_STREAM = (
    event("response.created", response={**RESPONSE, "status": "in_progress", "output": [], "usage": None}),
    event("response.output_text.delta", delta="Hi", item_id="m", output_index=0, content_index=0),
    event("response.completed", response=RESPONSE),
)


def cached(behave: Any, **more: Any) -> AbstractAsyncContextManager[tuple[Served, Upstream]]:
    return through(behave, routes=more.pop("routes", ROUTES), **more)


def ends(served: Served) -> list[RequestFinished]:
    return served.recorder.of(RequestFinished)


@pytest.mark.parametrize(
    ("path", "document", "behave"),
    [
        ("/v1/chat/completions", HELLO, answers(ANSWER)),
        ("/v1/completions", HELLO, answers(ANSWER)),
        (
            "/v1/completions",
            {"model": "gpt-4", "prompt": "Hi"},
            answers(json.dumps({**LEGACY, "choices": [TEXT]}).encode()),
        ),
        ("/v1/messages", {**HELLO, "max_tokens": 5}, answers(ANSWER)),
        ("/v1/responses", {"model": "gpt-4", "input": "Hi"}, answers(json.dumps(RESPONSE).encode())),
        ("/v1/embeddings", {"model": "gpt-4", "input": "Hi"}, answers(json.dumps(VECTORS).encode())),
        ("/v1/chat/completions", {**HELLO, "stream": True}, streams(CHUNK, STOP, USAGE, DONE)),
        (
            "/v1/chat/completions",
            {**HELLO, "stream": True, "stream_options": {"include_usage": True}},
            streams(CHUNK + CHUNK, STOP + USAGE, DONE),
        ),
        ("/v1/completions", {**HELLO, "stream": True}, streams(CHUNK, STOP, USAGE, DONE)),
        (
            "/v1/completions",
            {"model": "gpt-4", "prompt": "Hi", "stream": True},
            streams(b"data: " + json.dumps({**LEGACY, "choices": [TEXT]}).encode() + b"\n\n", DONE),
        ),
        ("/v1/messages", {**HELLO, "max_tokens": 5, "stream": True}, streams(CHUNK, STOP, USAGE, DONE)),
        ("/v1/messages", {**HELLO, "max_tokens": 5, "stream": True}, streams(TOOL_CALL, CALLED, USAGE, DONE)),
        ("/v1/responses", {"model": "gpt-4", "input": "Hi", "stream": True}, streams(*RESPONSE_STREAM)),
    ],
)
async def test_the_same_answer_again_for_nothing(path: str, document: Any, behave: Any) -> None:
    async with cached(behave) as (served, upstream):
        first, second = [await post(served, document, path) for _ in range(2)]
        assert first.status_code == second.status_code == 200
        assert first.text.replace(f'"cost":{COST}', '"cost":0') == second.text
        assert (first.headers["x-gateway-cache"], second.headers["x-gateway-cache"]) == ("miss", "hit")
        assert first.headers["content-type"] == second.headers["content-type"]
        assert (second.headers["x-gateway-provider"], second.headers["x-gateway-model"]) == ("openai", "gpt-4")
        assert (first.headers["x-gateway-attempts"], second.headers["x-gateway-attempts"]) == ("1", "0")
        assert second.headers["x-gateway-revision"] == "aaaaaaaaaaaa"
        assert len(upstream.bodies) == 1
        missed, hit = ends(served)
        assert (hit.usage, hit.saved) == (missed.usage, missed.cost and missed.cost.amount)
        assert hit.cost is not None
        assert (hit.cost.digits, hit.finish_reason, hit.error) == ("0", missed.finish_reason, None)


async def test_headers_of_a_hit_and_of_a_miss() -> None:
    async with cached(answers(ANSWER)) as (served, _):
        missed, hit = [await post(served, chat(), Origin="https://a.example") for _ in range(2)]
        assert (missed.headers["x-gateway-cost"], hit.headers["x-gateway-cost"]) == (COST, "0")
        assert "age" not in missed.headers
        assert hit.headers["age"] == "0"
        exposed = {name.strip() for name in hit.headers["access-control-expose-headers"].split(",")}
        assert {"X-Gateway-Cache", "Age"} <= exposed


async def test_a_route_without_a_cache_says_nothing_of_one() -> None:
    async with cached(answers(ANSWER)) as (served, upstream):
        for _ in range(2):
            answer = await post(served, chat("plain"))
            assert "x-gateway-cache" not in answer.headers
            assert "age" not in answer.headers
        assert len(upstream.bodies) == 2


async def test_what_the_caller_says_of_the_cache_is_heard() -> None:
    async with cached(answers(ANSWER)) as (served, upstream):
        said = [None, "no-cache", None, "no-store", "max-age=0", None]
        got = [
            (await post(served, chat(), **({} if word is None else {"Cache-Control": word}))).headers["x-gateway-cache"]
            for word in said
        ]
        assert got == ["miss", "miss", "hit", "bypass", "miss", "hit"]
        assert len(upstream.bodies) == 4
        assert all(b"no-store" not in head.lower() for head in upstream.heads)


async def test_what_may_not_be_kept_is_asked_each_time() -> None:
    async with cached(answers(ANSWER), routes=[Route("gpt-4", TARGETS, cache=CachePolicy(60))]) as (served, upstream):
        for _ in range(2):
            assert (await post(served, chat())).headers["x-gateway-cache"] == "bypass"
        assert len(upstream.bodies) == 2


@pytest.mark.parametrize("stream", [False, True])
async def test_an_error_has_the_header_and_is_not_kept(stream: bool) -> None:
    async with cached(answers(b'{"error":{"message":"no"}}', 400)) as (served, upstream):
        for _ in range(2):
            answer = await post(served, chat(stream=stream))
            assert (answer.status_code, answer.headers["x-gateway-cache"]) == (400, "miss")
        assert len(upstream.bodies) == 2


async def test_a_stream_that_was_cut_off_is_not_kept() -> None:
    async with cached(streams(CHUNK, CHUNK, cut=True)) as (served, upstream):
        for _ in range(2):
            answer = await post(served, chat(stream=True))
            assert b"event: error" in answer.content
            assert answer.headers["x-gateway-cache"] == "miss"
        assert len(upstream.bodies) == 2


async def test_a_hit_is_streamed_event_by_event() -> None:
    pieces = [CHUNK.replace(b'"Hi"', b'"%d"' % number) for number in range(50)]

    async def behave(upstream: Upstream, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
        for piece in (*pieces, STOP, USAGE, DONE):
            writer.write(b"%x\r\n%s\r\n" % (len(piece), piece))
            await writer.drain()
            await asyncio.sleep(0.001)  # a read of its own for each
        writer.write(b"0\r\n\r\n")

    async with cached(behave) as (served, _):
        first = await post(served, chat(stream=True))
        chunks = []
        async with served.client.stream("POST", "/v1/chat/completions", json=chat(stream=True)) as answer:
            assert answer.headers["x-gateway-cache"] == "hit"
            assert "content-length" not in answer.headers
            async for chunk in answer.aiter_raw():
                chunks.append(chunk)
        assert b"".join(chunks) == first.content


async def test_a_hit_uses_up_no_tokens_and_no_money_and_is_a_request_all_the_same() -> None:
    quotas = Quotas(
        everyone=Limits(requests_per_minute=12, tokens_per_minute=100),
        routes={"gpt-4": RouteQuota(budget=Budget(Decimal("0.005"), "month"))},
    )
    async with cached(answers(ANSWER), quotas=quotas) as (served, upstream):
        got = [await post(served, chat(max_tokens=25)) for _ in range(13)]
        assert [answer.status_code for answer in got] == [200] * 12 + [429]
        assert len(upstream.bodies) == 1
        tokens = [answer.headers["x-ratelimit-remaining-tokens"] for answer in got[1:12]]
        assert len(set(tokens)) == 1, "what a hit held is given back"


# Many at once


@asynccontextmanager
async def gated(*pieces: bytes, whole: bytes = ANSWER) -> AsyncIterator[tuple[Served, Upstream, asyncio.Event]]:
    """A provider that says the first of ``pieces`` (where there are any) and the rest once it is let go."""
    go = asyncio.Event()

    async def behave(upstream: Upstream, writer: asyncio.StreamWriter) -> None:
        if not pieces:
            await go.wait()
            await answers(whole)(upstream, writer)
            return
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
        for number, piece in enumerate(pieces):
            writer.write(b"%x\r\n%s\r\n" % (len(piece), piece))
            if not number:
                await go.wait()
        writer.write(b"0\r\n\r\n")

    async with cached(behave) as (served, upstream):
        yield served, upstream, go
        go.set()


def ask(served: Served, count: int, *, stream: bool = False, **headers: str) -> list[asyncio.Task[httpx.Response]]:
    return [asyncio.ensure_future(post(served, chat(stream=stream), **headers)) for _ in range(count)]


PIECES = (CHUNK, STOP, USAGE, DONE)


@pytest.mark.parametrize("stream", [False, True])
async def test_fifty_of_the_same_at_once_are_one_call_to_the_provider(stream: bool) -> None:
    async with gated(*PIECES if stream else ()) as (served, upstream, go):
        asking = ask(served, 50, stream=stream)
        await until(lambda: served.lifecycle.calls == 50 and served.snapshots.leases == 50)
        go.set()
        got = await asyncio.gather(*asking)
        assert len(upstream.bodies) == 1
        assert sorted(answer.headers["x-gateway-cache"] for answer in got) == ["hit"] * 49 + ["miss"]
        assert {answer.status_code for answer in got} == {200}
        assert len({answer.text.replace(COST, "0") for answer in got}) == 1


@pytest.mark.parametrize("stream", [False, True])
async def test_where_the_first_client_is_gone_in_the_middle_another_ones_call_takes_over(stream: bool) -> None:
    async with gated(*PIECES if stream else ()) as (served, upstream, go):
        first = await served.connect()
        await first.send(request(chat(stream=stream)))
        await until(lambda: len(upstream.bodies) == 1)
        if stream:
            assert (await first.head())[0] == 200
        asking = ask(served, 10, stream=stream)
        await until(lambda: served.snapshots.leases == 11)
        first.reset()
        await until(lambda: len(upstream.bodies) == 2 and served.snapshots.leases == 10)
        go.set()
        got = await asyncio.gather(*asking)
        assert sorted(answer.headers["x-gateway-cache"] for answer in got) == ["hit"] * 9 + ["miss"]
        assert len(upstream.bodies) == 2
        left = next(each for each in ends(served) if each.error == "client_closed")
        assert left.cost is not None, "what it used is priced"


async def test_a_client_that_waits_and_leaves_does_not_hurt_the_first() -> None:
    async with gated() as (served, upstream, go):
        first = ask(served, 1)
        await until(lambda: len(upstream.bodies) == 1)
        waiting: list[Connection] = [await served.connect() for _ in range(3)]
        for connection in waiting:
            await connection.send(request(chat()))
        await until(lambda: served.snapshots.leases == 4)
        for connection in waiting[:2]:
            connection.reset()
        await until(lambda: served.snapshots.leases == 2)
        go.set()
        assert (await first[0]).status_code == 200
        status, headers, _ = await waiting[2].answer()
        assert (status, headers["x-gateway-cache"]) == (200, "hit")
        assert len(upstream.bodies) == 1


async def test_who_waits_may_say_how_long() -> None:
    async with gated() as (served, upstream, go):
        first = ask(served, 1)
        await until(lambda: len(upstream.bodies) == 1)
        hurried = await post(served, chat(), **{"X-Gateway-Timeout": "0.05"})
        assert (hurried.status_code, hurried.json()["error"]["code"]) == (504, "upstream_timeout")
        assert (hurried.headers["x-gateway-cache"], hurried.headers["x-gateway-attempts"]) == ("miss", "0")
        go.set()
        assert (await first[0]).headers["x-gateway-cache"] == "miss"
        assert len(upstream.bodies) == 1


async def test_a_stream_that_waits_for_another_is_kept_alive() -> None:
    async with gated(*PIECES) as (served, upstream, go):
        served.snapshots.swap(replace(served.snapshots.current, server=ServerPolicy(keep_alive=0.02)))
        first = ask(served, 1, stream=True)
        await until(lambda: len(upstream.bodies) == 1)
        second = await served.connect()
        await second.send(request(chat(stream=True)))
        status, headers = await second.head()
        assert (status, headers.get("x-gateway-cache")) == (200, None), "nobody knows yet"
        assert b": keep-alive" in await second.until(b"\n\n")
        go.set()
        assert DONE in await second.until(DONE)
        assert (await first[0]).status_code == 200
        assert sorted(str(each.cache) for each in ends(served)) == ["hit", "miss"]


async def test_calls_that_differ_do_not_wait_for_each_other() -> None:
    async with gated() as (served, upstream, go):
        asking = [asyncio.ensure_future(post(served, chat(seed=number))) for number in range(5)]
        await until(lambda: len(upstream.bodies) == 5)
        go.set()
        got = await asyncio.gather(*asking)
        assert [answer.headers["x-gateway-cache"] for answer in got] == ["miss"] * 5
