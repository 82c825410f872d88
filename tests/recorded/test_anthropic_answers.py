"""Every recorded Anthropic answer and error, relayed and translated."""

import json
from pathlib import Path

import msgspec
import pytest
from anthropic.types.beta import BetaMessage

from tornado_gateway.domain.chat import Opaque, Reasoning, Text, ToolCall
from tornado_gateway.httpserver.dialects.anthropic_messages import AnthropicMessages
from tornado_gateway.providers.anthropic import response
from tornado_gateway.providers.anthropic.errors import from_reply

from .anthropic_shapes import FINISH, answered, check_usage, is_message, without_callers
from .exchanges import cases, is_error

ANSWERS = cases("*/*/response.json", is_message)
ERRORS = cases("anthropic-*/*/response.json", is_error)


@pytest.mark.parametrize("case", ANSWERS)
def test_a_relayed_answer_comes_back_byte_for_byte(case: Path) -> None:
    body = (case / "response.json").read_bytes()
    answer = response.relayed_answer(body, "p")
    assert AnthropicMessages().encode_response(answered(answer)) == body
    recorded = json.loads(body)
    assert answer.finish_reason == FINISH[recorded["stop_reason"]]
    check_usage(answer.usage, recorded["usage"])


@pytest.mark.parametrize("case", ANSWERS)
def test_an_opened_answer_holds_all_that_was_recorded(case: Path) -> None:
    recorded = json.loads((case / "response.json").read_bytes())
    answer = response.chat_answer((case / "response.json").read_bytes(), "p")
    assert answer.chat is not None
    parts = answer.chat.choices[0].message.parts
    blocks = recorded["content"]
    assert [p.text for p in parts if isinstance(p, Text)] == [b["text"] for b in blocks if b["type"] == "text"]
    calls = [(p.id, p.name, json.loads(p.arguments)) for p in parts if isinstance(p, ToolCall)]
    assert calls == [(b["id"], b["name"], b["input"]) for b in blocks if b["type"] == "tool_use"]
    assert answer.finish_reason == FINISH[recorded["stop_reason"]]
    check_usage(answer.usage, recorded["usage"])

    again = json.loads(AnthropicMessages().encode_response(answered(answer)))
    BetaMessage.model_validate(again)
    for name in ("content", "stop_reason", "stop_sequence"):
        assert without_callers(again[name]) == without_callers(recorded[name])
    for name in ("input_tokens", "output_tokens", "cache_read_input_tokens", "cache_creation_input_tokens"):
        assert again["usage"][name] == recorded["usage"][name]


@pytest.mark.parametrize("case", ERRORS)
def test_an_error_keeps_its_message_and_its_status(case: Path) -> None:
    status = json.loads((case / "meta.json").read_bytes())["status"]
    recorded = json.loads((case / "response.json").read_bytes())
    error = from_reply(status, {}, json.dumps(recorded).encode(), "p")
    told = json.loads(AnthropicMessages().encode_error(error, "req_1"))
    assert told["type"] == "error"
    if status == 401:
        assert (error.status, told["error"]["type"]) == (502, "api_error")
        return
    assert error.status == status
    assert told["error"] == recorded["error"]


def test_opaque_blocks_come_back_too() -> None:
    block = {"type": "server_tool_use", "id": "srv", "name": "web_search", "input": {}}
    body = msgspec.json.encode({"type": "message", "content": [block, {"type": "redacted_thinking", "data": "x"}]})
    answer = response.chat_answer(body, "p")
    assert answer.chat is not None
    parts = answer.chat.choices[0].message.parts
    assert isinstance(parts[0], Opaque)
    assert parts[1] == Reasoning(redacted="x", origin="anthropic")
    again = json.loads(AnthropicMessages().encode_response(answered(answer)))
    assert again["content"][0] == block
