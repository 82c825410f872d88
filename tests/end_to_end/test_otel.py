"""Traces and metrics of a gateway put together as it runs, over real sockets, as an OTLP receiver has them."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from tornado.netutil import bind_sockets

from tests.end_to_end.conftest import STREAM, Double, send_stream
from tests.otlp import Receiver, attributes, receiving
from tests.serving import chat
from tornado_gateway.bootstrap import make_runtime
from tornado_gateway.config.build import load

SERVER, CLIENT = 2, 3
ERROR = 2
PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
PLANTED = "planted-prompt-of-a-caller"
CONFIG = """\
version: 1
otel: {{endpoint: "{endpoint}", headers: {{authorization: "Bearer of-the-receiver"}}, service_name: gw-test{more}}}
providers:
  echo: {{kind: echo, pause: 0}}
  openai: {{kind: openai, base_url: "{upstream}", api_key: sk-of-the-provider, max_retries: 1}}
  second: {{kind: openai, base_url: "{upstream}", api_key: sk-of-the-second, max_retries: 0}}
routes:
  echo4: {{provider: echo}}
  gpt-4: {{provider: openai}}
  safe: {{targets: [{{provider: second, model: gpt-4}}], fallbacks: [echo4]}}
  fast: {{targets: [{{provider: second, model: gpt-4}}, {{provider: openai, model: gpt-4}}], hedge: {{after: 0.05}}}}
pricing:
  unit: per_1k_tokens
  currency: USD
  models:
    echo/echo4: {{free: true}}
    openai/gpt-4: {{input: 0.03, output: 0.06}}
    second/gpt-4: {{input: 0.03, output: 0.06}}
"""


@asynccontextmanager
async def gateway(folder: Path, receiver: Receiver | str, upstream: Double, more: str = "") -> AsyncIterator[Any]:
    """A client of a running gateway; when it is left the gateway has ended, and what it had to send is sent."""
    endpoint = receiver if isinstance(receiver, str) else receiver.url
    path = folder / "gateway.yaml"
    path.write_text(CONFIG.format(endpoint=endpoint, upstream=upstream.url, more=more))
    runtime = make_runtime(load(path, {}))
    sockets = bind_sockets(0, "127.0.0.1")
    await runtime.start(sockets)
    url = f"http://127.0.0.1:{sockets[0].getsockname()[1]}"
    try:
        async with httpx.AsyncClient(base_url=url, trust_env=False, timeout=10) as client:
            yield client
    finally:
        await runtime.drain()
        await runtime.close()


async def ask(client: httpx.AsyncClient, model: str, parent: str | None = PARENT, **more: Any) -> httpx.Response:
    document = chat(model, **more)
    document["messages"][0]["content"] = PLANTED
    headers = {} if parent is None else {"traceparent": parent}
    return await client.post("/v1/chat/completions", json=document, headers=headers)


def fails(times: int, status: int = 500) -> Callable[..., Any]:
    """An upstream that fails so often and then answers."""
    left = [times]

    def script(handler: Any, seen: Any) -> None:
        if left[0]:
            left[0] -= 1
            handler.set_status(status)
            handler.finish('{"error":{"message":"no"}}')
            return
        handler.finish(ANSWER)

    return script


ANSWER = json.dumps(
    {
        "id": "chatcmpl-abc",
        "object": "chat.completion",
        "model": "gpt-4-0613",
        "choices": [
            {"index": 0, "message": {"role": "assistant", "content": "planted-answer"}, "finish_reason": "stop"}
        ],
        "usage": {"prompt_tokens": 12, "completion_tokens": 25, "total_tokens": 37},
    }
)


async def test_a_whole_call_in_the_words_of_the_conventions(tmp_path: Path, upstream: Double) -> None:
    upstream.script = fails(0)
    with receiving() as receiver:
        async with gateway(tmp_path, receiver, upstream) as client:
            answer = await ask(client, "gpt-4")
            request_id = answer.headers["x-request-id"]
        call, attempt = receiver.span("chat gpt-4", SERVER), receiver.span("chat gpt-4", CLIENT)
    assert call.trace_id.hex() == attempt.trace_id.hex() == PARENT[3:35]
    assert call.parent_span_id.hex() == PARENT[36:52]
    assert attempt.parent_span_id == call.span_id
    assert upstream.seen[0].headers["Traceparent"] == f"00-{PARENT[3:35]}-{attempt.span_id.hex()}-01"
    assert call.start_time_unix_nano <= attempt.start_time_unix_nano <= attempt.end_time_unix_nano
    assert attempt.end_time_unix_nano <= call.end_time_unix_nano
    told = attributes(call)
    assert told.pop("gateway.overhead") > 0
    revision = told.pop("gateway.revision")
    assert len(revision) == 12
    answered = {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "openai",
        "gen_ai.request.model": "gpt-4",
        "gen_ai.response.model": "gpt-4-0613",
        "gen_ai.response.finish_reasons": ["stop"],
        "gen_ai.usage.input_tokens": 12,
        "gen_ai.usage.output_tokens": 25,
        "gateway.route": "gpt-4",
        "gateway.provider": "openai",
    }
    assert told == {
        **answered,
        "gateway.request_id": request_id,
        "gateway.model": "gpt-4",
        "gateway.dialect": "openai.chat",
        "gateway.attempts": 1,
        "gateway.cost": "0.00186",
        "gateway.cost.currency": "USD",
        "http.response.status_code": 200,
    }
    assert attributes(attempt) == {
        **answered,
        "server.address": "127.0.0.1",
        "server.port": upstream.port,
        "gateway.endpoint": 0,
        "gateway.attempt": 1,
    }
    (who,) = {json.dumps(attributes(each.resource)) for sent in receiver.traces for each in sent.resource_spans}
    assert json.loads(who)["service.name"] == "gw-test"
    assert receiver.headers[0]["authorization"] == "Bearer of-the-receiver"
    assert PLANTED not in str(receiver.traces) + str(receiver.metrics)
    assert "planted-answer" not in str(receiver.traces)


async def test_the_histograms_beside_it(tmp_path: Path, upstream: Double) -> None:
    upstream.script = fails(0)
    with receiving() as receiver:
        async with gateway(tmp_path, receiver, upstream) as client:
            for _ in range(3):
                await ask(client, "gpt-4", parent=PARENT[:-2] + "00")
        points = {attributes(each)["gen_ai.token.type"]: each for each in receiver.points("gen_ai.client.token.usage")}
        (duration,) = receiver.points("gen_ai.client.operation.duration")
        assert receiver.spans() == [], "the caller's trace is not sampled"
    assert (points["input"].sum, points["output"].sum, points["input"].count) == (36, 75, 3)
    assert list(points["input"].bucket_counts)[2] == 3, "12 lies above 4 and up to 16"
    assert attributes(duration) == {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "openai",
        "gen_ai.request.model": "gpt-4",
    }
    assert duration.count == 3
    assert upstream.seen[0].headers["Traceparent"] == PARENT[:-2] + "00"


async def test_a_stream_tells_when_its_first_chunk_came(tmp_path: Path, upstream: Double) -> None:
    upstream.script = lambda handler, seen: send_stream(handler)
    with receiving() as receiver:
        async with gateway(tmp_path, receiver, upstream) as client:
            await ask(client, "gpt-4", parent=None, stream=True)
        call, attempt = receiver.span("chat gpt-4", SERVER), receiver.span("chat gpt-4", CLIENT)
        assert receiver.points("gen_ai.client.operation.time_to_first_chunk")[0].count == 1
    assert call.parent_span_id == b""
    assert call.flags & 1
    for span in (call, attempt):
        told = attributes(span)
        assert told["gen_ai.request.stream"] is True
        assert 0 < told["gen_ai.response.time_to_first_chunk"] < 5
        assert told["gen_ai.response.model"] == "gpt-4-0613"
        assert told["gen_ai.usage.output_tokens"] == 25


async def test_tries_that_failed_are_children_too(tmp_path: Path, upstream: Double) -> None:
    upstream.script = fails(1)
    with receiving() as receiver:
        async with gateway(tmp_path, receiver, upstream) as client:
            assert (await ask(client, "gpt-4")).status_code == 200
        spans = receiver.spans()
    call = next(span for span in spans if span.kind == SERVER)
    failed, won = [span for span in spans if span.kind == CLIENT]
    assert {failed.parent_span_id, won.parent_span_id} == {call.span_id}
    assert failed.span_id != won.span_id
    assert (failed.status.code, won.status.code, call.status.code) == (ERROR, 0, 0)
    assert attributes(failed)["error.type"] == "upstream_failed"
    assert "gen_ai.usage.input_tokens" not in attributes(failed)
    assert attributes(failed)["server.port"] == upstream.port
    assert (attributes(call)["gateway.attempts"], attributes(won)["gateway.attempt"]) == (2, 2)
    assert [seen.headers["Traceparent"][36:52] for seen in upstream.seen] == [failed.span_id.hex(), won.span_id.hex()]


async def test_a_fallback_and_a_call_that_nobody_answers(tmp_path: Path, upstream: Double) -> None:
    upstream.script = fails(99)
    with receiving() as receiver:
        async with gateway(tmp_path, receiver, upstream) as client:
            assert (await ask(client, "safe")).status_code == 200
            assert (await ask(client, "gpt-4")).status_code == 502
            assert (await ask(client, "nobody")).status_code == 404
        spans = receiver.spans()
    safe, failed, unknown = [span for span in spans if span.kind == SERVER]
    tries = [attributes(span) for span in spans if span.parent_span_id == safe.span_id]
    assert [(each["gateway.provider"], each["gateway.route"]) for each in tries] == [
        ("second", "safe"),
        ("echo", "echo4"),
    ]
    assert (safe.name, attributes(safe)["gen_ai.provider.name"]) == ("chat safe", "echo")
    assert (failed.status.code, attributes(failed)["error.type"]) == (ERROR, "upstream_failed")
    assert (unknown.name, unknown.status.code) == ("chat", 0)
    assert attributes(unknown)["error.type"] == "model_not_found"


async def test_the_loser_of_a_race_was_abandoned(tmp_path: Path, upstream: Double) -> None:
    async def script(handler: Any, seen: Any) -> None:
        if len(upstream.seen) == 1:
            await asyncio.wait_for(asyncio.to_thread(seen.closed.wait, 5), 6)
            return
        handler.finish(ANSWER)

    upstream.script = script
    with receiving() as receiver:
        async with gateway(tmp_path, receiver, upstream) as client:
            assert (await ask(client, "fast")).headers["x-gateway-provider"] == "openai"
        lost, won = [span for span in receiver.spans() if span.kind == CLIENT]
    assert (attributes(lost)["gateway.provider"], attributes(lost)["error.type"]) == ("second", "abandoned")
    assert (lost.status.code, "error.type" in attributes(won)) == (0, False)
    assert lost.end_time_unix_nano > lost.start_time_unix_nano


async def test_a_client_that_leaves(tmp_path: Path, upstream: Double) -> None:
    async def script(handler: Any, seen: Any) -> None:
        await asyncio.wait_for(asyncio.to_thread(seen.closed.wait, 5), 6)

    upstream.script = script
    with receiving() as receiver:
        async with gateway(tmp_path, receiver, upstream) as client:
            with pytest.raises(httpx.TimeoutException):
                await client.post("/v1/chat/completions", json=chat("gpt-4"), timeout=0.3)
        call, attempt = receiver.span("chat gpt-4", SERVER), receiver.span("chat gpt-4", CLIENT)
    assert (attributes(call)["error.type"], attributes(attempt)["error.type"]) == ("client_closed", "client_closed")
    assert (call.status.code, attempt.status.code) == (0, 0)
    assert attributes(call)["gateway.usage.estimated"] is True


@pytest.mark.parametrize("stream", [False, True])
async def test_prompt_and_answer_where_they_are_asked_for(tmp_path: Path, upstream: Double, stream: bool) -> None:
    upstream.script = (lambda handler, seen: send_stream(handler, STREAM)) if stream else fails(0)
    with receiving() as receiver:
        async with gateway(tmp_path, receiver, upstream, ", capture_content: true") as client:
            await ask(client, "gpt-4", stream=stream)
        call, attempt = receiver.span("chat gpt-4", SERVER), receiver.span("chat gpt-4", CLIENT)
    for span in (call, attempt):
        told = attributes(span)
        asked = [{"role": "user", "parts": [{"type": "text", "content": PLANTED}]}]
        assert json.loads(told["gen_ai.input.messages"]) == asked
        (said,) = json.loads(told["gen_ai.output.messages"])
        assert said["parts"] == [{"type": "text", "content": "Hello!" if stream else "planted-answer"}]
        assert (said["role"], said["finish_reason"]) == ("assistant", "stop")
    assert "sk-of-the" not in str(receiver.traces)


async def test_a_receiver_that_is_not_there_harms_nobody_and_is_counted(
    tmp_path: Path, upstream: Double, unused_port: int
) -> None:
    upstream.script = fails(0)
    async with gateway(tmp_path, f"http://127.0.0.1:{unused_port}", upstream) as client:
        for _ in range(5):
            assert (await ask(client, "gpt-4")).status_code == 200
        page = (await client.get("/metrics")).text
        assert 'gateway_events_dropped_total{subscriber="otel"} 0.0' in page
        assert 'gateway_events_dropped_total{subscriber="otel_export"}' in page


async def test_without_the_section_the_header_goes_on_untouched_and_nothing_is_imported(
    tmp_path: Path, upstream: Double
) -> None:
    upstream.script = fails(0)
    async with gateway(tmp_path, "", upstream) as client:
        await ask(client, "gpt-4")
        assert "otel" not in (await client.get("/metrics")).text
    assert upstream.seen[0].headers["Traceparent"] == PARENT


@pytest.fixture
def unused_port() -> int:
    (sock,) = bind_sockets(0, "127.0.0.1")
    port = int(sock.getsockname()[1])
    sock.close()
    return port
