from typing import Any

import pytest
from openai.types.chat import CompletionCreateParams
from pydantic import TypeAdapter

from tornado_gateway.domain.chat import (
    Audio,
    CacheMarker,
    ChatRequest,
    Document,
    Image,
    Message,
    Part,
    Reasoning,
    Refusal,
    ResponseFormat,
    Role,
    Text,
    Thinking,
    Tool,
    ToolCall,
    ToolChoice,
    ToolResult,
)
from tornado_gateway.domain.errors import InvalidRequest
from tornado_gateway.providers.openai.request import chat_body, chat_document, effort_of

ACCEPTED: TypeAdapter[Any] = TypeAdapter(CompletionCreateParams)


def said(role: Role, *parts: Part, **more: Any) -> ChatRequest:
    return ChatRequest(model="m", messages=(Message(role=role, parts=parts),), **more)


def encoded(chat: ChatRequest, model: str = "gpt-4o") -> dict[str, Any]:
    document = chat_document(chat, model, [])
    ACCEPTED.validate_python(document)
    return document


def test_parts_of_a_user_turn() -> None:
    parts = (
        Text("look"),
        Image(url="https://a/x.png", detail="low"),
        Image(data="QUJD", media_type="image/jpeg"),
        Audio("QUJD", "wav"),
        Document(data="QUJD", media_type="application/pdf", name="a.pdf"),
        Document(file_id="file-1"),
        Document(text="plain"),
    )
    (message,) = encoded(said("user", *parts))["messages"]
    assert message["content"] == [
        {"type": "text", "text": "look"},
        {"type": "image_url", "image_url": {"url": "https://a/x.png", "detail": "low"}},
        {"type": "image_url", "image_url": {"url": "data:image/jpeg;base64,QUJD"}},
        {"type": "input_audio", "input_audio": {"data": "QUJD", "format": "wav"}},
        {"type": "file", "file": {"filename": "a.pdf", "file_data": "data:application/pdf;base64,QUJD"}},
        {"type": "file", "file": {"file_id": "file-1"}},
        {"type": "text", "text": "plain"},
    ]


def test_tool_results_of_one_turn_become_messages_of_their_own_before_the_text() -> None:
    chat = said("user", ToolResult("c1", (Text("4"),)), ToolResult("c2"), Text("go on"))
    assert encoded(chat)["messages"] == [
        {"role": "tool", "tool_call_id": "c1", "content": "4"},
        {"role": "tool", "tool_call_id": "c2", "content": ""},
        {"role": "user", "content": "go on"},
    ]


def test_an_assistants_turn() -> None:
    chat = said("assistant", Text("I "), Text("call"), ToolCall("c1", "f", '{"a":1}'))
    assert encoded(chat)["messages"] == [
        {
            "role": "assistant",
            "content": "I call",
            "tool_calls": [{"id": "c1", "type": "function", "function": {"name": "f", "arguments": '{"a":1}'}}],
        }
    ]
    assert encoded(said("assistant", Refusal("no")))["messages"][0] == {
        "role": "assistant",
        "content": None,
        "refusal": "no",
    }
    assert encoded(said("assistant"))["messages"][0]["content"] == ""


def test_thoughts_are_dropped_and_named() -> None:
    dropped: list[str] = []
    chat_body(said("assistant", Reasoning("hm", origin="anthropic"), Text("x")), "m", dropped)
    assert dropped


def test_every_parameter_has_its_place() -> None:
    chat = said(
        "user",
        Text("x"),
        stream=True,
        tools=(Tool("f", "d", {"type": "object"}, strict=True), Tool("c", custom=True, custom_format={"type": "text"})),
        tool_choice=ToolChoice("named", "f"),
        parallel_tool_calls=False,
        max_tokens=5,
        temperature=0.5,
        top_p=0.9,
        frequency_penalty=0.1,
        presence_penalty=0.2,
        seed=7,
        stop=("a", "b"),
        n=2,
        logprobs=True,
        top_logprobs=3,
        logit_bias={"1": 2.0},
        response_format=ResponseFormat("json_schema", {"type": "object"}, "s", strict=True),
        thinking=Thinking(effort="high"),
        verbosity="low",
        user="u",
        metadata={"a": "b"},
        service_tier="auto",
        extra={"store": True},
        family="openai",
    )
    document = encoded(chat)
    assert document["stream_options"] == {"include_usage": True}
    assert document["tool_choice"] == {"type": "function", "function": {"name": "f"}}
    assert document["response_format"]["json_schema"] == {"name": "s", "schema": {"type": "object"}, "strict": True}
    assert (document["max_tokens"], document["stop"], document["store"]) == (5, ["a", "b"], True)
    assert (document["reasoning_effort"], document["user"], document["metadata"]) == ("high", "u", {"a": "b"})


def test_reasoning_models_have_another_name_for_the_limit() -> None:
    assert encoded(said("user", Text("x"), max_tokens=5), "gpt-5-mini")["max_completion_tokens"] == 5
    assert encoded(said("user", Text("x"), max_tokens=5), "ft:o4-mini:me::1")["max_completion_tokens"] == 5


@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        (ToolChoice("auto"), "auto"),
        (ToolChoice("required"), "required"),
        (ToolChoice("none"), "none"),
        (ToolChoice("named", "c"), {"type": "custom", "custom": {"name": "c"}}),
    ],
)
def test_tool_choices(choice: ToolChoice, expected: object) -> None:
    chat = said("user", Text("x"), tools=(Tool("c", custom=True),), tool_choice=choice)
    assert encoded(chat)["tool_choice"] == expected


def test_a_budget_becomes_an_effort() -> None:
    assert [effort_of(tokens) for tokens in (1024, 2048, 2049, 16384, 16385)] == [
        "low",
        "low",
        "medium",
        "medium",
        "high",
    ]
    assert encoded(said("user", Text("x"), thinking=Thinking(budget_tokens=4096)))["reasoning_effort"] == "medium"


@pytest.mark.parametrize(
    "chat",
    [
        said("user", Text("x"), top_k=5, family="anthropic"),
        said("user", Image(file_id="f")),
        said("user", Document(url="https://a/b.pdf")),
        said("user", Refusal("no")),
    ],
)
def test_what_has_no_place_is_refused_by_name(chat: ChatRequest) -> None:
    with pytest.raises(InvalidRequest) as refused:
        chat_document(chat, "m", [])
    assert refused.value.param


def test_who_speaks_openais_protocol_may_have_a_top_k() -> None:
    assert chat_document(said("user", Text("x"), top_k=5, family="openai"), "m", [])["top_k"] == 5


def test_a_document_s_name_and_context_stand_before_its_text() -> None:
    document = Document(text="body", name="Title", context="About it")
    chat = said("user", document, Document(data="ZGF0YQ==", name="a.pdf", context="why"))
    assert encoded(chat)["messages"][0]["content"] == [
        {"type": "text", "text": "Document: Title\nContext: About it\n"},
        {"type": "text", "text": "body"},
        {"type": "text", "text": "Context: why\n"},
        {"type": "file", "file": {"filename": "a.pdf", "file_data": "data:application/pdf;base64,ZGF0YQ=="}},
    ]


@pytest.mark.parametrize("thinking", [Thinking(enabled=False), Thinking(enabled=True, adaptive=True)])
def test_thinking_without_a_measure_is_a_hint(thinking: Thinking) -> None:
    dropped: list[str] = []
    assert "reasoning_effort" not in chat_document(said("user", Text("x"), thinking=thinking), "m", dropped)
    assert dropped == ["thinking"]


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        (None, None),
        ({"type": "text"}, {"type": "text"}),
        (
            {"type": "grammar", "syntax": "lark", "definition": "start: A"},
            {"type": "grammar", "grammar": {"syntax": "lark", "definition": "start: A"}},
        ),
        (
            {"type": "grammar", "grammar": {"syntax": "regex", "definition": "a"}},
            {"type": "grammar", "grammar": {"syntax": "regex", "definition": "a"}},
        ),
    ],
)
def test_a_grammar_is_told_as_chats_have_it(given: Any, sent: Any) -> None:
    tool = Tool(name="t", custom=True, custom_format=given)
    chat = ChatRequest(model="m", messages=(Message("user", (Text("x"),)),), tools=(tool,))
    assert encoded(chat)["tools"][0]["custom"].get("format") == sent


def test_a_tools_cache_marker_is_dropped_and_named() -> None:
    tool = Tool(name="t", parameters={}, cache=CacheMarker())
    chat = ChatRequest(model="m", messages=(Message("user", (Text("x"),)),), tools=(tool,))
    dropped: list[str] = []
    assert "cache_control" not in str(chat_document(chat, "gpt-4o", dropped))
    assert dropped == ["cache_control"]
