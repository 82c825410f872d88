"""The official OpenAI SDK's Responses, with its base_url at the gateway: relayed, and translated for other kinds."""

import json
from collections.abc import Callable
from typing import Any

import openai
import pytest
from pydantic import BaseModel

from .conftest import STREAM, Double, Gateway, send_stream

CONFIG = """\
version: 1
server: {host: 127.0.0.1, port: 0}
providers:
  echo: {kind: echo, pause: 0}
  openai: {kind: openai, base_url: "${BASE}/v1", api_key: sk-planted-provider-key, max_retries: 0}
  claude: {kind: anthropic, base_url: "${BASE}", api_key: sk-planted-provider-key, max_retries: 0}
  gemini: {kind: gemini, base_url: "${BASE}", api_key: sk-planted-provider-key, max_retries: 0}
  groq: {kind: openai_compatible, vendor: groq, base_url: "${BASE}/v1", api_key: sk-planted-key, max_retries: 0}
routes:
  echo4: {provider: echo}
  gpt-5: {provider: openai}
  claude: {provider: claude}
  gemini: {provider: gemini, model: gemini-2.5-flash}
  llama: {provider: groq}
pricing:
  unit: per_1k_tokens
  currency: USD
  models:
    echo/echo4: {free: true}
    openai/gpt-5: {input: 0.03, output: 0.06}
    claude/claude: {input: 0.03, output: 0.06}
    gemini/gemini-2.5-flash: {input: 0.03, output: 0.06}
    groq/llama: {input: 0.03, output: 0.06}
"""
WEATHER: Any = {
    "type": "function",
    "name": "weather",
    "description": "d",
    "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    "strict": False,
}
RESPONSE = {
    "id": "resp_1",
    "object": "response",
    "created_at": 1700000000,
    "status": "completed",
    "model": "gpt-5-2025",
    "output": [
        {
            "id": "msg_1",
            "type": "message",
            "status": "completed",
            "role": "assistant",
            "content": [{"type": "output_text", "text": "Hello!", "annotations": [], "logprobs": []}],
        }
    ],
    "parallel_tool_calls": True,
    "tool_choice": "auto",
    "tools": [],
    "usage": {
        "input_tokens": 12,
        "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
        "output_tokens": 25,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": 37,
    },
    "of_tomorrow": [1.50],
}


class City(BaseModel):
    name: str


@pytest.fixture
def gateway(start: Callable[..., Gateway], upstream: Double) -> Gateway:
    return start(CONFIG, BASE=f"http://127.0.0.1:{upstream.port}")


@pytest.fixture
def client(gateway: Gateway) -> openai.OpenAI:
    return openai.OpenAI(base_url=f"{gateway.url}/v1", api_key="sk-of-the-caller", max_retries=0)


def answering(document: Any) -> Callable[[Any, Any], None]:
    return lambda handler, seen: handler.finish(json.dumps(document))


def claude(*content: dict[str, Any], stop: str = "end_turn") -> dict[str, Any]:
    usage = {"input_tokens": 12, "output_tokens": 25}
    return {
        "id": "msg_1", "type": "message", "role": "assistant", "model": "c", "content": list(content),
        "stop_reason": stop, "stop_sequence": None, "usage": usage,
    }  # fmt: skip


def chat(content: str) -> dict[str, Any]:
    usage = {"prompt_tokens": 12, "completion_tokens": 25, "total_tokens": 37}
    message = {"role": "assistant", "content": content}
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    return {"id": "c1", "object": "chat.completion", "created": 1, "model": "l", "choices": [choice], "usage": usage}


def gemini(text: str) -> dict[str, Any]:
    candidate = {"content": {"role": "model", "parts": [{"text": text}]}, "finishReason": "STOP"}
    usage = {"promptTokenCount": 12, "candidatesTokenCount": 25, "totalTokenCount": 37}
    return {"candidates": [candidate], "usageMetadata": usage, "modelVersion": "g", "responseId": "r"}


def test_a_relayed_answer_is_the_providers_plus_its_cost(client: openai.OpenAI, upstream: Double) -> None:
    upstream.script = answering(RESPONSE)
    raw = client.responses.with_raw_response.create(model="gpt-5", input="Hello", store=True, previous_response_id="r0")
    document = json.loads(raw.text)
    assert document["usage"].pop("cost") == 0.00186
    assert document == RESPONSE
    assert raw.parse().output_text == "Hello!"
    assert raw.headers["X-Gateway-Cost"] == "0.00186"
    seen = upstream.seen[0]
    assert seen.path == "/v1/responses"
    assert seen.body == {"model": "gpt-5", "input": "Hello", "store": True, "previous_response_id": "r0"}


def test_a_relayed_stream_is_one_that_the_helper_reads(client: openai.OpenAI, upstream: Double) -> None:
    def event(kind: str, number: int, **members: Any) -> str:
        document = {"type": kind, "sequence_number": number, **members}
        return f"event: {kind}\ndata: {json.dumps(document)}\n\n"

    begun = {**RESPONSE, "status": "in_progress", "output": [], "usage": None}
    where = {"item_id": "msg_1", "output_index": 0, "content_index": 0}
    (item,) = RESPONSE["output"]  # type: ignore[misc]
    part = {"type": "output_text", "text": "", "annotations": [], "logprobs": []}
    events = [
        event("response.created", 0, response=begun),
        event("response.output_item.added", 1, output_index=0, item={**item, "content": []}),
        event("response.content_part.added", 2, **where, part=part),
        event("response.output_text.delta", 3, **where, delta="Hello!", logprobs=[]),
        event("response.completed", 4, response=RESPONSE),
    ]
    upstream.script = lambda handler, seen: send_stream(handler, events)
    with client.responses.stream(model="gpt-5", input="Hello") as stream:
        final = stream.get_final_response()
    assert final.output_text == "Hello!"
    assert final.usage is not None
    assert final.usage.to_dict()["cost"] == 0.00186


@pytest.mark.parametrize(
    ("model", "document"),
    [
        ("claude", claude({"type": "text", "text": "Hello!"})),
        ("llama", chat("Hello!")),
        ("gemini", gemini("Hello!")),
    ],
)
def test_other_kinds_answer_in_this_form(client: openai.OpenAI, upstream: Double, model: str, document: Any) -> None:
    upstream.script = answering(document)
    raw = client.responses.with_raw_response.create(model=model, input="Hello", instructions="be brief")
    answer = raw.parse()
    assert (answer.output_text, answer.status, answer.instructions) == ("Hello!", "completed", "be brief")
    assert answer.usage is not None
    assert (answer.usage.input_tokens, answer.usage.output_tokens) == (12, 25)
    assert raw.headers["X-Gateway-Cost"] == "0.00186"


def test_a_structured_output_is_parsed(client: openai.OpenAI, upstream: Double) -> None:
    upstream.script = answering(claude({"type": "text", "text": '{"name":"Rome"}'}))
    answer = client.responses.parse(model="claude", input="Which city?", text_format=City)
    assert answer.output_parsed == City(name="Rome")
    assert upstream.seen[0].body["output_config"]["format"]["type"] == "json_schema"


def test_a_tool_loop_hands_thoughts_back_to_their_maker(client: openai.OpenAI, upstream: Double) -> None:
    thought = {"type": "thinking", "thinking": "hm", "signature": "EqQB"}
    use = {"type": "tool_use", "id": "toolu_1", "name": "weather", "input": {"city": "Rome"}}
    upstream.script = answering(claude(thought, use, stop="tool_use"))
    conversation: list[Any] = [{"role": "user", "content": "Weather in Rome?"}]
    answer = client.responses.create(model="claude", input=conversation, tools=[WEATHER])
    (call,) = [item for item in answer.output if item.type == "function_call"]
    assert (call.call_id, json.loads(call.arguments)) == ("toolu_1", {"city": "Rome"})
    conversation += [item.to_dict() for item in answer.output]
    conversation.append({"type": "function_call_output", "call_id": call.call_id, "output": "sunny"})
    upstream.script = answering(claude({"type": "text", "text": "Sunny."}))
    assert client.responses.create(model="claude", input=conversation, tools=[WEATHER]).output_text == "Sunny."
    turns = upstream.seen[1].body["messages"]
    assert turns[1]["content"] == [thought, use]
    assert turns[2]["content"][0]["tool_use_id"] == "toolu_1"


def test_a_translated_stream_is_one_that_the_helper_reads(client: openai.OpenAI, upstream: Double) -> None:
    upstream.script = lambda handler, seen: send_stream(handler)
    with client.responses.stream(model="llama", input="Hello") as stream:
        texts = [event.delta for event in stream if event.type == "response.output_text.delta"]
        final = stream.get_final_response()
    assert texts == ["Hel", "lo!"]
    assert final.output_text == "Hello!"
    assert final.usage is not None
    assert final.usage.total_tokens == 37


def test_an_error_in_the_middle_of_a_stream_reaches_the_sdk(client: openai.OpenAI, upstream: Double) -> None:
    upstream.script = lambda handler, seen: send_stream(handler, STREAM[:2])
    said = []
    with pytest.raises(openai.APIError, match="broke off"):
        for event in client.responses.create(model="llama", input="Hello", stream=True):
            if event.type == "response.output_text.delta":
                said.append(event.delta)
    assert said == ["Hel"]


def test_what_only_openai_keeps_is_refused_by_name(client: openai.OpenAI, upstream: Double) -> None:
    with pytest.raises(openai.BadRequestError) as refused:
        client.responses.create(model="claude", input="Hello", previous_response_id="resp_0")
    assert refused.value.param == "previous_response_id"
    assert not upstream.seen


def test_echo_answers_with_no_key(client: openai.OpenAI) -> None:
    assert client.responses.create(model="echo4", input="Hello, gateway!").output_text == "Hello, gateway!"
