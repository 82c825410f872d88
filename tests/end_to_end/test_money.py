"""What a call costs, told on every way out: every form against every kind of provider, whole and streamed, with all
that a price card can say, and worked out here by fractions."""

import json
from collections.abc import Callable, Iterator
from fractions import Fraction
from itertools import product
from typing import Any

import anthropic
import httpx
import openai
import pytest

from .conftest import Double, Gateway, Seen, send_stream
from .test_anthropic_sdk import delta, event

CARD = """\
{input: 0.03, output: 0.06, cached_input: 0.003, reasoning: 0.09, request: 0.0051, image: 0.04, batch: 0.5,
      priority: 1.75, tiers: [{above: 111, cached_input: 0.004}],
      off_peak: {factor: 0.3, hours: "00:00-12:00, 12:00-00:00"}}"""
CONFIG = f"""\
version: 1
server: {{host: 127.0.0.1, port: 0}}
providers:
  openai: {{kind: openai, base_url: "${{BASE}}/v1", api_key: sk-planted-provider-key, max_retries: 0}}
  claude: {{kind: anthropic, base_url: "${{BASE}}", api_key: sk-planted-provider-key, max_retries: 0}}
  gemini: {{kind: gemini, base_url: "${{BASE}}", api_key: sk-planted-provider-key, max_retries: 0}}
routes:
  openai: {{provider: openai, model: gpt-4}}
  claude: {{provider: claude, model: claude-x}}
  gemini: {{provider: gemini, model: gemini-x}}
pricing:
  unit: per_1k_tokens
  currency: USD
  models:
    openai/gpt-4:
      {CARD}
    claude/claude-x:
      {CARD}
    gemini/gemini-x:
      {CARD}
"""
FORMS = {
    "/v1/completions": {"messages": [{"role": "user", "content": "Hello!"}]},
    "/v1/chat/completions": {
        "messages": [{"role": "user", "content": "Hello!"}],
        "stream_options": {"include_usage": True},
    },
    "/v1/completions ": {"prompt": "Hello!", "stream_options": {"include_usage": True}},
    "/v1/responses": {"input": "Hello!"},
    "/v1/messages": {"max_tokens": 100, "messages": [{"role": "user", "content": "Hello!"}]},
}
TIERS = ("flex", "priority", "batch", "default")
HELLO: Any = [{"role": "user", "content": "Hello!"}]


def expected(tier: str, *, images: int = 0) -> Fraction:
    """112 tokens asked, of them 100 cached, and so beyond the tier's bound; 25 answered, of them 5 thoughts."""
    tokens = 12 * Fraction("0.03") + 100 * Fraction("0.004") + 20 * Fraction("0.06") + 5 * Fraction("0.09")
    factor = {"flex": Fraction("0.5"), "batch": Fraction("0.5"), "priority": Fraction("1.75")}.get(tier, Fraction(1))
    return (tokens / 1000 + Fraction("0.0051") + images * Fraction("0.04")) * factor * Fraction("0.3")


# What the providers say


CHAT_USAGE = {
    "prompt_tokens": 112,
    "completion_tokens": 25,
    "total_tokens": 137,
    "prompt_tokens_details": {"cached_tokens": 100},
    "completion_tokens_details": {"reasoning_tokens": 5},
}
PICTURE = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}


def chat_events(tier: str, delta: dict[str, Any], kind: str = "chat.completion.chunk") -> Iterator[str]:
    head = {"id": "c", "object": kind, "created": 1, "model": "m", "service_tier": tier}
    text = {"text": "Hello!"} if kind == "text_completion" else {"delta": delta}
    end = {"text": ""} if kind == "text_completion" else {"delta": {}}
    for choices, usage in (
        ([{"index": 0, **text, "finish_reason": None}], None),
        ([{"index": 0, **end, "finish_reason": "stop"}], None),
        ([], CHAT_USAGE),
    ):
        yield f"data: {json.dumps({**head, 'choices': choices, 'usage': usage}, separators=(',', ':'))}\n\n"
    yield "data: [DONE]\n\n"


def response(tier: str) -> dict[str, Any]:
    return {
        "id": "resp_1", "object": "response", "created_at": 1, "status": "completed", "model": "m",
        "output": [{"id": "msg_1", "type": "message", "status": "completed", "role": "assistant",
                    "content": [{"type": "output_text", "text": "Hello!", "annotations": []}]}],
        "parallel_tool_calls": True, "tool_choice": "auto", "tools": [], "service_tier": tier,
        "usage": {"input_tokens": 112, "input_tokens_details": {"cached_tokens": 100}, "output_tokens": 25,
                  "output_tokens_details": {"reasoning_tokens": 5}, "total_tokens": 137},
    }  # fmt: skip


def message(tier: str) -> dict[str, Any]:
    usage = {
        "input_tokens": 12, "cache_read_input_tokens": 100, "output_tokens": 25, "service_tier": tier,
        "output_tokens_details": {"thinking_tokens": 5},
    }  # fmt: skip
    return {
        "id": "msg_1", "type": "message", "role": "assistant", "model": "m", "usage": usage, "stop_reason": "end_turn",
        "content": [{"type": "text", "text": "Hello!"}], "stop_sequence": None,
    }  # fmt: skip


def message_events(tier: str) -> list[str]:
    whole = message(tier)
    early = {**whole["usage"], "output_tokens": 1, "output_tokens_details": None}
    late = {"output_tokens": 25, "output_tokens_details": {"thinking_tokens": 5}}
    return [
        event("message_start", message={**whole, "content": [], "stop_reason": None, "usage": early}),
        event("content_block_start", index=0, content_block={"type": "text", "text": ""}),
        delta(0, type="text_delta", text="Hello!"),
        event("content_block_stop", index=0),
        event("message_delta", delta={"stop_reason": "end_turn", "stop_sequence": None}, usage=late),
        event("message_stop"),
    ]


def generated(tier: str, parts: list[dict[str, Any]]) -> dict[str, Any]:
    usage = {
        "promptTokenCount": 112, "cachedContentTokenCount": 100, "candidatesTokenCount": 20, "thoughtsTokenCount": 5,
        "totalTokenCount": 137, "serviceTier": tier,
    }  # fmt: skip
    candidate = {"content": {"role": "model", "parts": parts}, "finishReason": "STOP", "index": 0}
    return {"candidates": [candidate], "usageMetadata": usage, "modelVersion": "m"}


def answering(tier: str, images: int = 0) -> Callable[[Any, Seen], Any]:
    """An upstream that speaks all their protocols, by the path asked."""

    def script(handler: Any, seen: Seen) -> Any:
        streamed = seen.body.get("stream") or "streamGenerateContent" in seen.path
        said: dict[str, Any] = {"role": "assistant", "content": "Hello!"}
        if images:
            said["images"] = [PICTURE] * images
        if "enerateContent" in seen.path:
            picture = {"inlineData": {"mimeType": "image/png", "data": "AAAA"}}
            body = json.dumps(generated(tier, [{"text": "Hello!"}, *[picture] * images]))
            return send_stream(handler, [f"data: {body}\r\n\r\n"]) if streamed else handler.finish(body)
        if seen.path.endswith("/messages"):
            return send_stream(handler, message_events(tier)) if streamed else handler.finish(json.dumps(message(tier)))
        if seen.path.endswith("/responses"):
            done = event("response.completed", sequence_number=0, response=response(tier))
            return send_stream(handler, [done]) if streamed else handler.finish(json.dumps(response(tier)))
        if seen.path.endswith("/embeddings"):
            vector = {"object": "embedding", "index": 0, "embedding": [0.5]}
            usage = {"prompt_tokens": 112, "total_tokens": 112, "prompt_tokens_details": {"cached_tokens": 100}}
            return handler.finish(json.dumps({"object": "list", "data": [vector], "model": "m", "usage": usage}))
        legacy = not seen.path.endswith("/chat/completions")
        if streamed:
            return send_stream(
                handler, [*chat_events(tier, said, "text_completion" if legacy else "chat.completion.chunk")]
            )
        choice = {"index": 0, "finish_reason": "stop", "logprobs": None}
        choice |= {"text": "Hello!"} if legacy else {"message": said}
        body = {"id": "c", "created": 1, "model": "m", "choices": [choice], "usage": CHAT_USAGE, "service_tier": tier}
        return handler.finish(json.dumps({**body, "object": "text_completion" if legacy else "chat.completion"}))

    return script


# What the gateway tells


@pytest.fixture
def gateway(start: Callable[..., Gateway], upstream: Double) -> Gateway:
    return start(CONFIG, BASE=f"http://127.0.0.1:{upstream.port}")


@pytest.fixture
def client(gateway: Gateway) -> Iterator[httpx.Client]:
    headers = {"X-Gateway-Receipt": "true"}
    with httpx.Client(base_url=gateway.url, headers=headers, trust_env=False, verify=False) as made:
        yield made


def ask(client: httpx.Client, path: str, model: str, *, stream: bool) -> httpx.Response:
    document = {"model": model, "stream": stream, **FORMS[path]}
    if not stream:
        document.pop("stream_options", None)
    answer = client.post(path.strip(), json=document)
    assert answer.status_code == 200, answer.text
    return answer


def costs_in(body: str) -> set[str]:
    """Every cost in an answer's body, digit by digit."""
    found = body.split('"cost":')[1:]
    return {text[: min(text.index(end) for end in ",}" if end in text)] for text in found} - {"null"}


def receipt_of(answer: httpx.Response, *, stream: bool) -> Any:
    if not stream:
        return json.loads(answer.headers["x-gateway-receipt"])
    (comment,) = [line for line in answer.text.splitlines() if line.startswith(": receipt ")]
    return json.loads(comment.removeprefix(": receipt "))


def check(receipt: Any, cost: Fraction) -> None:
    """To the digit, and adding up."""
    assert Fraction(receipt["total"]) == cost
    total = Fraction(0)
    for item in receipt["items"]:
        assert Fraction(item["amount"]) == item["count"] * Fraction(item["rate"]) / item["per"]
        total += Fraction(item["amount"])
    for factor in receipt["factors"].values():
        total *= Fraction(factor)
    assert total == cost
    assert receipt["estimated"] is False


def test_every_form_tells_the_same_cost_of_every_kind(client: httpx.Client, upstream: Double) -> None:
    counts = {"input": 12, "cached_input": 100, "output": 20, "reasoning": 5, "request": 1}
    for tier, path, model, stream in product(TIERS, FORMS, ("openai", "claude", "gemini"), (False, True)):
        upstream.script = answering(tier)
        answer = ask(client, path, model, stream=stream)
        where = (tier, path, model, stream)
        receipt = receipt_of(answer, stream=stream)
        check(receipt, expected(tier))
        assert receipt["row"].startswith(f"{model}/"), where
        assert receipt["revision"] == answer.headers["x-gateway-revision"], where
        assert {item["bucket"]: item["count"] for item in receipt["items"]} == counts, where
        assert costs_in(answer.text) == (set() if path == "/v1/messages" else {receipt["total"]}), where
        assert stream or answer.headers["x-gateway-cost"] == receipt["total"], where


def test_images_and_embeddings(client: httpx.Client, upstream: Double) -> None:
    upstream.script = answering("flex", images=3)
    pairs = [("/v1/chat/completions", "openai"), *product(("/v1/completions", "/v1/messages"), ("gemini",))]
    for (path, model), stream in product([*pairs, ("/v1/chat/completions", "gemini")], (False, True)):
        receipt = receipt_of(ask(client, path, model, stream=stream), stream=stream)
        check(receipt, expected("flex", images=3))
        assert {"bucket": "image", "count": 3, "rate": "0.04", "per": 1, "amount": "0.12"} in receipt["items"]

    answer = client.post("/v1/embeddings", json={"model": "openai", "input": "Hello!"})
    cost = (12 * Fraction("0.03") + 100 * Fraction("0.004")) / 1000 + Fraction("0.0051")
    check(receipt_of(answer, stream=False), cost * Fraction("0.3"))
    assert costs_in(answer.text) == {answer.headers["x-gateway-cost"]}


def test_the_sdks_read_answers_and_streams_with_a_receipt(gateway: Gateway, upstream: Double) -> None:
    upstream.script = answering("batch")
    headers = {"X-Gateway-Receipt": "true"}
    client = openai.OpenAI(base_url=f"{gateway.url}/v1", api_key="k", max_retries=0, default_headers=headers)
    claude = anthropic.Anthropic(base_url=gateway.url, api_key="k", max_retries=0, default_headers=headers)
    for model in ("openai", "claude", "gemini"):
        raw = client.chat.completions.with_raw_response.create(model=model, messages=HELLO)
        check(json.loads(raw.headers["X-Gateway-Receipt"]), expected("batch"))
        raw_message = claude.messages.with_raw_response.create(model=model, max_tokens=100, messages=HELLO)
        check(json.loads(raw_message.headers["X-Gateway-Receipt"]), expected("batch"))
        with client.chat.completions.stream(model=model, messages=HELLO) as chat:
            assert chat.get_final_completion().choices[0].message.content == "Hello!"
        pieces = client.completions.create(model=model, prompt="Hello!", stream=True)
        assert "".join(piece.choices[0].text for piece in pieces if piece.choices) == "Hello!"
        events = client.responses.create(model=model, input="Hello!", stream=True)
        (response,) = [event.response for event in events if event.type == "response.completed"]
        assert response.output_text == "Hello!"
        with claude.messages.stream(model=model, max_tokens=100, messages=HELLO) as messages:
            assert messages.get_final_text() == "Hello!"
