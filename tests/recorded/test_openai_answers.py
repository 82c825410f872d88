"""Every recorded chat completion and every vendor's error: relayed, opened, and told in each dialect."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from anthropic.types import Message as AnthropicMessage
from openai.types import Completion
from openai.types.chat import ChatCompletion

from tornado_gateway.domain.call import Answer
from tornado_gateway.domain.chat import Reasoning, Refusal
from tornado_gateway.domain.errors import UpstreamAuthFailed, UpstreamRateLimited, UpstreamRejected
from tornado_gateway.domain.usage import TokenUsage
from tornado_gateway.domain.wire import OPENAI_CHAT
from tornado_gateway.httpserver.dialects.anthropic_answer import STOP_REASONS
from tornado_gateway.httpserver.dialects.anthropic_messages import AnthropicMessages
from tornado_gateway.httpserver.dialects.native import Native
from tornado_gateway.httpserver.dialects.openai_chat import OpenAIChat
from tornado_gateway.httpserver.dialects.openai_legacy import OpenAILegacy
from tornado_gateway.httpserver.dialects.openai_stream import FINISH_REASONS
from tornado_gateway.providers.openai.errors import from_reply
from tornado_gateway.providers.openai.response import chat_answer, relayed_answer

from .anthropic_shapes import answered
from .exchanges import cases, is_error
from .openai_shapes import calls_of, check_usage, finish_of, is_answer, text_of, thought_of

ANSWERS = cases("*/*/response.json", is_answer)
_OWN_ERRORS = ("anthropic", "gemini", "vertex")
ERRORS = cases("*/*/response.json", lambda case: is_error(case) and not case.parent.name.startswith(_OWN_ERRORS))
NOW = datetime(2024, 1, 15, tzinfo=UTC)


def read(case: Path) -> tuple[Answer, dict[str, Any], dict[str, Any]]:
    """The answer opened, what was recorded, and its first choice's message."""
    body = (case / "response.json").read_bytes()
    recorded = json.loads(body)
    return chat_answer(body, "p"), recorded, recorded["choices"][0].get("message") or {}


def calls_told(answer: Answer) -> list[tuple[str, str, Any]]:
    assert answer.chat is not None
    return [(c.id, c.name, json.loads(c.arguments or "{}")) for c in answer.chat.choices[0].message.tool_calls]


@pytest.mark.parametrize("case", ANSWERS)
def test_a_relayed_answer_is_as_it_was_but_for_its_cost(case: Path) -> None:
    body = (case / "response.json").read_bytes()
    answer = relayed_answer(body, OPENAI_CHAT, "p")
    told = json.loads(OpenAIChat().encode_response(answered(answer)))
    recorded = json.loads(body)
    usage = recorded.get("usage") or {}
    check_usage(answer.usage, usage)
    assert told.pop("usage") == {**{k: v for k, v in usage.items() if k != "cost"}, "cost": None}
    recorded.pop("usage", None)
    assert told == recorded
    assert list(told) == list(recorded)


@pytest.mark.parametrize("case", ANSWERS)
def test_an_opened_answer_holds_all_that_was_recorded(case: Path) -> None:
    answer, recorded, message = read(case)
    assert answer.chat is not None
    choice = answer.chat.choices[0]
    assert choice.message.text == text_of(message)
    assert "".join(part.text for part in choice.message.parts if isinstance(part, Reasoning)) == thought_of(message)
    refusals = "".join(part.text for part in choice.message.parts if isinstance(part, Refusal))
    assert refusals == (message.get("refusal") or "")
    told = calls_told(answer)
    for (identity, name, arguments), (recorded_id, *rest) in zip(told, calls_of(message), strict=True):
        assert [name, arguments] == rest
        assert identity == recorded_id or (identity and not recorded_id)
    assert choice.finish_reason == finish_of(recorded["choices"][0])
    check_usage(answer.usage, recorded.get("usage"))


@pytest.mark.parametrize("case", ANSWERS)
def test_it_is_told_in_chat_and_native(case: Path) -> None:
    answer, _, message = read(case)
    assert answer.chat is not None
    told = json.loads(OpenAIChat(lambda: NOW).encode_response(answered(answer)))
    choice = told["choices"][0]
    choice["message"].pop("annotations", None)  # OpenRouter has kinds that the SDK does not know
    ChatCompletion.model_validate(told)
    assert (choice["message"].get("content") or "") == text_of(message)
    assert (choice["message"].get("reasoning_content") or "") == thought_of(message)
    again = [(c["id"], c["function"]["name"], json.loads(c["function"]["arguments"] or "{}")) for c in
             choice["message"].get("tool_calls", ())]  # fmt: skip
    assert again == calls_told(answer)
    assert choice["finish_reason"] == FINISH_REASONS[answer.chat.choices[0].finish_reason]
    usage = answer.usage or TokenUsage()
    native = json.loads(Native(lambda: NOW).encode_response(answered(answer)))
    assert (native["content"], native.get("reasoning", "")) == (text_of(message), thought_of(message))
    for document in (told, native):
        counts = [document["usage"][name] for name in ("prompt_tokens", "completion_tokens", "total_tokens")]
        assert counts == [usage.prompt_tokens, usage.completion_tokens, usage.total_tokens]


@pytest.mark.parametrize("case", ANSWERS)
def test_it_is_told_in_legacy_completions(case: Path) -> None:
    answer, _, message = read(case)
    told = json.loads(OpenAILegacy(lambda: NOW).encode_response(answered(answer)))
    if told["choices"][0]["finish_reason"] != "tool_calls":  # the SDK's type has no such ending
        Completion.model_validate(told)
    assert told["choices"][0]["text"] == text_of(message) + (message.get("refusal") or "")


@pytest.mark.parametrize("case", ANSWERS)
def test_it_is_told_in_anthropics_messages(case: Path) -> None:
    answer, _, message = read(case)
    assert answer.chat is not None
    told = json.loads(AnthropicMessages().encode_response(answered(answer)))
    sdk = AnthropicMessage.model_validate(told)
    assert "".join(block.text for block in sdk.content if block.type == "text") == text_of(message)
    thoughts = [block.thinking for block in sdk.content if block.type == "thinking"]
    assert "".join(thoughts) == thought_of(message)
    assert [(b.id, b.name, b.input) for b in sdk.content if b.type == "tool_use"] == calls_told(answer)
    reason = answer.chat.choices[0].finish_reason
    assert sdk.stop_reason == ("refusal" if reason == "refusal" else STOP_REASONS[reason])
    usage = answer.usage or TokenUsage()
    assert sdk.usage.output_tokens == usage.completion_tokens
    cached = (sdk.usage.cache_read_input_tokens or 0) + (sdk.usage.cache_creation_input_tokens or 0)
    assert sdk.usage.input_tokens + cached == usage.prompt_tokens


@pytest.mark.parametrize("case", ERRORS)
def test_an_error_is_mapped_and_keeps_its_words(case: Path) -> None:
    status = json.loads((case / "meta.json").read_bytes())["status"] or 429
    body = (case / "response.json").read_bytes()
    error = from_reply(status, {"retry-after": "7"}, body, "p")
    if status in (401, 402, 403):
        assert isinstance(error, UpstreamAuthFailed)
        assert error.status == 502
    elif status == 429:
        assert isinstance(error, UpstreamRateLimited)
        assert error.retry_after == 7
    elif status < 500:
        assert isinstance(error, UpstreamRejected)
        assert error.status == status
        recorded = json.loads(body)
        inner = recorded.get("error", recorded) if isinstance(recorded, dict) else {}
        if isinstance(inner, dict) and isinstance(inner.get("message"), str):
            assert inner["message"] in error.message
        assert error.code
    for dialect in (OpenAIChat(), AnthropicMessages(), OpenAILegacy()):
        assert json.loads(dialect.encode_error(error, "req_1"))["error"]["message"] == error.message
