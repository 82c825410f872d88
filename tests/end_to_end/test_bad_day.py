"""Deadlines, hedges, mirrors, endpoints and fallbacks by kind, as a caller sees them."""

import asyncio
import json
import time
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from tornado_gateway.__main__ import main

from .conftest import CHAT_ANSWER, STREAM, Double, Gateway, Seen, send_stream

CONFIG = """\
version: 1
server: {host: 127.0.0.1, port: 0}
providers:
  slow: {kind: openai, base_url: "${BASE}/slow/v1", api_key: k, max_retries: 0, timeouts: {first_token: 0.3, idle: 0.3}}
  quick: {kind: openai, base_url: "${BASE}/quick/v1", api_key: k, max_retries: 0}
  many:
    kind: openai
    base_url: "${BASE}/quick/v1"
    max_retries: 1
    endpoints: [{api_key: key-one}, {api_key: key-two}]
routes:
  slow: {provider: slow, model: m}
  total: {provider: slow, model: m, timeouts: {total: 0.2, first_token: 0.2, idle: 0.2}}
  many: {provider: many, model: m}
  hedged: {targets: [{provider: slow, model: m}, {provider: quick, model: m}], hedge: {after: 0.05}}
  mirrored: {provider: quick, model: m, mirror: {route: many, percent: 100}}
  small: {provider: slow, model: m, fallbacks: [{route: bigger, on: [context_length]}]}
  bigger: {provider: quick, model: big}
  "gpt-*": {provider: quick, model: "prod-*"}
pricing:
  unit: per_1k_tokens
  currency: USD
  models:
    slow/m: {input: 0.03, output: 0.06}
    quick/m: {input: 0.03, output: 0.06}
    quick/big: {input: 0.06, output: 0.12}
    quick/prod-*: {input: 0.03, output: 0.06}
    many/m: {input: 0.03, output: 0.06}
"""
TOO_LONG = {"error": {"message": "maximum context length is 8192 tokens", "code": "context_length_exceeded"}}


@pytest.fixture
def gateway(start: Callable[..., Gateway], upstream: Double) -> Gateway:
    return start(CONFIG, BASE=f"http://127.0.0.1:{upstream.port}")


def ask(gateway: Gateway, model: str, *, stream: bool = False, **headers: str) -> httpx.Response:
    document: dict[str, Any] = {"model": model, "messages": [{"role": "user", "content": "Hello"}], "stream": stream}
    return httpx.post(f"{gateway.url}/v1/chat/completions", json=document, headers=headers, timeout=20)


def by_path(**scripts: Any) -> Callable[[Any, Seen], Any]:
    """Another script for each provider, told by the first part of its path."""
    return lambda handler, seen: scripts[seen.path.split("/")[1]](handler, seen)


def answers(handler: Any, seen: Seen) -> Any:
    return send_stream(handler) if seen.body.get("stream") else handler.finish(CHAT_ANSWER)


async def sleeps(handler: Any, seen: Seen) -> None:
    await asyncio.sleep(2)


async def stalls(handler: Any, seen: Seen) -> None:
    handler.set_header("Content-Type", "text/event-stream")
    handler.write("".join(STREAM[:2]))
    await handler.flush()
    await asyncio.sleep(2)


def test_each_deadline_has_a_message_of_its_own(gateway: Gateway, upstream: Double) -> None:
    upstream.script = by_path(slow=sleeps)
    told = {
        "first_token": ask(gateway, "slow", stream=True),
        "total": ask(gateway, "total"),
        "caller": ask(gateway, "slow", **{"X-Gateway-Timeout": "0.2"}),
        "caller, streamed": ask(gateway, "slow", stream=True, **{"X-Gateway-Timeout": "0.1"}),
    }
    assert {answer.status_code for answer in told.values()} == {504}
    messages = {name: answer.json()["error"]["message"] for name, answer in told.items()}
    assert messages == {
        "first_token": "Provider 'slow' sent nothing within 0.3 seconds.",
        "total": "There was no answer within the 0.2 seconds that the whole call may take.",
        "caller": "There was no answer within the 0.2 seconds that the whole call may take.",
        "caller, streamed": "There was no answer within the 0.1 seconds that the whole call may take.",
    }
    assert {answer.json()["error"]["code"] for answer in told.values()} == {"upstream_timeout"}


def test_silence_in_a_stream_is_told_in_band(gateway: Gateway, upstream: Double) -> None:
    upstream.script = by_path(slow=stalls)
    answer = ask(gateway, "slow", stream=True)
    assert answer.status_code == 200
    assert "Hel" in answer.text
    assert "[DONE]" not in answer.text
    error = json.loads(answer.text.split("event: error\ndata: ")[1])["error"]
    assert error["message"] == "Provider 'slow' was silent for 0.3 seconds in its answer."


@pytest.mark.parametrize("stream", [False, True])
def test_the_second_target_answers_for_one_that_lets_wait(gateway: Gateway, upstream: Double, stream: bool) -> None:
    upstream.script = by_path(slow=sleeps, quick=answers)
    began = time.monotonic()
    answer = ask(gateway, "hedged", stream=stream)
    assert answer.status_code == 200
    assert time.monotonic() - began < 1
    assert (answer.headers["X-Gateway-Provider"], answer.headers["X-Gateway-Attempts"]) == ("quick", "2")
    (slow,) = [seen for seen in upstream.seen if seen.path.startswith("/slow")]
    assert slow.closed.wait(2)
    lost = 'gateway_upstream_attempts_total{model="m",outcome="abandoned",provider="slow"}'
    assert gateway.metric(lost) == 1
    assert gateway.metric("gateway_in_flight") == 0


@pytest.mark.parametrize("stream", [False, True])
def test_a_mirror_gets_a_copy_that_its_caller_never_sees(gateway: Gateway, upstream: Double, stream: bool) -> None:
    upstream.script = by_path(quick=answers)
    answer = ask(gateway, "mirrored", stream=stream)
    assert (answer.status_code, answer.headers["X-Gateway-Provider"]) == (200, "quick")
    copied = 'gateway_requests_total{model="m",provider="many",route="many",status="200"}'
    gateway.wait_until(lambda: gateway.metric(copied) == 1)
    assert len(upstream.seen) == 2
    assert gateway.metric('gateway_requests_total{model="m",provider="quick",route="mirrored",status="200"}') == 1


def test_a_key_that_is_limited_rests_and_the_other_is_used(gateway: Gateway, upstream: Double) -> None:
    def limits(handler: Any, seen: Seen) -> None:
        if seen.headers["Authorization"] == "Bearer key-one":
            handler.set_status(429)
            handler.set_header("Retry-After", "60")
            handler.finish('{"error":{"message":"slow down"}}')
        else:
            handler.finish(CHAT_ANSWER)

    upstream.script = by_path(quick=limits)
    answered = [ask(gateway, "many") for _ in range(4)]
    assert [answer.status_code for answer in answered] == [200] * 4
    keys = [seen.headers["Authorization"] for seen in upstream.seen]
    assert keys.count("Bearer key-one") == 1
    assert "key-one" not in httpx.get(f"{gateway.url}/health/ready").text


def test_a_prompt_that_is_too_long_goes_to_a_bigger_model(gateway: Gateway, upstream: Double) -> None:
    def refuses(handler: Any, seen: Seen) -> None:
        handler.set_status(400)
        handler.finish(json.dumps(TOO_LONG))

    upstream.script = by_path(slow=refuses, quick=answers)
    answer = ask(gateway, "small")
    assert (answer.status_code, answer.headers["X-Gateway-Model"]) == (200, "big")
    assert answer.headers["X-Gateway-Cost"] == "0.00372"
    assert ask(gateway, "slow").json()["error"]["code"] == "context_length_exceeded"


def test_a_pattern_takes_what_the_routes_stood_for(gateway: Gateway, upstream: Double) -> None:
    upstream.script = by_path(quick=answers)
    answer = ask(gateway, "gpt-4")
    assert (answer.status_code, answer.headers["X-Gateway-Model"]) == (200, "prod-4")
    assert upstream.seen[0].body["model"] == "prod-4"


def test_what_only_announces_an_answer_is_held_back(gateway: Gateway, upstream: Double) -> None:
    async def announces(handler: Any, seen: Seen) -> None:
        handler.set_header("Content-Type", "text/event-stream")
        handler.write(STREAM[0])
        await handler.flush()
        handler.finish('data: {"error":{"message":"overloaded","code":"500"}}\n\n')

    upstream.script = by_path(slow=announces, quick=answers)
    text = CONFIG.replace("hedge: {after: 0.05}", "strategy: priority")
    gateway.config.write_text(text)
    gateway.wait_until(lambda: gateway.metric('gateway_config_reloads_total{outcome="loaded"}') == 1)
    answer = ask(gateway, "hedged", stream=True)
    assert answer.headers["X-Gateway-Provider"] == "quick"
    assert answer.text == "".join(event for event in STREAM if '"choices":[]' not in event)


def test_explain_tells_the_state_in_a_running_gateway(
    gateway: Gateway, upstream: Double, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BASE", f"http://127.0.0.1:{upstream.port}")
    assert main(["explain", "many", "--config", str(gateway.config), "--at", gateway.url]) == 0
    assert "now: endpoint 0 closed, endpoint 1 closed" in capsys.readouterr().out
    assert main(["explain", "many", "--config", str(gateway.config), "--at", "http://127.0.0.1:1"]) == 1
    assert "no gateway answers" in capsys.readouterr().err
