"""The official Anthropic SDK with its base_url at the gateway, against an Anthropic and an OpenAI upstream."""

import json
from collections.abc import Callable
from typing import Any

import anthropic
import openai
import pytest

from .conftest import Double, Gateway, send_stream

CONFIG = """\
version: 1
server: {host: 127.0.0.1, port: 0, drain_timeout: 20}
providers:
  echo: {kind: echo, pause: 0}
  openai: {kind: openai, base_url: "${OPENAI_BASE_URL}", api_key: "${OPENAI_API_KEY:-}", timeout: 5, max_retries: 0}
  claude: {kind: anthropic, base_url: "${CLAUDE_BASE_URL}", api_key: "${OPENAI_API_KEY:-}", timeout: 5, max_retries: 0}
routes:
  echo4: {provider: echo}
  gpt-4: {provider: openai}
  claude-opus-4-8: {provider: claude}
pricing:
  unit: per_1k_tokens
  currency: USD
  models:
    echo/echo4: {free: true}
    openai/gpt-4: {input: 0.03, output: 0.06}
    claude/claude-opus-4-8: {input: 0.005, output: 0.025, cached_input: 0.0005, cache_write: 0.00625}
"""

MESSAGES: Any = [{"role": "user", "content": "How warm is it in Rome?"}]
TOOLS: Any = [{"name": "weather", "description": "d", "input_schema": {"type": "object", "properties": {}}}]
USAGE = {
    "input_tokens": 10,
    "cache_creation_input_tokens": 20,
    "cache_read_input_tokens": 30,
    "output_tokens": 40,
    "service_tier": "standard",
}
MESSAGE = {
    "id": "msg_1",
    "type": "message",
    "role": "assistant",
    "model": "claude-opus-4-8",
    "content": [
        {"type": "thinking", "thinking": "hm", "signature": "EqQB"},
        {"type": "text", "text": "Let me look."},
        {"type": "tool_use", "id": "toolu_1", "name": "weather", "input": {"city": "Rome"}},
    ],
    "stop_reason": "tool_use",
    "stop_sequence": None,
    "usage": USAGE,
}
COST = "0.00119"


def event(kind: str, **members: Any) -> str:
    return f"event: {kind}\ndata: {json.dumps({'type': kind, **members})}\n\n"


def delta(index: int, **members: Any) -> str:
    return event("content_block_delta", index=index, delta=members)


HEAD = event(
    "message_start",
    message={**MESSAGE, "content": [], "stop_reason": None, "usage": {**USAGE, "output_tokens": 1}},
)
STREAM = [
    HEAD,
    event("ping"),
    event("content_block_start", index=0, content_block={"type": "thinking", "thinking": "", "signature": ""}),
    delta(0, type="thinking_delta", thinking="hm"),
    delta(0, type="signature_delta", signature="EqQB"),
    event("content_block_stop", index=0),
    event("content_block_start", index=1, content_block={"type": "text", "text": ""}),
    delta(1, type="text_delta", text="Let me "),
    delta(1, type="text_delta", text="look."),
    event("content_block_stop", index=1),
    event(
        "content_block_start",
        index=2,
        content_block={"type": "tool_use", "id": "toolu_1", "name": "weather", "input": {}},
    ),
    delta(2, type="input_json_delta", partial_json='{"city":'),
    delta(2, type="input_json_delta", partial_json=' "Rome"}'),
    event("content_block_stop", index=2),
    event("message_delta", delta={"stop_reason": "tool_use", "stop_sequence": None}, usage={"output_tokens": 40}),
    event("message_stop"),
]


@pytest.fixture
def gateway(start: Callable[..., Gateway], upstream: Double) -> Gateway:
    return start(CONFIG, CLAUDE_BASE_URL=f"http://127.0.0.1:{upstream.port}")


@pytest.fixture
def client(gateway: Gateway) -> anthropic.Anthropic:
    return anthropic.Anthropic(base_url=gateway.url, api_key="sk-of-the-caller", max_retries=0)


@pytest.fixture
def openai_client(gateway: Gateway) -> openai.OpenAI:
    return openai.OpenAI(base_url=f"{gateway.url}/v1", api_key="sk-of-the-caller", max_retries=0)


def ask(client: anthropic.Anthropic, model: str, **more: Any) -> anthropic.types.Message:
    answer: anthropic.types.Message = client.messages.create(model=model, max_tokens=100, messages=MESSAGES, **more)
    return answer


def answering(text: str) -> Callable[[Any, Any], None]:
    return lambda handler, seen: handler.finish(text)


def streaming(events: list[str] = STREAM) -> Callable[[Any, Any], Any]:
    return lambda handler, seen: send_stream(handler, events)


def test_a_relayed_answer_is_the_providers_and_its_cost_is_in_a_header(
    client: anthropic.Anthropic, upstream: Double
) -> None:
    body = json.dumps({**MESSAGE, "of_tomorrow": [1.50]}, indent=1)
    upstream.script = answering(body)
    raw = client.messages.with_raw_response.create(
        model="claude-opus-4-8",
        max_tokens=100,
        messages=MESSAGES,
        extra_headers={"anthropic-beta": "b-1", "anthropic-version": "2025-01-01"},
    )
    assert raw.text() == body
    assert raw.headers["X-Gateway-Cost"] == COST
    seen = upstream.seen[0]
    assert seen.path == "/v1/messages"
    assert seen.headers["X-Api-Key"] == "sk-planted-provider-key"
    assert seen.headers["Anthropic-Beta"] == "b-1"
    assert seen.headers["Anthropic-Version"] == "2025-01-01"


def test_a_relayed_stream_is_one_that_the_helper_reads(client: anthropic.Anthropic, upstream: Double) -> None:
    upstream.script = streaming()
    with client.messages.stream(model="claude-opus-4-8", max_tokens=100, messages=MESSAGES) as stream:
        message = stream.get_final_message()
    assert [block.to_dict() for block in message.content] == MESSAGE["content"]
    assert message.usage.output_tokens == 40


def test_tokens_are_counted_by_the_provider_or_estimated(client: anthropic.Anthropic, upstream: Double) -> None:
    upstream.script = answering('{"input_tokens":17}')
    assert client.messages.count_tokens(model="claude-opus-4-8", messages=MESSAGES).input_tokens == 17
    assert upstream.seen[0].path == "/v1/messages/count_tokens"
    assert 5 < client.messages.count_tokens(model="gpt-4", messages=MESSAGES).input_tokens < 20
    assert len(upstream.seen) == 1


def test_a_tool_loop_with_an_openai_provider(client: anthropic.Anthropic, upstream: Double) -> None:
    call = {"id": "call_1", "type": "function", "function": {"name": "weather", "arguments": '{"city":"Rome"}'}}
    message: dict[str, Any] = {"role": "assistant", "content": None, "tool_calls": [call]}
    usage = {"prompt_tokens": 12, "completion_tokens": 25, "total_tokens": 37}
    body = {"id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": "gpt-4", "usage": usage}
    choice = {"index": 0, "message": message, "finish_reason": "tool_calls"}
    upstream.script = answering(json.dumps({**body, "choices": [choice]}))
    first = ask(client, "gpt-4", tools=TOOLS)
    assert first.stop_reason == "tool_use"
    assert first.content[0].to_dict() == {
        "type": "tool_use",
        "id": "call_1",
        "name": "weather",
        "input": {"city": "Rome"},
    }
    assert (first.usage.input_tokens, first.usage.output_tokens) == (12, 25)

    choice = {"index": 0, "message": {"role": "assistant", "content": "Warm."}, "finish_reason": "stop"}
    upstream.script = answering(json.dumps({**body, "choices": [choice]}))
    result: Any = {"type": "tool_result", "tool_use_id": "call_1", "content": "31"}
    turns: Any = [*MESSAGES, {"role": "assistant", "content": first.content}, {"role": "user", "content": [result]}]
    second = client.messages.create(model="gpt-4", max_tokens=100, messages=turns, tools=TOOLS)
    assert second.content[0].to_dict() == {"type": "text", "text": "Warm."}
    assert upstream.seen[1].body["messages"][1:] == [
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "call_1", "content": "31"},
    ]


def test_echo_streams_in_anthropic_s_grammar(client: anthropic.Anthropic) -> None:
    with client.messages.stream(model="echo4", max_tokens=100, messages=MESSAGES) as stream:
        text = "".join(stream.text_stream)
        message = stream.get_final_message()
    assert text == MESSAGES[0]["content"]
    assert message.stop_reason == "end_turn"
    assert message.usage.input_tokens == 6


def test_an_openai_client_has_claude_s_answer(openai_client: openai.OpenAI, upstream: Double) -> None:
    upstream.script = answering(json.dumps(MESSAGE))
    answer = openai_client.chat.completions.create(
        model="claude-opus-4-8", messages=[{"role": "system", "content": "s"}, *MESSAGES], max_tokens=100
    )
    choice = answer.choices[0]
    assert choice.message.content == "Let me look."
    assert choice.finish_reason == "tool_calls"
    assert choice.message.tool_calls is not None
    assert choice.message.tool_calls[0].to_dict() == {
        "id": "toolu_1",
        "type": "function",
        "function": {"name": "weather", "arguments": '{"city": "Rome"}'},
    }
    assert answer.usage is not None
    assert (answer.usage.prompt_tokens, answer.usage.completion_tokens) == (60, 40)
    assert str(answer.usage.to_dict()["cost"]) == COST
    assert upstream.seen[0].body == {
        "model": "claude-opus-4-8",
        "max_tokens": 100,
        "system": "s",
        "messages": MESSAGES,
    }


def test_an_openai_client_hands_claude_s_thought_back(openai_client: openai.OpenAI, upstream: Double) -> None:
    upstream.script = answering(json.dumps(MESSAGE))
    answer = openai_client.chat.completions.create(model="claude-opus-4-8", messages=MESSAGES)
    result: Any = {"role": "tool", "tool_call_id": "toolu_1", "content": "31"}
    turns: Any = [*MESSAGES, answer.choices[0].message.to_dict(), result]
    openai_client.chat.completions.create(model="claude-opus-4-8", messages=turns)
    assert upstream.seen[1].body["messages"][1:] == [
        {"role": "assistant", "content": MESSAGE["content"]},
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "toolu_1", "content": "31"}]},
    ]


def test_an_openai_client_has_claude_s_stream(openai_client: openai.OpenAI, upstream: Double) -> None:
    upstream.script = streaming()
    with openai_client.chat.completions.stream(model="claude-opus-4-8", messages=MESSAGES) as stream:
        completion = stream.get_final_completion()
    message = completion.choices[0].message
    assert message.content == "Let me look."
    assert message.tool_calls is not None
    assert json.loads(message.tool_calls[0].function.arguments) == {"city": "Rome"}


@pytest.mark.parametrize(
    ("status", "kind", "error"),
    [
        (400, "invalid_request_error", anthropic.BadRequestError),
        (401, "authentication_error", anthropic.InternalServerError),
        (404, "not_found_error", anthropic.NotFoundError),
        (413, "request_too_large", anthropic.APIStatusError),
        (429, "rate_limit_error", anthropic.RateLimitError),
        (529, "overloaded_error", anthropic.InternalServerError),
    ],
)
def test_the_sdk_sees_its_own_exceptions(
    client: anthropic.Anthropic, upstream: Double, status: int, kind: str, error: type[anthropic.APIStatusError]
) -> None:
    def refuse(handler: Any, seen: Any) -> None:
        handler.set_status(status, "said so")
        handler.set_header("Retry-After", "7")
        handler.finish({"type": "error", "error": {"type": kind, "message": "Told so."}})

    upstream.script = refuse
    with pytest.raises(error) as caught:
        ask(client, "claude-opus-4-8")
    assert isinstance(caught.value.body, dict)
    assert caught.value.body["error"]["type"] == ("api_error" if status == 401 else kind)
    assert caught.value.body["request_id"] == caught.value.response.headers["X-Request-ID"]
    if status == 429:
        assert caught.value.response.headers["Retry-After"] == "7"


def test_the_gateway_s_own_errors_have_the_form(client: anthropic.Anthropic) -> None:
    with pytest.raises(anthropic.NotFoundError) as unknown:
        ask(client, "claude-0")
    assert isinstance(unknown.value.body, dict)
    assert unknown.value.body["error"]["type"] == "not_found_error"
    with pytest.raises(anthropic.BadRequestError, match=r"messages\[0\].content\[0\].type: this field is required"):
        wrong: Any = [{"role": "user", "content": [{"text": "a"}]}]
        client.messages.create(model="gpt-4", max_tokens=1, messages=wrong)
    with pytest.raises(anthropic.BadRequestError, match=r"tools\[0\]: "):
        ask(client, "gpt-4", tools=[{"type": "web_search_20250305", "name": "web_search"}])


def test_an_error_in_the_middle_of_a_stream_reaches_the_sdk(client: anthropic.Anthropic, upstream: Double) -> None:
    broken = event("error", error={"type": "overloaded_error", "message": "Overloaded"})
    upstream.script = streaming([*STREAM[:8], broken])
    said = []
    with (
        pytest.raises(anthropic.APIStatusError, match="Overloaded"),
        client.messages.stream(model="claude-opus-4-8", max_tokens=100, messages=MESSAGES) as stream,
    ):
        said.extend(stream.text_stream)
    assert said == ["Let me "]


def test_a_stream_that_broke_off_is_priced_by_what_it_reported_and_what_it_said(
    gateway: Gateway, client: anthropic.Anthropic, upstream: Double
) -> None:
    upstream.script = streaming(STREAM[:9])
    with (
        pytest.raises(anthropic.APIStatusError, match="broke off"),
        client.messages.stream(model="claude-opus-4-8", max_tokens=100, messages=MESSAGES) as stream,
    ):
        stream.until_done()

    def tokens(kind: str) -> float:
        labels = f'kind="{kind}",model="claude-opus-4-8",provider="claude",route="claude-opus-4-8"'
        return gateway.metric(f"gateway_tokens_total{{{labels}}}")

    gateway.wait_until(lambda: tokens("cached_input") > 0)
    assert (tokens("input"), tokens("cached_input"), tokens("cache_write")) == (10, 30, 20)
    # The report at the start says 1; each event that was forwarded counts as a token.
    assert 5 <= tokens("output") <= 9
