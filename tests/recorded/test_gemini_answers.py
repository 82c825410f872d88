"""Every recorded Gemini answer and error, told in each dialect."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from anthropic.types import Message as AnthropicMessage
from openai.types import Completion
from openai.types.chat import ChatCompletion

from tornado_gateway.domain.call import Answer
from tornado_gateway.domain.chat import Message, Reasoning, Text, ToolCall
from tornado_gateway.domain.usage import TokenUsage
from tornado_gateway.httpserver.dialects.anthropic_answer import STOP_REASONS
from tornado_gateway.httpserver.dialects.anthropic_messages import AnthropicMessages
from tornado_gateway.httpserver.dialects.native import Native
from tornado_gateway.httpserver.dialects.openai_chat import OpenAIChat
from tornado_gateway.httpserver.dialects.openai_legacy import OpenAILegacy
from tornado_gateway.httpserver.dialects.openai_stream import FINISH_REASONS
from tornado_gateway.providers.gemini import response
from tornado_gateway.providers.gemini.contents import Contents
from tornado_gateway.providers.gemini.errors import from_reply

from .anthropic_shapes import answered
from .exchanges import cases, is_error
from .gemini_shapes import (
    calls_of,
    check_anthropic_usage,
    check_openai_usage,
    check_usage,
    finish_of,
    is_gemini,
    parts_of,
    sdk_answer,
    signed_calls,
    text_of,
    thoughts_of,
)

ANSWERS = cases("*/*/response.json", is_gemini)
ERRORS = cases("gemini-*/*/response.json", is_error)


def read(case: Path) -> tuple[Answer, dict[str, Any]]:
    body = (case / "response.json").read_bytes()
    return response.chat_answer(body, "p"), json.loads(body)


@pytest.mark.parametrize("case", ANSWERS)
def test_an_answer_holds_all_that_was_recorded(case: Path) -> None:
    answer, recorded = read(case)
    assert answer.chat is not None
    message = answer.chat.choices[0].message
    assert message.text == text_of(recorded) == (sdk_answer(recorded).text or "")
    assert "".join(p.text for p in message.parts if isinstance(p, Reasoning)) == thoughts_of(recorded)
    calls = [(call.name, json.loads(call.arguments), call.signature) for call in message.tool_calls]
    functions = [(function["name"], function["args"]) for function in calls_of(recorded)]
    assert calls == [(*f, s) for f, s in zip(functions, signed_calls(recorded), strict=True)]
    ids = [call.id for call in message.tool_calls]
    assert all(ids)
    assert len(set(ids)) == len(ids)
    for call, function in zip(message.tool_calls, calls_of(recorded), strict=True):
        assert function.get("id") in (None, call.id)
    assert (answer.chat.id, answer.chat.model) == (recorded.get("responseId", ""), recorded["modelVersion"])
    assert answer.finish_reason == finish_of(recorded)
    check_usage(answer.usage, recorded["usageMetadata"])


@pytest.mark.parametrize("case", ANSWERS)
def test_an_answer_goes_back_in_the_next_turn_as_it_came(case: Path) -> None:
    answer, recorded = read(case)
    assert answer.chat is not None
    message = answer.chat.choices[0].message
    if not message.parts:
        return
    hello = Message("user", (Text("hi"),))
    _, contents = Contents(model="gemini-2.5-flash", dropped=[]).of([hello, message])
    told = [without_id(part) for part in contents[1]["parts"]]
    assert told == [without_id(part) for part in parts_of(recorded)]


def without_id(part: dict[str, Any]) -> dict[str, Any]:
    """Whether a call had an id or the gateway made one up."""
    if "functionCall" not in part:
        return part
    return {**part, "functionCall": {k: v for k, v in part["functionCall"].items() if k != "id"}}


@pytest.mark.parametrize("case", ANSWERS)
def test_a_caller_of_chat_completions(case: Path) -> None:
    answer, recorded = read(case)
    told = json.loads(OpenAIChat().encode_response(answered(answer)))
    ChatCompletion.model_validate(told)
    (choice,) = told["choices"]
    assert (choice["message"]["content"] or "") == text_of(recorded)
    assert choice["message"].get("reasoning_content", "") == thoughts_of(recorded)
    calls = choice["message"].get("tool_calls", [])
    functions = [(call["function"]["name"], json.loads(call["function"]["arguments"])) for call in calls]
    assert functions == [(function["name"], function["args"]) for function in calls_of(recorded)]
    assert answer.chat is not None
    assert [call["id"] for call in calls] == [call.id for call in answer.chat.choices[0].message.tool_calls]
    assert choice["finish_reason"] == FINISH_REASONS[finish_of(recorded)]  # type: ignore[index] # one of them
    check_openai_usage(told["usage"], recorded["usageMetadata"])


@pytest.mark.parametrize("case", ANSWERS)
def test_a_caller_of_messages(case: Path) -> None:
    answer, recorded = read(case)
    told = json.loads(AnthropicMessages().encode_response(answered(answer)))
    AnthropicMessage.model_validate(told)
    blocks = told["content"]
    assert "".join(block["text"] for block in blocks if block["type"] == "text") == text_of(recorded)
    assert "".join(block["thinking"] for block in blocks if block["type"] == "thinking") == thoughts_of(recorded)
    calls = [(block["name"], block["input"]) for block in blocks if block["type"] == "tool_use"]
    assert calls == [(function["name"], function["args"]) for function in calls_of(recorded)]
    assert told["stop_reason"] == STOP_REASONS[finish_of(recorded)]  # type: ignore[index] # one of them
    check_anthropic_usage(told["usage"], recorded["usageMetadata"])


@pytest.mark.parametrize("case", ANSWERS)
def test_callers_of_the_native_form_and_of_text_completions(case: Path) -> None:
    answer, recorded = read(case)
    native = json.loads(Native(lambda: datetime(2026, 1, 1, tzinfo=UTC)).encode_response(answered(answer)))
    assert native["content"] == text_of(recorded)
    assert native.get("finish_reason", "stop") == finish_of(recorded)
    calls = [(c["function"]["name"], json.loads(c["function"]["arguments"])) for c in native.get("tool_calls", ())]
    assert calls == [(function["name"], function["args"]) for function in calls_of(recorded)]
    usage = answer.usage or TokenUsage()
    assert native["usage"]["total_tokens"] == usage.total_tokens == recorded["usageMetadata"].get("totalTokenCount", 0)
    legacy = json.loads(OpenAILegacy().encode_response(answered(answer)))
    assert legacy["choices"][0]["text"] == text_of(recorded)
    check_openai_usage(legacy["usage"], recorded["usageMetadata"])
    if legacy["choices"][0]["finish_reason"] != "tool_calls":
        Completion.model_validate(legacy)


@pytest.mark.parametrize("case", ANSWERS)
@pytest.mark.parametrize("dialect", ["chat", "messages"])
def test_signatures_come_back_through_the_caller(case: Path, dialect: str) -> None:
    answer, _ = read(case)
    assert answer.chat is not None
    message = answer.chat.choices[0].message
    if dialect == "chat":
        told = json.loads(OpenAIChat().encode_response(answered(answer)))["choices"][0]["message"]
        turns: list[Any] = [{"role": "user", "content": "hi"}, told]
        again = OpenAIChat().decode_request(json.dumps({"model": "m", "messages": turns}).encode()).chat
    else:
        told = json.loads(AnthropicMessages().encode_response(answered(answer)))
        turns = [{"role": "user", "content": "hi"}, {"role": "assistant", "content": told["content"]}]
        body = json.dumps({"model": "m", "max_tokens": 1, "messages": turns}).encode()
        again = AnthropicMessages().decode_request(body).chat
    last = again.messages[-1]
    assert [(c.id, c.name, c.signature) for c in last.tool_calls] == [
        (c.id, c.name, c.signature) for c in message.tool_calls
    ]
    assert [json.loads(c.arguments) for c in last.tool_calls] == [json.loads(c.arguments) for c in message.tool_calls]
    signed = [part.signature for part in message.parts if isinstance(part, Text) and part.signature]
    assert [part.signature for part in last.parts if isinstance(part, Text) and part.signature] == signed
    assert last.text == message.text


@pytest.mark.parametrize("case", ERRORS)
def test_an_error_keeps_its_message_and_its_status(case: Path) -> None:
    status = json.loads((case / "meta.json").read_bytes())["status"]
    body = (case / "response.json").read_bytes()
    recorded = json.loads(body)["error"]
    error = from_reply(status, {}, body, "p")
    if any(detail.get("reason") == "API_KEY_INVALID" for detail in recorded.get("details", ())):
        assert (error.status, error.code) == (502, "upstream_auth_failed")
        return
    assert error.status == status
    assert error.message == recorded["message"]
    if status == 429:
        assert error.retry_after == 48


def test_parts_are_what_the_helpers_take_them_for() -> None:
    body = b'{"candidates":[{"content":{"parts":[{"functionCall":{"name":"f","args":{}}}]},"finishReason":"STOP"}]}'
    answer = response.chat_answer(body, "p")
    assert answer.chat is not None
    assert isinstance(answer.chat.choices[0].message.parts[0], ToolCall)
    assert finish_of(json.loads(body)) == "tool_calls"
