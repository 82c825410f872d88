import json
from typing import Any

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
from tornado_gateway.providers.gemini.request import chat_body, chat_document

SCHEMA = {"type": "object", "properties": {"a": {"$ref": "#/$defs/A"}}, "additionalProperties": False}


def chat(**members: Any) -> ChatRequest:
    return ChatRequest(**{"model": "m", "messages": (Message("user", (Text("hi"),)),), **members})


def encode(dropped: list[str] | None = None, model: str = "gemini-2.5-flash", **members: Any) -> dict[str, Any]:
    found = [] if dropped is None else dropped
    document = chat_document(chat(**members), model, found)
    assert dropped is not None or found == []
    return document


def test_the_least() -> None:
    body = chat_body(chat(stream=True), "gemini-2.5-flash", [])
    assert json.loads(body) == {"contents": [{"role": "user", "parts": [{"text": "hi"}]}]}


def test_every_parameter_has_its_place() -> None:
    config = encode(
        max_tokens=9,
        temperature=0.0,
        top_p=0.5,
        top_k=4,
        stop=("a", "b"),
        n=2,
        seed=7,
        presence_penalty=0.1,
        frequency_penalty=0.2,
        logprobs=True,
        top_logprobs=3,
        response_format=ResponseFormat("json_schema", schema=SCHEMA, name="x", strict=True),
        thinking=Thinking(effort="none"),
    )["generationConfig"]
    assert config == {
        "temperature": 0.0,
        "topP": 0.5,
        "topK": 4,
        "maxOutputTokens": 9,
        "stopSequences": ["a", "b"],
        "candidateCount": 2,
        "seed": 7,
        "presencePenalty": 0.1,
        "frequencyPenalty": 0.2,
        "responseMimeType": "application/json",
        "responseJsonSchema": SCHEMA,
        "responseLogprobs": True,
        "logprobs": 3,
        "thinkingConfig": {"thinkingBudget": 0},
    }


def test_json_without_a_schema_and_plain_text() -> None:
    wanted = ResponseFormat("json_object")
    assert encode(response_format=wanted)["generationConfig"] == {"responseMimeType": "application/json"}
    assert "generationConfig" not in encode(response_format=ResponseFormat("text"), logprobs=False, top_logprobs=0)


def test_the_system_s_instruction_stands_apart() -> None:
    messages = (Message("system", (Text("s"),)), Message("user", (Text("hi"),)))
    assert encode(messages=messages)["systemInstruction"] == {"parts": [{"text": "s"}]}


def test_tools() -> None:
    tools = (Tool("f", description="d", parameters=SCHEMA), Tool("g"))
    document = encode(tools=tools)
    functions = [{"name": "f", "description": "d", "parametersJsonSchema": SCHEMA}, {"name": "g"}]
    assert document["tools"] == [{"functionDeclarations": functions}]
    assert "toolConfig" not in document


@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        (ToolChoice("auto"), {"mode": "AUTO"}),
        (ToolChoice("none"), {"mode": "NONE"}),
        (ToolChoice("required"), {"mode": "ANY"}),
        (ToolChoice("named", "f"), {"mode": "ANY", "allowedFunctionNames": ["f"]}),
    ],
)
def test_tool_choices(choice: ToolChoice, expected: dict[str, Any]) -> None:
    assert encode(tools=(Tool("f"),), tool_choice=choice)["toolConfig"] == {"functionCallingConfig": expected}


def test_a_choice_without_tools() -> None:
    assert "toolConfig" not in encode(tool_choice=ToolChoice("auto"))
    assert encode(tool_choice=ToolChoice("required"))["toolConfig"] == {"functionCallingConfig": {"mode": "ANY"}}


def test_strict_tools_are_validated_where_that_can_be_asked() -> None:
    tools = (Tool("f", strict=True), Tool("g", strict=False))
    assert encode(tools=tools)["toolConfig"] == {"functionCallingConfig": {"mode": "VALIDATED"}}
    assert encode(tools=tools, tool_choice=ToolChoice("required"))["toolConfig"]["functionCallingConfig"] == {
        "mode": "ANY"
    }
    dropped: list[str] = []
    assert "toolConfig" not in encode(dropped, "gemini-2.0-flash", tools=tools)
    assert dropped == ["tools.strict"]


@pytest.mark.parametrize(
    ("tier", "expected", "dropped"),
    [("flex", "flex", []), ("default", "standard", []), ("priority", "priority", []), ("auto", None, ["service_tier"])],
)
def test_service_tiers(tier: str, expected: str | None, dropped: list[str]) -> None:
    found: list[str] = []
    assert encode(found, service_tier=tier).get("serviceTier") == expected
    assert found == dropped


def test_hints_are_dropped_by_name() -> None:
    dropped: list[str] = []
    encode(
        dropped,
        user="u",
        metadata={"a": "b"},
        verbosity="low",
        parallel_tool_calls=False,
        response_format=ResponseFormat("json_schema", schema=SCHEMA, description="d"),
        tools=(Tool("f", cache=CacheMarker(), hints={"defer_loading": True}),),
        extra={"prompt_cache_key": "k"},
        hints=frozenset({"prompt_cache_key"}),
    )
    assert dropped == [
        "prompt_cache_key",
        "tools[0].defer_loading",
        "user",
        "metadata",
        "verbosity",
        "parallel_tool_calls",
        "response_format.json_schema.description",
        "cache_control",
    ]


def test_hints_go_by_the_caller_s_own_names() -> None:
    dropped: list[str] = []
    encode(dropped, family="anthropic", user="u", parallel_tool_calls=False)
    assert dropped == ["metadata.user_id", "tool_choice.disable_parallel_tool_use"]


@pytest.mark.parametrize(
    ("members", "param"),
    [
        ({"logit_bias": {"5": 1.0}}, "logit_bias"),
        ({"extra": {"modalities": ["audio"]}}, "modalities"),
        ({"tools": (Tool("web", hosted={"type": "web_search"}),)}, "tools[0]"),
        ({"tools": (Tool("f", custom=True),)}, "tools[0]"),
        (
            {"messages": (Message("user", (Opaque("anthropic", {"type": "x"}, "messages[0].content[0]"),)),)},
            "messages[0].content[0]",
        ),
    ],
)
def test_what_gemini_has_no_place_for_is_refused_by_name(members: dict[str, Any], param: str | None) -> None:
    with pytest.raises(InvalidRequest) as refused:
        encode(**members)
    assert refused.value.param == param


def test_its_own_family_s_members_and_tools_go_on() -> None:
    tools = (Tool("google_search", hosted={"googleSearch": {}}), Tool("f"))
    document = encode(family="gemini", extra={"safetySettings": []}, tools=tools)
    assert document["safetySettings"] == []
    assert document["tools"] == [{"functionDeclarations": [{"name": "f"}]}, {"googleSearch": {}}]
