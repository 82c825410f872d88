"""Every client against every kind of provider: one upstream double speaks all their protocols, by the path asked."""

import json
from collections.abc import Callable
from typing import Any

import anthropic
import openai
import pytest
from google.genai import types as gemini
from langchain_anthropic import ChatAnthropic
from langchain_openai import ChatOpenAI
from pydantic import SecretStr

from .conftest import CHAT_ANSWER, STREAM, Double, Gateway, Seen, send_stream
from .test_anthropic_sdk import MESSAGE, delta, event

CONFIG = """\
version: 1
server: {host: 127.0.0.1, port: 0}
providers:
  openai: {kind: openai, base_url: "${BASE}/v1", api_key: sk-planted-provider-key, max_retries: 0}
  azure:
    {kind: azure_openai, base_url: "${BASE}", api_key: sk-planted-key, api_version: "2024-10-21", max_retries: 0}
  groq:
    {kind: openai_compatible, vendor: groq, base_url: "${BASE}/v1", api_key: sk-planted-provider-key, max_retries: 0}
  claude: {kind: anthropic, base_url: "${BASE}", api_key: sk-planted-provider-key, max_retries: 0}
  gemini: {kind: gemini, base_url: "${BASE}", api_key: sk-planted-provider-key, max_retries: 0}
  echo: {kind: echo, pause: 0}
routes:
  openai: {provider: openai, model: gpt-4}
  azure: {provider: azure, model: dep}
  groq: {provider: groq, model: llama}
  claude: {provider: claude, model: claude-sonnet-4-5}
  gemini: {provider: gemini, model: gemini-2.5-flash}
  echo: {provider: echo, model: echo4}
pricing:
  unit: per_1k_tokens
  currency: USD
  models:
    openai/gpt-4: {input: 0.03, output: 0.06}
    azure/dep: {input: 0.03, output: 0.06}
    groq/llama: {input: 0.03, output: 0.06}
    claude/claude-sonnet-4-5: {input: 0.03, output: 0.06}
    gemini/gemini-2.5-flash: {input: 0.03, output: 0.06}
    echo/echo4: {free: true}
"""

KINDS = ("openai", "azure", "groq", "claude", "gemini", "echo")
HELLO: Any = [{"role": "user", "content": "Hello!"}]

TEXT = {
    **MESSAGE,
    "content": [{"type": "text", "text": "Hello!"}],
    "stop_reason": "end_turn",
    "usage": {"input_tokens": 12, "output_tokens": 25},
}
CLAUDE_STREAM = [
    event("message_start", message={**TEXT, "content": [], "stop_reason": None}),
    event("content_block_start", index=0, content_block={"type": "text", "text": ""}),
    delta(0, type="text_delta", text="Hel"),
    delta(0, type="text_delta", text="lo!"),
    event("content_block_stop", index=0),
    event("message_delta", delta={"stop_reason": "end_turn", "stop_sequence": None}, usage={"output_tokens": 25}),
    event("message_stop"),
]
RESPONSE = {
    "id": "resp_1",
    "object": "response",
    "created_at": 1700000000,
    "status": "completed",
    "model": "gpt-4",
    "output": [
        {
            "id": "msg_1",
            "type": "message",
            "status": "completed",
            "role": "assistant",
            "content": [{"type": "output_text", "text": "Hello!", "annotations": []}],
        }
    ],
    "parallel_tool_calls": True,
    "tool_choice": "auto",
    "tools": [],
    "usage": {
        "input_tokens": 12,
        "input_tokens_details": {"cached_tokens": 0},
        "output_tokens": 25,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": 37,
    },
}
USAGE = {"prompt_tokens": 12, "completion_tokens": 25, "total_tokens": 37}
COMPLETION = {
    "id": "cmpl-1",
    "object": "text_completion",
    "created": 1700000000,
    "model": "m",
    "choices": [{"text": "Hello!", "index": 0, "finish_reason": "stop", "logprobs": None}],
    "usage": USAGE,
}


def generated(text: str, *, last: bool) -> str:
    """An answer of Gemini's, in its SDK's own types."""
    part = gemini.Part(text=text)
    candidate = gemini.Candidate(
        content=gemini.Content(role="model", parts=[part]),
        finish_reason=gemini.FinishReason.STOP if last else None,
        index=0,
    )
    usage = gemini.GenerateContentResponseUsageMetadata(
        prompt_token_count=12, candidates_token_count=25, total_token_count=37
    )
    answer = gemini.GenerateContentResponse(candidates=[candidate], usage_metadata=usage, model_version="gemini-2.5")
    return answer.model_dump_json(by_alias=True, exclude_none=True, exclude={"sdk_http_response"})


def polyglot(handler: Any, seen: Seen) -> Any:
    streamed = seen.body.get("stream") or "streamGenerateContent" in seen.path
    if "enerateContent" in seen.path:
        if streamed:
            events = [f"data: {generated('Hel', last=False)}\r\n\r\n", f"data: {generated('lo!', last=True)}\r\n\r\n"]
            return send_stream(handler, events)
        return handler.finish(generated("Hello!", last=True))
    if seen.path.endswith("/messages"):
        return send_stream(handler, CLAUDE_STREAM) if streamed else handler.finish(json.dumps(TEXT))
    if seen.path.endswith("/responses"):
        done = {"type": "response.completed", "sequence_number": 0, "response": RESPONSE}
        events = [f"event: response.completed\ndata: {json.dumps(done)}\n\n"]
        return send_stream(handler, events) if streamed else handler.finish(json.dumps(RESPONSE))
    if not seen.path.endswith("/chat/completions"):
        assert seen.path.endswith("/completions"), seen.path
        return handler.finish(json.dumps(COMPLETION))
    return send_stream(handler, STREAM) if streamed else handler.finish(CHAT_ANSWER)


@pytest.fixture
def gateway(start: Callable[..., Gateway], upstream: Double) -> Gateway:
    upstream.script = polyglot
    return start(CONFIG, BASE=f"http://127.0.0.1:{upstream.port}")


def by_chat(url: str, model: str) -> str:
    client = openai.OpenAI(base_url=f"{url}/v1", api_key="k", max_retries=0)
    return client.chat.completions.create(model=model, messages=HELLO).choices[0].message.content or ""


def by_chat_stream(url: str, model: str) -> str:
    client = openai.OpenAI(base_url=f"{url}/v1", api_key="k", max_retries=0)
    with client.chat.completions.stream(model=model, messages=HELLO) as stream:
        return stream.get_final_completion().choices[0].message.content or ""


def by_legacy(url: str, model: str) -> str:
    client = openai.OpenAI(base_url=f"{url}/v1", api_key="k", max_retries=0)
    return client.completions.create(model=model, prompt="Hello!").choices[0].text


def by_responses(url: str, model: str) -> str:
    client = openai.OpenAI(base_url=f"{url}/v1", api_key="k", max_retries=0)
    return client.responses.create(model=model, input="Hello!").output_text


def by_responses_stream(url: str, model: str) -> str:
    client = openai.OpenAI(base_url=f"{url}/v1", api_key="k", max_retries=0)
    events = client.responses.create(model=model, input="Hello!", stream=True)
    return next(event.response.output_text for event in events if event.type == "response.completed")


def by_messages(url: str, model: str) -> str:
    client = anthropic.Anthropic(base_url=url, api_key="k", max_retries=0)
    (block,) = client.messages.create(model=model, max_tokens=100, messages=HELLO).content
    return block.text if block.type == "text" else ""


def by_messages_stream(url: str, model: str) -> str:
    client = anthropic.Anthropic(base_url=url, api_key="k", max_retries=0)
    with client.messages.stream(model=model, max_tokens=100, messages=HELLO) as stream:
        return stream.get_final_text()


def by_langchain_openai(url: str, model: str) -> str:
    chat = ChatOpenAI(base_url=f"{url}/v1", api_key=SecretStr("k"), model=model, max_retries=0)
    return str(chat.invoke("Hello!").text)


def by_langchain_openai_stream(url: str, model: str) -> str:
    chat = ChatOpenAI(base_url=f"{url}/v1", api_key=SecretStr("k"), model=model, max_retries=0)
    return "".join(str(chunk.text) for chunk in chat.stream("Hello!"))


def by_langchain_anthropic(url: str, model: str) -> str:
    chat = ChatAnthropic(base_url=url, api_key=SecretStr("k"), model_name=model, max_retries=0, timeout=None, stop=None)
    return str(chat.invoke("Hello!").text)


CLIENTS = (
    by_chat,
    by_chat_stream,
    by_legacy,
    by_responses,
    by_responses_stream,
    by_messages,
    by_messages_stream,
    by_langchain_openai,
    by_langchain_openai_stream,
    by_langchain_anthropic,
)


def test_every_client_gets_its_answer_from_every_kind(gateway: Gateway, upstream: Double) -> None:
    said = {(client.__name__, kind): client(gateway.url, kind) for client in CLIENTS for kind in KINDS}
    assert {pair: text for pair, text in said.items() if text != "Hello!"} == {}
    assert all("planted" in json.dumps(seen.headers) for seen in upstream.seen)
    assert all("planted" not in seen.path for seen in upstream.seen)


@pytest.mark.parametrize("kind", KINDS)
def test_each_kinds_answer_has_its_price(gateway: Gateway, kind: str) -> None:
    client = openai.OpenAI(base_url=f"{gateway.url}/v1", api_key="k", max_retries=0)
    raw = client.chat.completions.with_raw_response.create(model=kind, messages=HELLO)
    assert raw.headers["X-Gateway-Cost"] == ("0" if kind == "echo" else "0.00186")
