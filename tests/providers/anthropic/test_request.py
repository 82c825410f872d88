import json
from typing import Any

import msgspec
import pytest

from tornado_gateway.domain.chat import (
    CacheMarker,
    ChatRequest,
    Message,
    Opaque,
    ResponseFormat,
    Text,
    Thinking,
    Tool,
    ToolChoice,
)
from tornado_gateway.domain.errors import InvalidRequest
from tornado_gateway.providers.anthropic.request import JSON_INSTRUCTION, chat_body, chat_document

ASK = Message("user", (Text("hi"),))
WEATHER = Tool(name="weather", parameters={"type": "object", "properties": {}})


def told(**members: Any) -> tuple[dict[str, Any], list[str]]:
    dropped: list[str] = []
    chat = ChatRequest(**{"model": "m", "messages": (ASK,), "max_tokens": 5, **members})
    return chat_document(chat, "claude-sonnet-4-5", dropped), dropped


PLAIN = {"model": "claude-sonnet-4-5", "max_tokens": 5, "messages": [{"role": "user", "content": "hi"}]}


def test_the_least_request() -> None:
    assert told() == (PLAIN, [])
    assert told(max_tokens=None)[0]["max_tokens"] == 16384


def test_the_body_is_the_document() -> None:
    chat = ChatRequest(model="m", messages=(ASK,), max_tokens=5)
    assert json.loads(chat_body(chat, "claude-sonnet-4-5", [])) == PLAIN


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        ({"stream": True}, {"stream": True}),
        ({"temperature": 0.5, "top_p": 0.9, "top_k": 3}, {"temperature": 0.5, "top_p": 0.9, "top_k": 3}),
        ({"stop": ("a", "b")}, {"stop_sequences": ["a", "b"]}),
        ({"user": "u1"}, {"metadata": {"user_id": "u1"}}),
        ({"service_tier": "auto"}, {"service_tier": "auto"}),
        ({"service_tier": "default"}, {"service_tier": "standard_only"}),
        (
            {"thinking": Thinking(effort="low"), "max_tokens": 9000},
            {"max_tokens": 9000, "thinking": {"type": "enabled", "budget_tokens": 2048}},
        ),
        ({"n": 1, "logprobs": False, "frequency_penalty": 0.0, "logit_bias": {}}, {}),
        ({"response_format": ResponseFormat("text")}, {}),
        ({"response_format": ResponseFormat("json_object")}, {"system": JSON_INSTRUCTION}),
        (
            {"response_format": ResponseFormat("json_schema", schema={"properties": {"a": {}}}, name="x", strict=True)},
            {
                "output_config": {
                    "format": {
                        "type": "json_schema",
                        "schema": {"properties": {"a": {}}, "additionalProperties": False},
                    }
                }
            },
        ),
    ],
)
def test_a_parameter_is_this_member(members: dict[str, Any], expected: dict[str, Any]) -> None:
    assert told(**members) == ({**PLAIN, **expected}, [])


@pytest.mark.parametrize(
    ("members", "name"),
    [
        ({"seed": 1}, "seed"),
        ({"verbosity": "low"}, "verbosity"),
        ({"metadata": {"a": "b"}}, "metadata"),
        ({"service_tier": "flex"}, "service_tier"),
        ({"extra": {"prompt_cache_key": "k"}, "hints": frozenset({"prompt_cache_key"})}, "prompt_cache_key"),
        (
            {"response_format": ResponseFormat("json_schema", schema={}, description="d")},
            "response_format.json_schema.description",
        ),
    ],
)
def test_a_hint_is_left_out_and_listed(members: dict[str, Any], name: str) -> None:
    document, dropped = told(**members)
    assert dropped == [name]
    assert name not in document


@pytest.mark.parametrize(
    ("members", "name"),
    [
        ({"n": 2}, "n"),
        ({"logprobs": True}, "logprobs"),
        ({"top_logprobs": 3}, "top_logprobs"),
        ({"logit_bias": {"1": 2.0}}, "logit_bias"),
        ({"frequency_penalty": 0.1}, "frequency_penalty"),
        ({"presence_penalty": -1.0}, "presence_penalty"),
        ({"temperature": 1.1}, "temperature"),
        ({"stop": ("a", "\n")}, "stop[1]"),
        ({"extra": {"web_search_options": {}}}, "web_search_options"),
        ({"tools": (Tool(name="t", custom=True),)}, "tools[0]"),
    ],
)
def test_what_would_change_the_answer_is_refused_by_name(members: dict[str, Any], name: str) -> None:
    with pytest.raises(InvalidRequest) as raised:
        told(**members)
    assert raised.value.param == name
    assert raised.value.message.startswith(f"{name}: ")


@pytest.mark.parametrize(
    ("tool", "expected"),
    [
        (Tool("f"), {"name": "f", "input_schema": {"type": "object", "properties": {}}}),
        (
            Tool("f", "d", {"properties": {"a": {}}}, strict=True, cache=CacheMarker("5m")),
            {
                "name": "f",
                "description": "d",
                "input_schema": {"type": "object", "properties": {"a": {}}},
                "strict": True,
                "cache_control": {"type": "ephemeral", "ttl": "5m"},
            },
        ),
    ],
)
def test_a_tool_has_a_schema_of_an_object(tool: Tool, expected: dict[str, Any]) -> None:
    assert told(tools=(tool,))[0]["tools"] == [expected]


@pytest.mark.parametrize(
    ("choice", "parallel", "expected"),
    [
        (None, None, None),
        (None, True, None),
        (None, False, {"type": "auto", "disable_parallel_tool_use": True}),
        (ToolChoice("auto"), None, {"type": "auto"}),
        (ToolChoice("none"), False, {"type": "none"}),
        (ToolChoice("required"), False, {"type": "any", "disable_parallel_tool_use": True}),
        (ToolChoice("named", "weather"), True, {"type": "tool", "name": "weather", "disable_parallel_tool_use": False}),
    ],
)
def test_a_tool_choice_is_this(choice: ToolChoice | None, parallel: bool | None, expected: Any) -> None:
    document, _ = told(tools=(WEATHER,), tool_choice=choice, parallel_tool_calls=parallel)
    assert document.get("tool_choice") == expected


def test_without_tools_a_free_choice_says_nothing() -> None:
    assert "tool_choice" not in told(tool_choice=ToolChoice("auto"))[0]
    assert told(tool_choice=ToolChoice("required"))[0]["tool_choice"] == {"type": "any"}


def test_a_system_prompt_is_a_text_or_marked_blocks() -> None:
    assert told(messages=(Message("system", (Text("s"),)), ASK))[0]["system"] == "s"
    marked = Message("system", (Text("s", cache=CacheMarker()),))
    assert told(messages=(marked, ASK))[0]["system"] == [
        {"type": "text", "text": "s", "cache_control": {"type": "ephemeral"}}
    ]


def test_its_own_members_go_on_to_their_places() -> None:
    document, dropped = told(
        family="anthropic",
        extra={"container": "c", "output_config.task_budget": {"total": 1}, "metadata.label": "l"},
        thinking=Thinking(effort="low"),
        user="u",
        tools=(Tool("web_search", hosted={"type": "web_search_20250305"}), Tool("f", hints={"defer_loading": True})),
        messages=(ASK, Message("system", (Opaque("anthropic", {"type": "tool_addition"}),))),
    )
    assert dropped == []
    assert document["container"] == "c"
    assert document["output_config"] == {"effort": "low", "task_budget": {"total": 1}}
    assert document["metadata"] == {"user_id": "u", "label": "l"}
    assert document["tools"][0] == {"type": "web_search_20250305"}
    assert document["tools"][1]["defer_loading"] is True
    assert document["messages"][1] == {"role": "system", "content": [{"type": "tool_addition"}]}


def test_its_own_schema_goes_on_as_it_is() -> None:
    schema = {"type": "object", "properties": {}}
    document, _ = told(family="anthropic", response_format=ResponseFormat("json_schema", schema=schema))
    assert document["output_config"]["format"]["schema"] == schema


def test_a_document_can_be_encoded() -> None:
    assert msgspec.json.encode(told(tools=(WEATHER,))[0])
