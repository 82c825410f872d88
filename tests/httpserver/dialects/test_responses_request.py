import json
from typing import Any

import pytest

from tornado_gateway.domain.chat import ChatRequest, Message, ResponseFormat, Text, Thinking, Tool, ToolChoice
from tornado_gateway.domain.errors import InvalidRequest
from tornado_gateway.domain.foreign import leave_out
from tornado_gateway.httpserver.dialects.openai_responses import OpenAIResponses
from tornado_gateway.providers.openai.request import chat_document

FUNCTION = {"type": "function", "name": "f", "description": "d", "parameters": {"type": "object"}, "strict": True}


def opened(**members: Any) -> ChatRequest:
    body = json.dumps({"model": "m", "input": "hi", **members}).encode()
    return OpenAIResponses().decode_request(body).chat


def test_the_plain_request() -> None:
    chat = opened()
    assert chat.messages == (Message("user", (Text("hi"),)),)
    assert (chat.extra, chat.tools, chat.thinking, chat.response_format) == ({}, (), None, None)


def test_parameters() -> None:
    chat = opened(
        instructions="be brief",
        max_output_tokens=9,
        temperature=0.5,
        top_p=0.25,
        parallel_tool_calls=False,
        user="u",
        metadata={"a": "b"},
        service_tier="flex",
        text={"verbosity": "low", "format": {"type": "json_schema", "name": "n", "schema": {}, "strict": True}},
        reasoning={"effort": "high", "summary": "auto"},
        include=["message.output_text.logprobs", "reasoning.encrypted_content"],
        top_logprobs=3,
        stream=True,
    )
    assert chat.messages[0] == Message("system", (Text("be brief"),))
    assert (chat.max_tokens, chat.temperature, chat.top_p, chat.parallel_tool_calls) == (9, 0.5, 0.25, False)
    assert (chat.user, chat.metadata, chat.service_tier, chat.verbosity) == ("u", {"a": "b"}, "flex", "low")
    assert chat.response_format == ResponseFormat("json_schema", {}, "n", None, True)
    assert chat.thinking == Thinking(effort="high", summary="auto", include_thoughts=True)
    assert (chat.logprobs, chat.top_logprobs, chat.stream, chat.extra) == (True, 3, True, {})


def test_instructions_may_be_items() -> None:
    assert opened(instructions=[{"role": "developer", "content": "d"}]).messages[0] == Message(
        "developer", (Text("d"),)
    )


def test_tools() -> None:
    custom = {"type": "custom", "name": "sql", "format": {"type": "text"}}
    hosted = {"type": "web_search", "search_context_size": "low"}
    assert opened(tools=[{**FUNCTION, "defer_loading": True}, custom, hosted]).tools == (
        Tool("f", "d", {"type": "object"}, True, hints={"defer_loading": True}),
        Tool("sql", custom=True, custom_format={"type": "text"}),
        Tool("web_search", hosted=hosted),
    )


@pytest.mark.parametrize(
    ("given", "choice"),
    [
        ("auto", ToolChoice("auto")),
        ("required", ToolChoice("required")),
        ({"type": "function", "name": "f"}, ToolChoice("named", "f")),
        ({"type": "custom", "name": "sql"}, ToolChoice("named", "sql")),
    ],
)
def test_tool_choices(given: Any, choice: ToolChoice) -> None:
    assert opened(tools=[FUNCTION], tool_choice=given).tool_choice == choice


def test_tools_that_are_not_allowed_are_not_offered() -> None:
    allowed = {"type": "allowed_tools", "mode": "required", "tools": [{"type": "function", "name": "g"}]}
    chat = opened(tools=[FUNCTION, {**FUNCTION, "name": "g"}], tool_choice=allowed)
    assert chat.tool_choice == ToolChoice("required")
    assert [tool.name for tool in chat.tools] == ["g"]


@pytest.mark.parametrize("family", ["openai", "anthropic", "gemini"])
@pytest.mark.parametrize(
    ("members", "param"),
    [
        ({"store": True}, "store"),
        ({"background": True}, "background"),
        ({"previous_response_id": "resp_1"}, "previous_response_id"),
        ({"conversation": "conv_1"}, "conversation"),
        ({"prompt": {"id": "p"}}, "prompt"),
        ({"truncation": "auto"}, "truncation"),
        ({"max_tool_calls": 3}, "max_tool_calls"),
        ({"x_new": 1}, "x_new"),
        ({"tools": [{"type": "web_search"}]}, "tools[0]"),
        ({"input": [{"type": "web_search_call", "id": "w"}]}, "input[0]"),
    ],
)
def test_what_nobody_else_keeps_or_has_is_refused_by_name(family: str, members: dict[str, Any], param: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        leave_out(opened(**members), family, [])
    assert refused.value.param == param


def test_hints_are_told_and_values_that_say_nothing_are_not() -> None:
    dropped: list[str] = []
    silent = {"store": False, "background": False, "truncation": "disabled", "max_tool_calls": None}
    hints = {"prompt_cache_key": "k", "include": ["web_search_call.action.sources"], "reasoning": {"context": "all"}}
    assert leave_out(opened(**silent, **hints), "anthropic", dropped) == {}
    assert sorted(dropped) == ["include", "prompt_cache_key", "reasoning.context"]


@pytest.mark.parametrize(
    ("members", "param"),
    [
        ({"tool_choice": "perhaps"}, "tool_choice"),
        ({"tool_choice": {"type": "web_search"}}, "tool_choice.type"),
        ({"tool_choice": {"type": "function"}}, "tool_choice.name"),
        ({"tools": [{}]}, "tools[0].type"),
        ({"tools": [{"type": "function"}]}, "tools[0].name"),
        ({"text": {"format": {"type": "xml"}}}, "text.format.type"),
        ({"text": {"format": {}}}, "text.format.type"),
        ({"reasoning": {"effort": 1}}, "reasoning.effort"),
    ],
)
def test_what_is_wrong_is_named(members: dict[str, Any], param: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        opened(**members)
    assert refused.value.param == param


def test_for_a_chat_it_is_a_chat() -> None:
    document = chat_document(opened(tools=[FUNCTION], text={"format": {"type": "json_object"}}), "gpt-4o", [])
    assert document["response_format"] == {"type": "json_object"}
    assert document["tools"][0]["function"]["name"] == "f"
