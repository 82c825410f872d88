"""A model call from the client's socket to the provider's: OpenAI's adapter over the real transport in between."""

import asyncio
import gc
import gzip
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.serving import QuickClock, Served, chat, events, request, serving, until
from tests.support import ScriptedProvider, text_answer
from tornado_gateway.domain.call import ModelCall
from tornado_gateway.domain.context import RequestContext
from tornado_gateway.domain.errors import InvalidRequest, UpstreamFailed
from tornado_gateway.domain.events import AttemptFailed, RequestFinished
from tornado_gateway.domain.money import PriceCard
from tornado_gateway.domain.policies import Timeouts
from tornado_gateway.domain.routes import Route, RouteTarget
from tornado_gateway.domain.stream import StreamBatch, TextDelta
from tornado_gateway.providers.pooled import PooledTransport
from tornado_gateway.providers.registry import ProviderRegistry, ProviderSpec

KEY = "sk-planted-key-of-the-provider"
ANSWER = (
    b'{"id":"chatcmpl-1","model":"gpt-4-0613","choices":[{"index":0,"message":{"role":"assistant","content":"Hi"},'
    b'"finish_reason":"stop","x_score":1.50e-7}],"usage":{"prompt_tokens":12,"completion_tokens":25,"total_tokens":37,'
    b'"x_billed":1.10},"x_of_tomorrow":{"n":12345678901234567890123,"f":1.10,"e":1E5,"u":"\\u00e9/"}}'
)
CHUNK = b'data: {"id":"c","choices":[{"index":0,"delta":{"content":"Hi"},"finish_reason":null}],"usage":null}\n\n'
STOP = b'data: {"id":"c","choices":[{"index":0,"delta":{},"finish_reason":"stop"}],"usage":null}\n\n'
USAGE = (
    b'data: {"id":"c","choices":[],"usage":{"prompt_tokens":12,"completion_tokens":25,"total_tokens":37,'
    b'"cost":9.99}}\n\n'
)
DONE = b"data: [DONE]\n\n"


@dataclass
class Upstream:
    """What a provider does with each connection, and what it saw."""

    behave: Callable[["Upstream", asyncio.StreamWriter], Awaitable[None]]
    port: int = 0
    heads: list[bytes] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    left: int = 0
    """Connections that the gateway hung up on."""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
                body = await reader.readexactly(length)
                self.heads.append(head)
                self.bodies.append(body)
                await self.behave(self, writer)
                if writer.is_closing():
                    return
        except asyncio.IncompleteReadError:
            self.left += 1
        except ConnectionError:
            self.left += 1
        finally:
            writer.close()

    @property
    def asked(self) -> dict[str, Any]:
        document: dict[str, Any] = json.loads(self.bodies[-1])
        return document


def answers(body: bytes, status: int = 200, *headers: str) -> Callable[[Upstream, asyncio.StreamWriter], Any]:
    async def behave(upstream: Upstream, writer: asyncio.StreamWriter) -> None:
        lines = [f"HTTP/1.1 {status} X", "Content-Type: application/json", f"Content-Length: {len(body)}", *headers]
        writer.write("\r\n".join(lines).encode() + b"\r\n\r\n" + body)
        await writer.drain()

    return behave


def streams(*pieces: bytes, cut: bool = False) -> Callable[[Upstream, asyncio.StreamWriter], Any]:
    async def behave(upstream: Upstream, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
        for piece in pieces:
            writer.write(b"%x\r\n%s\r\n" % (len(piece), piece))
            await writer.drain()
        if cut:
            writer.close()
        else:
            writer.write(b"0\r\n\r\n")

    return behave


async def silent(upstream: Upstream, writer: asyncio.StreamWriter) -> None:
    """Says nothing: only the gateway can end it."""


async def resets(upstream: Upstream, writer: asyncio.StreamWriter) -> None:
    writer.transport.abort()


async def hangs_up(upstream: Upstream, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n{")
    await writer.drain()
    writer.close()


async def speaks_no_http(upstream: Upstream, writer: asyncio.StreamWriter) -> None:
    writer.write(b"220 smtp.example ESMTP\r\n")
    writer.close()


@asynccontextmanager
async def through(
    behave: Callable[[Upstream, asyncio.StreamWriter], Any], *, seconds: float = 5.0, retries: int = 0, **more: Any
) -> AsyncIterator[tuple[Served, Upstream]]:
    """A gateway whose ``gpt-4`` is served by a provider that does as told."""
    upstream = Upstream(behave)
    listening = await asyncio.start_server(upstream.serve, "127.0.0.1", 0)
    upstream.port = listening.sockets[0].getsockname()[1]
    transport = PooledTransport()
    spec = ProviderSpec(
        "openai", "openai", f"http://127.0.0.1:{upstream.port}/v1", KEY, timeout=seconds, max_retries=retries
    )
    try:
        async with serving(ProviderRegistry(transport, QuickClock()).make(spec), **more) as served:
            yield served, upstream
            assert KEY not in repr(served.recorder.events)
    finally:
        await transport.aclose()
        listening.close()


async def post(served: Served, document: Any, path: str = "/v1/chat/completions", **headers: str) -> Any:
    answer = await served.client.post(path, json=document, headers=headers)
    assert KEY not in answer.text + str(answer.headers)
    return answer


# Whole answers


async def test_a_relayed_answer_is_the_providers_bytes_and_its_cost() -> None:
    async with through(answers(ANSWER)) as (served, upstream):
        answer = await post(served, chat())
        assert answer.content == ANSWER.replace(b'"x_billed":1.10}', b'"x_billed":1.10,"cost":0.00186}')
        assert b"authorization: bearer " + KEY.encode() in upstream.heads[0].lower()


async def test_unknown_members_reach_the_provider_byte_for_byte() -> None:
    odd = b'"x_of_tomorrow":{"n":12345678901234567890123,"f":1.10,"e":1E5,"u":"\\u00e9/"},"seed":1'
    async with through(answers(ANSWER)) as (served, upstream):
        client = await served.connect()
        await client.send(request(b'{"model":"gpt-4","messages":[{"role":"user","content":"H"}],' + odd + b"}"))
        assert (await client.answer())[0] == 200
        assert odd in upstream.bodies[0]
        assert b"stream" not in upstream.bodies[0]


async def test_the_headers_of_a_call() -> None:
    routes = [Route("gpt-4", (RouteTarget("openai", "gpt-4-turbo"),))]
    async with through(
        answers(ANSWER), routes=routes, cards=[PriceCard("openai/gpt-4-turbo", free=True, input=0, output=0)]
    ) as (served, upstream):
        headers = (await post(served, chat(), **{"X-Request-ID": "mine"})).headers
        assert headers["x-request-id"] == "mine"
        assert headers["x-gateway-provider"] == "openai"
        assert headers["x-gateway-model"] == "gpt-4-turbo"
        assert headers["x-gateway-attempts"] == "1"
        assert headers["x-gateway-revision"] == "aaaaaaaaaaaa"
        assert headers["x-gateway-cost"] == "0"
        timings = dict(part.strip().split(";dur=") for part in headers["server-timing"].split(","))
        assert set(timings) == {"upstream", "gateway"}
        assert all(float(spent) > 0 for spent in timings.values())
        assert upstream.asked["model"] == "gpt-4-turbo"


@pytest.mark.parametrize("path", ["/v1/completions", "/v1/chat/completions"])
async def test_the_cost_is_in_body_and_header_digit_by_digit(path: str) -> None:
    async with through(answers(ANSWER)) as (served, _):
        answer = await post(served, chat(), path)
        assert b'"cost":0.00186}' in answer.content
        assert answer.headers["x-gateway-cost"] == "0.00186"


async def test_an_unpriced_model_has_no_cost_and_not_zero() -> None:
    async with through(answers(ANSWER), cards=[], allow_unpriced=True) as (served, _):
        answer = await post(served, chat())
        assert answer.json()["usage"]["cost"] is None
        assert "x-gateway-cost" not in answer.headers


async def test_usage_that_the_provider_does_not_report_is_estimated() -> None:
    async with through(answers(b'{"id":"c","choices":[{"message":{"content":"Hi"}}]}')) as (served, _):
        answer = await post(served, chat())
        event = served.finished()
        assert event.usage.estimated
        assert event.cost.estimated
        assert event.usage.input > 0 < event.usage.output
        assert answer.headers["x-gateway-cost"] == event.cost.digits


async def test_trace_and_named_headers_go_on() -> None:
    parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    async with through(answers(ANSWER)) as (served, upstream):
        await post(served, chat(), traceparent=parent, tracestate="v=1", cookie="c=1", authorization="Bearer mine")
        head = upstream.heads[0].decode().lower()
        assert f"traceparent: {parent}\r\n" in head
        assert "tracestate: v=1\r\n" in head
        assert "cookie" not in head
        assert "mine" not in head


async def test_what_was_left_out_is_told() -> None:
    async with through(answers(ANSWER)) as (served, upstream):
        document = chat(max_tokens=5, cache_control={"type": "ephemeral"})
        answer = await post(served, document, "/v1/messages")
        assert (answer.status_code, answer.headers["x-gateway-dropped"]) == (200, "cache_control")
        assert "cache_control" not in upstream.asked


# Errors of the provider, the contract's table


def error_body(**members: Any) -> bytes:
    return json.dumps({"error": {"message": "Their words.", "type": "t", "code": "c", **members}}).encode()


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    ("status", "ours", "code", "message"),
    [
        (400, 400, "c", "Their words."),
        (404, 404, "c", "Their words."),
        (413, 413, "c", "Their words."),
        (422, 422, "c", "Their words."),
        (401, 502, "upstream_auth_failed", None),
        (403, 502, "upstream_auth_failed", None),
        (429, 429, "upstream_rate_limited", "Their words."),
        (500, 502, "upstream_failed", None),
        (503, 502, "upstream_failed", None),
        (504, 504, "upstream_timeout", None),
        (302, 502, "upstream_failed", None),
    ],
)
async def test_what_a_providers_status_becomes(
    stream: bool, status: int, ours: int, code: str, message: str | None
) -> None:
    async with through(answers(error_body(), status, "Retry-After: 7")) as (served, upstream):
        answer = await post(served, chat(stream=stream))
        error = answer.json()["error"]
        assert (answer.status_code, error["code"]) == (ours, code)
        assert set(error) == {"message", "type", "code", "param"}
        if message is not None:
            assert error["message"] == message
        assert answer.headers.get("retry-after") == ("7" if status in (429, 500, 503, 302) else None)
        assert answer.headers["x-gateway-provider"] == "openai"
        assert answer.headers["x-gateway-attempts"] == "1"
        assert answer.headers["access-control-allow-origin"] == "*"
        event = served.finished()
        assert (event.status, event.error) == (ours, code)
        assert len(upstream.bodies) == 1


async def test_a_rejection_without_a_code_has_ours() -> None:
    async with through(answers(b"<html>no</html>", 400)) as (served, _):
        assert (await post(served, chat())).json()["error"]["code"] == "upstream_rejected"


@pytest.mark.parametrize("status", [401, 403])
async def test_a_key_that_the_provider_quotes_is_not_passed_on(status: int) -> None:
    async with through(answers(error_body(message=f"Incorrect API key provided: {KEY}."), status)) as (served, _):
        await post(served, chat())
        await post(served, chat(stream=True))


@pytest.mark.parametrize("status", [400, 404, 429, 500])
async def test_a_key_is_not_passed_on_under_any_other_status_either(status: int) -> None:
    async with through(answers(error_body(message=f"The key {KEY} is odd."), status)) as (served, _):
        await post(served, chat())
        await post(served, chat(stream=True))


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    ("behave", "status", "code"),
    [
        (silent, 504, "upstream_timeout"),
        (resets, 502, "upstream_failed"),
        (speaks_no_http, 502, "upstream_failed"),
        (answers(b"garbled {"), 502, "upstream_failed"),
        (answers(b"[]"), 502, "upstream_failed"),
        (answers(b""), 502, "upstream_failed"),
        (hangs_up, 502, "upstream_failed"),
    ],
)
async def test_providers_that_misbehave(stream: bool, behave: Any, status: int, code: str) -> None:
    async with through(behave, seconds=0.3) as (served, _):
        answer = await post(served, chat(stream=stream))
        assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
        assert served.finished().error == code
        assert served.reported == []


@pytest.mark.parametrize("stream", [False, True])
async def test_nobody_at_the_providers_address(stream: bool) -> None:
    transport = PooledTransport()
    spec = ProviderSpec("openai", "openai", "http://127.0.0.1:9/v1", KEY, max_retries=0)
    async with serving(ProviderRegistry(transport, QuickClock()).make(spec)) as served:
        answer = await post(served, chat(stream=stream))
        assert (answer.status_code, answer.json()["error"]["code"]) == (502, "upstream_unreachable")
        assert "127.0.0.1" not in answer.text
    await transport.aclose()


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("behave", [answers(error_body(), 413), answers(b"{}", 500), answers(b"no JSON"), hangs_up])
async def test_a_call_that_failed_holds_no_memory_until_the_collector_comes(stream: bool, behave: Any) -> None:
    async with through(behave, retries=1) as (served, _):
        with uncollected() as found:
            await post(served, chat(stream=stream))
            await until(lambda: len(served.recorder.of(RequestFinished)) == 1)
            served.recorder.events.clear()
            await asyncio.sleep(0)
        assert found == []


async def test_nor_does_one_that_was_served_by_the_next_or_broke_in_the_middle() -> None:
    fallen = Route("gpt-4", (RouteTarget("off", "gpt-4"), RouteTarget("openai", "gpt-4")))
    failing = ScriptedProvider("off", script=[UpstreamFailed("No."), [StreamBatch((), error=UpstreamFailed("No."))]])
    answering = ScriptedProvider(script=[text_answer(), [StreamBatch((TextDelta("Hi"),)), UpstreamFailed("No.")]])
    async with serving(failing, answering, routes=[fallen]) as served:
        with uncollected() as found:
            assert (await post(served, chat())).status_code == 200
            assert "event: error" in (await post(served, chat(stream=True))).text
            for each in (served.recorder.events, failing.calls, answering.calls):
                each.clear()
        assert found == []


@contextmanager
def uncollected() -> Iterator[list[object]]:
    """Calls and contexts that nobody has any more at the end, and that are still there."""
    found: list[object] = []
    gc.collect()
    gc.disable()
    gc.set_debug(gc.DEBUG_SAVEALL)
    try:
        yield found
        gc.collect()
        found += [each for each in gc.garbage if isinstance(each, ModelCall | RequestContext)]
    finally:
        gc.set_debug(0)
        gc.garbage.clear()
        gc.enable()


async def test_it_is_asked_again_where_that_may_help() -> None:
    async def twice(upstream: Upstream, writer: asyncio.StreamWriter) -> None:
        answer = answers(ANSWER) if len(upstream.bodies) > 2 else answers(error_body(), 503)
        await answer(upstream, writer)

    async with through(twice, retries=2) as (served, upstream):
        answer = await post(served, chat())
        assert (answer.status_code, answer.headers["x-gateway-attempts"]) == (200, "3")
        assert served.clock.slept == [0.25, 0.5]
        assert upstream.bodies[0] == upstream.bodies[2]
        assert [event.will_retry for event in served.recorder.of(AttemptFailed)] == [True, True]
        served.finished()


# Streams


@pytest.mark.parametrize("asked", [None, {}, {"include_usage": False}, {"include_usage": True, "x": 1}])
async def test_usage_is_always_asked_for_and_passed_on_only_where_the_caller_did(asked: dict[str, Any] | None) -> None:
    async with through(streams(CHUNK, STOP, USAGE, DONE)) as (served, upstream):
        more = {} if asked is None else {"stream_options": asked}
        answer = await post(served, chat(stream=True, **more))
        assert upstream.asked["stream_options"] == {**(asked or {}), "include_usage": True}
        wanted = bool(asked and asked.get("include_usage"))
        # A vendor's own figure of that name gives way to the gateway's.
        priced = USAGE.replace(b'"cost":9.99', b'"cost":0.00186')
        assert answer.content == CHUNK + STOP + (priced if wanted else b"") + DONE
        event = served.finished()
        assert (event.usage.prompt_tokens, event.usage.completion_tokens, event.cost.digits) == (12, 25, "0.00186")
        assert not event.usage.estimated


@pytest.mark.parametrize("cut", [True, False], ids=["reset", "ended"])
async def test_a_stream_cut_off_after_it_began_says_so_in_band(cut: bool) -> None:
    async with through(streams(CHUNK, CHUNK, cut=cut)) as (served, _):
        answer = await post(served, chat(stream=True))
        assert answer.status_code == 200
        assert answer.content.startswith(CHUNK + CHUNK + b"event: error\ndata: ")
        assert b"[DONE]" not in answer.content
        event = served.finished()
        assert (event.status, event.error) == (502, "upstream_failed")
        assert event.usage.estimated
        assert event.cost is not None


@pytest.mark.parametrize("cut", [True, False], ids=["reset", "ended"])
async def test_a_stream_cut_off_before_it_began_has_a_status(cut: bool) -> None:
    async with through(streams(cut=cut)) as (served, _):
        answer = await post(served, chat(stream=True))
        assert (answer.status_code, answer.json()["error"]["code"]) == (502, "upstream_failed")


async def test_an_error_event_in_a_stream_that_began_well() -> None:
    broken = b'event: error\ndata: {"error":{"message":"Out of luck.","type":"server_error"}}\n\n'
    async with through(streams(CHUNK, broken)) as (served, _):
        answer = await post(served, chat(stream=True))
        assert answer.content.startswith(CHUNK)
        assert b"Out of luck." in events(answer.content)[-1]
        assert b"[DONE]" not in answer.content
        assert served.finished().error == "upstream_failed"


async def test_an_error_event_first_of_all_has_a_status() -> None:
    broken = b'data: {"error":{"message":"Slow down.","code":"rate_limit_exceeded"}}\n\n'
    async with through(streams(broken)) as (served, _):
        answer = await post(served, chat(stream=True))
        assert (answer.status_code, answer.json()["error"]["code"]) == (429, "upstream_rate_limited")


async def test_a_stream_without_usage_is_priced_by_estimate() -> None:
    async with through(streams(CHUNK, CHUNK, STOP, DONE)) as (served, _):
        answer = await post(served, chat(stream=True, stream_options={"include_usage": True}))
        event = served.finished()
        assert event.usage.estimated
        assert event.usage.output >= 2
        last = events(answer.content)[-2].removeprefix(b"data: ")
        assert json.loads(last)["choices"] == []
        assert event.cost.digits.encode() in last


async def test_a_silent_stream_is_given_up() -> None:
    async def behave(upstream: Upstream, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
        writer.write(b"%x\r\n%s\r\n" % (len(CHUNK), CHUNK))

    async with through(behave, seconds=0.3) as (served, upstream):
        answer = await post(served, chat(stream=True))
        assert b'"upstream_timeout"' in answer.content
        assert served.finished().status == 504
        await until(lambda: upstream.left == 1)


async def test_a_streams_headers() -> None:
    async with through(streams(CHUNK, STOP, USAGE, DONE)) as (served, _):
        headers = (await post(served, chat(stream=True), **{"X-Request-ID": "mine"})).headers
        assert headers["content-type"] == "text/event-stream"
        assert (headers["x-request-id"], headers["x-gateway-provider"]) == ("mine", "openai")
        assert (headers["x-gateway-model"], headers["x-gateway-attempts"]) == ("gpt-4", "1")
        assert "x-gateway-cost" not in headers
        assert "upstream;dur=" in headers["server-timing"]


async def test_the_provider_is_read_no_faster_than_the_client_reads() -> None:
    sent = 0

    async def floods(upstream: Upstream, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n")
        event = b'data: {"choices":[{"delta":{"content":"%s"}}]}\n\n' % (b"x" * 30_000)
        while True:
            writer.write(event)
            await writer.drain()
            sent += len(event)

    async with through(floods) as (served, upstream):
        client = await served.connect(buffer=4096)
        await client.send(request(chat(stream=True)))
        await client.head()
        before = -1
        while before != sent:
            before = sent
            await asyncio.sleep(0.2)
        # Four sockets' buffers, of the kernel's making.
        assert sent < 40_000_000
        client.reset()
        await until(lambda: upstream.left == 1)


# Clients that go away


@pytest.mark.parametrize("stream", [False, True])
async def test_a_client_that_leaves_while_the_provider_is_silent(stream: bool) -> None:
    async with through(silent) as (served, upstream):
        client = await served.connect()
        await client.send(request(chat(stream=stream)))
        await until(lambda: len(upstream.bodies) == 1)
        client.close()
        await until(lambda: upstream.left == 1, 1.0)
        await until(lambda: bool(served.recorder.of(RequestFinished)), 1.0)
        event = served.finished()
        assert (event.status, event.error) == (499, "client_closed")
        assert event.usage.estimated
        assert event.usage.input > 0
        assert event.cost is not None
        assert served.reported == []


async def test_a_client_that_leaves_in_the_pause_before_a_retry() -> None:
    provider = ScriptedProvider(script=[UpstreamFailed("no"), text_answer()], retries=1)
    async with serving(provider) as served:
        pausing = asyncio.Event()

        async def pause(seconds: float) -> None:
            pausing.set()
            await asyncio.sleep(60)

        served.clock.sleep = pause  # type: ignore[method-assign]
        client = await served.connect()
        await client.send(request(chat()))
        await pausing.wait()
        client.reset()
        await until(lambda: bool(served.recorder.of(RequestFinished)), 1.0)
        assert served.finished().status == 499
        assert len(provider.asked) == 1


async def test_a_client_that_leaves_with_more_requests_in_the_pipe() -> None:
    async with through(silent) as (served, upstream):
        client = await served.connect()
        await client.send(request(chat()) + request(chat()))
        await until(lambda: len(upstream.bodies) == 1)
        client.reset()
        await until(lambda: upstream.left == 1, 1.0)
        assert len(upstream.bodies) == 1


# What is refused before anybody is asked


@pytest.mark.parametrize(
    "content_type", [None, "", "text/plain", "application/x-www-form-urlencoded", "application/jsonp", "json"]
)
async def test_what_is_not_json_is_refused(content_type: str | None) -> None:
    provider = ScriptedProvider()
    async with serving(provider) as served:
        headers = {} if content_type is None else {"Content-Type": content_type}
        answer = await served.client.post("/v1/chat/completions", content=json.dumps(chat()), headers=headers)
        error = answer.json()["error"]
        assert (answer.status_code, error["code"]) == (415, "unsupported_media_type")
        assert provider.asked == []
        event = served.finished()
        assert (event.status, event.route, event.attempts) == (415, "unknown", 0)


@pytest.mark.parametrize(
    "content_type", ["application/json", "Application/JSON; charset=utf-8", "application/vnd.api+json"]
)
async def test_what_is_json_is_taken(content_type: str) -> None:
    async with serving(ScriptedProvider(script=[text_answer()])) as served:
        headers = {"Content-Type": content_type}
        answer = await served.client.post("/v1/chat/completions", content=json.dumps(chat()), headers=headers)
        assert answer.status_code == 200


@pytest.mark.parametrize(
    ("body", "param"),
    [
        (b"", None),
        (b"not json", None),
        (b"[]", None),
        (b"null", None),
        (b"{}", "model"),
        (b'{"model":"gpt-4"}', "messages"),
        (b'{"model":"gpt-4","messages":[]}', "messages"),
        (b'{"model":1,"messages":[{"role":"user","content":"x"}]}', "model"),
        (b'{"model":"gpt-4","messages":[{"content":"x"}]}', "messages[0].role"),
        (b'{"model":"gpt-4","messages":[{"role":"user","content":3}]}', "messages[0].content"),
        (b'{"model":"gpt-4","messages":[{"role":"user","content":"x"}],"temperature":"hot"}', "temperature"),
    ],
)
async def test_bodies_that_are_no_request_name_the_field(body: bytes, param: str | None) -> None:
    async with serving(ScriptedProvider()) as served:
        answer = await served.client.post(
            "/v1/chat/completions", content=body, headers={"Content-Type": "application/json"}
        )
        error = answer.json()["error"]
        assert (answer.status_code, error["code"]) == (400, "invalid_request")
        assert error["param"] == param
        if param is not None:
            assert error["message"].startswith(f"{param}: ")
        assert "x-request-id" in answer.headers
        assert answer.headers["x-gateway-attempts"] == "0"
        assert "x-gateway-provider" not in answer.headers
        assert served.finished().error == "invalid_request"


async def test_a_model_that_nobody_serves() -> None:
    async with serving(ScriptedProvider()) as served:
        error = (await post(served, chat("gpt-44"))).json()["error"]
        assert (error["code"], error["param"]) == ("model_not_found", "model")
        assert "'gpt-4'" in error["message"]
        assert served.finished().requested_model == "gpt-44"


async def test_a_model_without_a_price_and_one_without_a_key() -> None:
    off = ScriptedProvider("off", configured=False)
    routes = [Route("free", (RouteTarget("openai", "x"),)), Route("off", (RouteTarget("off", "gpt-4"),))]
    async with serving(ScriptedProvider(), off, routes=routes) as served:
        unpriced, unset = await post(served, chat("free")), await post(served, chat("off"))
        assert (unpriced.status_code, unpriced.json()["error"]["code"]) == (404, "model_not_priced")
        assert (unset.status_code, unset.json()["error"]["code"]) == (503, "provider_not_configured")


async def test_a_name_that_is_no_header_is_quoted() -> None:
    routes = [Route("*", (RouteTarget("openai"),))]
    cards = [PriceCard("openai/*", free=True, input=0, output=0)]
    async with serving(ScriptedProvider(script=[text_answer()]), routes=routes, cards=cards) as served:
        answer = await post(served, chat("a\r\nX-Evil: é"))
        assert answer.headers["x-gateway-model"] == "a%0D%0AX-Evil%3A%20%C3%A9"
        assert "x-evil" not in answer.headers


async def test_a_refusal_in_the_middle_of_a_call_is_the_callers_own_form() -> None:
    refusal = InvalidRequest("stop: too many.", param="stop")
    async with serving(ScriptedProvider(script=[refusal])) as served:
        answer = await served.client.post("/v1/messages", json=chat(max_tokens=1))
        document = answer.json()
        assert (answer.status_code, document["type"], document["error"]["type"]) == (
            400,
            "error",
            "invalid_request_error",
        )
        assert document["request_id"] == answer.headers["x-request-id"]


async def test_overhead_leaves_the_providers_time_out() -> None:
    async def behave(upstream: Upstream, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(0.2)
        await answers(ANSWER)(upstream, writer)

    async with through(behave) as (served, _):
        started = time.monotonic()
        answer = await post(served, chat())
        took = time.monotonic() - started
        event = served.finished()
        assert 0.2 <= event.upstream <= event.duration <= took
        assert event.overhead < 0.1
        own = float(answer.headers["server-timing"].split("gateway;dur=")[1])
        assert own < 100


async def test_a_streams_upstream_time_is_counted_once() -> None:
    async def behave(upstream: Upstream, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(0.2)
        await streams(CHUNK, STOP, USAGE, DONE)(upstream, writer)

    async with through(behave) as (served, _):
        answer = await post(served, chat(stream=True))
        event = served.finished()
        assert 0.2 <= event.upstream <= event.duration
        assert 0 < event.overhead < 0.1
        assert event.time_to_first_token > 0.2
        upstream, own = (float(part.split("dur=")[1]) for part in answer.headers["server-timing"].split(", "))
        # Counted twice it would be more than the whole call.
        assert 200 <= upstream <= event.duration * 1000
        assert 0 < own < 100


async def test_a_slow_upload_is_nobodys_time() -> None:
    routes = [Route("gpt-4", (RouteTarget("openai"),), timeouts=Timeouts(total=0.2))]
    async with serving(ScriptedProvider(script=[text_answer()]), routes=routes) as served:
        client = await served.connect()
        sent = request(chat())
        await client.send(sent[:-5])
        await asyncio.sleep(0.3)
        await client.send(sent[-5:])
        status, headers, _ = await client.answer()
        assert status == 200
        event = served.finished()
        assert event.duration < 0.2
        own = float(headers["server-timing"].rpartition("gateway;dur=")[2])
        assert own < 200


async def test_a_callers_own_deadline_counts_its_upload() -> None:
    provider = ScriptedProvider()
    async with serving(provider) as served:
        client = await served.connect()
        sent = request(chat(), headers=["X-Gateway-Timeout: 0.1"])
        await client.send(sent[:-5])
        await asyncio.sleep(0.2)
        await client.send(sent[-5:])
        status, headers, body = await client.answer()
        assert (status, headers["x-gateway-attempts"]) == (504, "0")
        assert b"within the 0.1 seconds" in body
        assert provider.asked == []


async def test_a_body_in_a_coding_is_told_so() -> None:
    async with serving(ScriptedProvider()) as served:
        headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
        answer = await served.client.post("/v1/chat/completions", content=gzip.compress(b"{}"), headers=headers)
        assert answer.status_code == 415
        assert "'gzip'" in answer.json()["error"]["message"]
        assert served.finished().error == "unsupported_media_type"
