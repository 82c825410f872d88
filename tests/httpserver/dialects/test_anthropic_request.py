import json
from typing import Any

import pytest

from tornado_gateway.domain.chat import (
    CacheMarker,
    ChatRequest,
    Message,
    ResponseFormat,
    Text,
    Thinking,
    Tool,
    ToolCall,
    ToolChoice,
    ToolResult,
)
from tornado_gateway.domain.errors import InvalidRequest
from tornado_gateway.httpserver.dialects.anthropic_messages import AnthropicMessages

ASK: dict[str, Any] = {"model": "m", "max_tokens": 5, "messages": [{"role": "user", "content": "hi"}]}


def opened(**members: Any) -> ChatRequest:
    return AnthropicMessages().decode_request(json.dumps({**ASK, **members}).encode()).chat


def test_the_least_request() -> None:
    chat = opened()
    assert (chat.model, chat.max_tokens, chat.stream, chat.family) == ("m", 5, False, "anthropic")
    assert chat.messages == (Message("user", (Text("hi"),)),)
    assert chat.extra == {}


@pytest.mark.parametrize(
    ("members", "name", "value"),
    [
        ({"stream": True}, "stream", True),
        ({"temperature": 0.5}, "temperature", 0.5),
        ({"top_p": 0.5}, "top_p", 0.5),
        ({"top_k": 3}, "top_k", 3),
        ({"stop_sequences": ["a"]}, "stop", ("a",)),
        ({"metadata": {"user_id": "u"}}, "user", "u"),
        ({"service_tier": "standard_only"}, "service_tier", "default"),
        ({"service_tier": "auto"}, "service_tier", "auto"),
        ({"tool_choice": {"type": "auto"}}, "tool_choice", ToolChoice("auto")),
        ({"tool_choice": {"type": "any"}}, "tool_choice", ToolChoice("required")),
        ({"tool_choice": {"type": "none"}}, "tool_choice", ToolChoice("none")),
        ({"tool_choice": {"type": "tool", "name": "f"}}, "tool_choice", ToolChoice("named", "f")),
        ({"tool_choice": {"type": "auto", "disable_parallel_tool_use": True}}, "parallel_tool_calls", False),
        ({"tool_choice": {"type": "auto", "disable_parallel_tool_use": False}}, "parallel_tool_calls", True),
        ({"output_config": {"effort": "low"}}, "thinking", Thinking(effort="low")),
        (
            {"thinking": {"type": "enabled", "budget_tokens": 2000, "display": "omitted"}},
            "thinking",
            Thinking(budget_tokens=2000, enabled=True, include_thoughts=False),
        ),
        (
            {"thinking": {"type": "adaptive", "display": "summarized"}, "output_config": {"effort": "max"}},
            "thinking",
            Thinking(effort="max", enabled=True, adaptive=True, include_thoughts=True),
        ),
        ({"thinking": {"type": "disabled"}}, "thinking", Thinking(enabled=False)),
        (
            {"output_config": {"format": {"type": "json_schema", "schema": {"type": "object"}}}},
            "response_format",
            ResponseFormat("json_schema", schema={"type": "object"}, strict=True),
        ),
        (
            {"output_format": {"type": "json_schema", "schema": {"type": "object"}}},
            "response_format",
            ResponseFormat("json_schema", schema={"type": "object"}, strict=True),
        ),
    ],
)
def test_a_member_is_this_in_the_domain(members: dict[str, Any], name: str, value: Any) -> None:
    chat = opened(**members)
    assert getattr(chat, name) == value
    assert chat.extra == {}


def test_system_prompts_are_messages_in_their_order() -> None:
    blocks = [{"type": "text", "text": "s", "cache_control": {"type": "ephemeral"}}]
    messages = [*ASK["messages"], {"role": "system", "content": "later"}]
    assert opened(system=blocks, messages=messages).messages == (
        Message("system", (Text("s", cache=CacheMarker()),)),
        Message("user", (Text("hi"),)),
        Message("system", (Text("later"),)),
    )
    assert opened(system="s").messages[0] == Message("system", (Text("s"),))
    assert len(opened(system="").messages) == 1


def test_a_tool_loop_is_opened() -> None:
    turns = [
        {"role": "user", "content": "hi"},
        {"role": "assistant", "content": [{"type": "tool_use", "id": "c", "name": "f", "input": {}}]},
        {
            "role": "user",
            "content": [
                {"type": "tool_result", "tool_use_id": "c", "content": "r"},
                {"type": "text", "text": "go on"},
            ],
        },
    ]
    assert opened(messages=turns).messages[1:] == (
        Message("assistant", (ToolCall("c", "f", "{}"),)),
        Message("user", (ToolResult("c", (Text("r"),)), Text("go on"))),
    )


def test_tools_are_functions_or_hosted() -> None:
    schema = {"type": "object"}
    hosted = {"type": "web_search_20250305", "name": "web_search", "max_uses": 3}
    nameless = {"type": "mcp_toolset", "mcp_server_name": "x"}
    function = {
        "type": "custom",
        "name": "f",
        "description": "d",
        "input_schema": schema,
        "strict": True,
        "cache_control": {"type": "ephemeral"},
        "defer_loading": True,
    }
    assert opened(tools=[function, {"name": "g", "input_schema": schema}, hosted, nameless]).tools == (
        Tool("f", "d", schema, strict=True, cache=CacheMarker(), hints={"defer_loading": True}),
        Tool("g", None, schema),
        Tool("web_search", hosted=hosted),
        Tool("mcp_toolset", hosted=nameless),
    )


def test_what_the_domain_has_no_place_for_is_kept_by_name() -> None:
    chat = opened(
        container="c",
        speed="fast",
        diagnostics=None,
        metadata={"user_id": "u", "label": "l"},
        output_config={"task_budget": {"total": 1}, "effort": "low"},
        thinking={"type": "between_tools"},
    )
    assert chat.extra == {
        "container": "c",
        "speed": "fast",
        "metadata.label": "l",
        "output_config.task_budget": {"total": 1},
        "thinking": {"type": "between_tools"},
    }
    assert chat.hints & chat.extra.keys() == {"speed", "output_config.task_budget"}
    assert chat.thinking == Thinking(effort="low")


@pytest.mark.parametrize(
    ("members", "path"),
    [
        ({"tools": [{"name": "f"}]}, "tools[0].input_schema"),
        ({"tool_choice": {"type": "some"}}, "tool_choice.type"),
        ({"tool_choice": {"type": "tool"}}, "tool_choice.name"),
        ({"thinking": {"type": "enabled"}}, "thinking.budget_tokens"),
        ({"output_config": {"format": {"type": "xml", "schema": {}}}}, "output_config.format.type"),
        ({"output_config": {"format": {"type": "json_schema"}}}, "output_config.format.schema"),
        ({"messages": [{"role": "user", "content": [{"type": "text"}]}]}, "messages[0].content[0].text"),
    ],
)
def test_a_complaint_names_the_field(members: dict[str, Any], path: str) -> None:
    with pytest.raises(InvalidRequest) as raised:
        opened(**members)
    assert raised.value.param == path


def test_members_that_nobody_reads_are_named() -> None:
    block = {"type": "text", "text": "x", "mood": "good"}
    document = {"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": [block], "id": "m1"}]}
    chat = AnthropicMessages().decode_request(json.dumps(document).encode()).chat
    assert chat.unread == ("messages[].id", "messages[].content[].mood")
