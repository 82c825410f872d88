from typing import Any

import pytest

from tornado_gateway.domain.chat import (
    Audio,
    Document,
    Image,
    Opaque,
    Reasoning,
    Refusal,
    ResponseFormat,
    Text,
    Tool,
    ToolCall,
    ToolChoice,
    ToolResult,
)
from tornado_gateway.domain.errors import InvalidRequest
from tornado_gateway.httpserver.dialects.openai_messages import chat_request


def opened(*messages: dict[str, Any], **more: Any) -> Any:
    return chat_request({"model": "m", "messages": list(messages) or [{"role": "user", "content": "x"}], **more})


def parts(content: Any, role: str = "user") -> tuple[Any, ...]:
    return opened({"role": role, "content": content}).messages[0].parts  # type: ignore[no-any-return]


def test_content_parts() -> None:
    assert parts("x") == (Text("x"),)
    assert parts([{"type": "text", "text": "x"}]) == (Text("x"),)
    assert parts([{"type": "image_url", "image_url": {"url": "https://a/b.png", "detail": "low"}}]) == (
        Image(url="https://a/b.png", detail="low"),
    )
    assert parts([{"type": "image_url", "image_url": {"url": "data:image/png;base64,QUJD"}}]) == (
        Image(data="QUJD", media_type="image/png"),
    )
    assert parts([{"type": "input_audio", "input_audio": {"data": "QUJD", "format": "wav"}}]) == (Audio("QUJD", "wav"),)
    file = {"file_data": "data:application/pdf;base64,QUJD", "filename": "a.pdf"}
    assert parts([{"type": "file", "file": file}]) == (
        Document(data="QUJD", media_type="application/pdf", name="a.pdf"),
    )


def test_turns() -> None:
    call = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    chat = opened(
        {"role": "system", "content": "s"},
        {"role": "developer", "content": "d"},
        {"role": "user", "content": "u", "name": "ann"},
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "c1", "content": "4"},
        {"role": "assistant", "refusal": "no"},
    )
    assert [message.role for message in chat.messages] == [
        "system",
        "developer",
        "user",
        "assistant",
        "tool",
        "assistant",
    ]
    assert chat.messages[2].name == "ann"
    assert chat.messages[3].parts == (ToolCall("c1", "f", "{}"),)
    assert chat.messages[4].parts == (ToolResult("c1", (Text("4"),)),)
    assert chat.messages[5].parts == (Refusal("no"),)


def test_parameters() -> None:
    chat = opened(
        max_tokens=1,
        max_completion_tokens=2,
        stop="x",
        reasoning_effort="low",
        response_format={"type": "json_schema", "json_schema": {"name": "s", "schema": {"a": 1}, "strict": True}},
        tools=[
            {"type": "function", "function": {"name": "f", "parameters": {}}},
            {"type": "custom", "custom": {"name": "g"}},
        ],
        tool_choice={"type": "function", "function": {"name": "f"}},
        unknown=1,
        nothing=None,
    )
    assert (chat.max_tokens, chat.stop, chat.thinking.effort) == (2, ("x",), "low")
    assert chat.response_format == ResponseFormat("json_schema", {"a": 1}, "s", strict=True)
    assert chat.tools == (Tool("f", parameters={}), Tool("g", custom=True))
    assert chat.tool_choice == ToolChoice("named", "f")
    assert chat.extra == {"unknown": 1}
    assert opened(tool_choice="required").tool_choice == ToolChoice("required")
    assert opened(response_format={"type": "json_object"}).response_format == ResponseFormat("json_object")
    assert opened(stop=["a", "b"]).stop == ("a", "b")


@pytest.mark.parametrize(
    ("message", "param"),
    [
        ({"role": "nobody", "content": "x"}, "messages[0].role"),
        ({"role": "user"}, "messages[0].content"),
        ({"role": "tool", "content": "x"}, "messages[0].tool_call_id"),
        ({"role": "user", "content": [7]}, "messages[0].content[0]"),
        ({"role": "user", "content": [{"type": "video"}]}, "messages[0].content[0].type"),
        ({"role": "user", "content": [{"type": "text"}]}, "messages[0].content[0]"),
        ({"role": "user", "content": [{"type": "text", "text": 7}]}, "messages[0].content[0].text"),
        ({"role": "user", "content": [{"type": "image_url", "image_url": {}}]}, "messages[0].content[0].image_url.url"),
        ({"role": "assistant", "tool_calls": [{}]}, "messages[0].tool_calls[0].id"),
    ],
)
def test_what_can_not_be_opened_is_named(message: dict[str, Any], param: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        opened(message)
    assert refused.value.param == param


@pytest.mark.parametrize(
    ("more", "param"),
    [
        ({"tool_choice": "maybe"}, "tool_choice"),
        ({"tool_choice": {"type": "function"}}, "tool_choice"),
        ({"response_format": {"type": "xml"}}, "response_format.type"),
        ({"tools": [{"type": "function"}]}, "tools[0]"),
    ],
)
def test_parameters_that_can_not_be_opened_are_named(more: dict[str, Any], param: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        opened(**more)
    assert refused.value.param == param


def test_mistrals_thoughts_and_its_word_for_a_forced_call() -> None:
    pieces = [{"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]}, {"type": "text", "text": "so"}]
    document = {"model": "m", "messages": [{"role": "assistant", "content": pieces}], "tool_choice": "any"}
    chat = chat_request(document)
    assert chat.messages[0].parts == (Reasoning("hm", origin="openai"), Text("so"))
    assert chat.tool_choice == ToolChoice("required")


def test_values_that_say_what_is_so_anyway_ask_for_nothing() -> None:
    user = {"role": "user", "content": "x"}
    assert opened(user, store=False, modalities=["text"]).extra == {}
    assert opened(user, store=True, modalities=["text", "audio"]).extra == {
        "store": True,
        "modalities": ["text", "audio"],
    }


def test_an_answer_that_was_sound_comes_back_in_words_or_by_its_id() -> None:
    said = {"role": "assistant", "content": None, "audio": {"id": "audio_1", "data": "AA", "transcript": "hello"}}
    assert opened(said).messages[0].parts == (Text("hello"),)
    by_id = {"role": "assistant", "audio": {"id": "audio_1"}}
    assert opened(by_id).messages[0].parts == (
        Opaque("openai", {"type": "audio", "audio": {"id": "audio_1"}}, "messages[0].audio"),
    )


def test_what_a_result_has_no_place_for_is_refused() -> None:
    sound = {"type": "input_audio", "input_audio": {"data": "AA", "format": "wav"}}
    with pytest.raises(InvalidRequest) as refused:
        opened({"role": "tool", "tool_call_id": "c", "content": [{"type": "text", "text": "x"}, sound]})
    assert refused.value.param == "messages[0].content[1]"


def test_members_that_nobody_reads_are_named() -> None:
    part = {"type": "text", "text": "x", "prompt_cache_breakpoint": {"mode": "explicit"}}
    answer = {"role": "assistant", "content": "y", "annotations": [{"type": "url_citation"}], "refusal": None}
    chat = opened({"role": "user", "content": [part, part]}, answer)
    assert chat.unread == ("messages[].content[].prompt_cache_breakpoint", "messages[].annotations")
    assert opened().unread == ()
