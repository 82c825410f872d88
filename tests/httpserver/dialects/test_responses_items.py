from typing import Any

import pytest

from tornado_gateway.domain.chat import (
    Audio,
    Document,
    Image,
    Message,
    Opaque,
    Reasoning,
    Refusal,
    Text,
    ToolCall,
    ToolResult,
)
from tornado_gateway.domain.errors import InvalidRequest
from tornado_gateway.domain.thoughts import Seal, seal, seal_of
from tornado_gateway.httpserver.dialects.responses_items import FAMILY, messages_of, unread_of

CALL = {"type": "function_call", "call_id": "c1", "name": "f", "arguments": "{}"}


def user(*parts: dict[str, Any]) -> tuple[Any, ...]:
    (message,) = messages_of([{"role": "user", "content": list(parts)}])
    return message.parts


def test_a_text_is_one_message() -> None:
    assert messages_of("hi") == [Message("user", (Text("hi"),))]


def test_messages_in_both_forms() -> None:
    assert messages_of(
        [
            {"role": "developer", "content": "d"},
            {"type": "message", "role": "system", "content": [{"type": "input_text", "text": "s"}]},
            {
                "role": "assistant",
                "content": [{"type": "output_text", "text": "a"}, {"type": "refusal", "refusal": "r"}],
            },
            {"role": "user", "content": "u"},
        ]
    ) == [
        Message("developer", (Text("d"),)),
        Message("system", (Text("s"),)),
        Message("assistant", (Text("a"), Refusal("r"))),
        Message("user", (Text("u"),)),
    ]


def test_what_the_assistant_said_in_a_row_is_one_turn() -> None:
    thought = {
        "type": "reasoning",
        "id": "rs",
        "summary": [{"type": "summary_text", "text": "hm"}],
        "encrypted_content": "e",
    }
    custom = {"type": "custom_tool_call", "call_id": "c2", "name": "g", "input": "select"}
    result = {"type": "function_call_output", "call_id": "c1", "output": "4"}
    picture = {"type": "custom_tool_call_output", "call_id": "c2", "output": [{"type": "input_image", "file_id": "x"}]}
    turn, first, second = messages_of([thought, {"role": "assistant", "content": "so"}, CALL, custom, result, picture])
    assert turn == Message(
        "assistant",
        (
            Reasoning("hm", signature="e", id="rs", origin=FAMILY, summary=True),
            Text("so"),
            ToolCall("c1", "f", "{}"),
            ToolCall("c2", "g", "select", custom=True),
        ),
    )
    assert first == Message("tool", (ToolResult("c1", (Text("4"),)),))
    assert second == Message("tool", (ToolResult("c2", (Image(file_id="x"),)),))


def test_what_was_sealed_is_what_it_was() -> None:
    foreign = Reasoning("hm", signature="s", origin="anthropic")
    items = [
        {"type": "reasoning", "summary": [{"text": "hm"}], "encrypted_content": seal_of(foreign)},
        {"role": "assistant", "content": "so"},
        {"type": "reasoning", "summary": [], "encrypted_content": seal(Seal(signature="t", of_text=True))},
        CALL,
        {"type": "reasoning", "summary": [], "encrypted_content": seal(Seal(signature="c", call_id="c1"))},
    ]
    (turn,) = messages_of(items)
    assert turn.parts == (foreign, Text("so", signature="t"), ToolCall("c1", "f", "{}", signature="c"))


def test_parts() -> None:
    assert user(
        {"type": "input_image", "image_url": "data:image/png;base64,AA", "detail": "low"},
        {"type": "input_image", "image_url": "https://a/b.png"},
        {"type": "input_file", "file_data": "data:application/pdf;base64,AA", "filename": "a.pdf"},
        {"type": "input_file", "file_url": "https://a/b.pdf"},
        {"type": "input_file", "file_id": "f"},
        {"type": "input_audio", "input_audio": {"data": "AA", "format": "wav"}},
    ) == (
        Image(data="AA", media_type="image/png", detail="low"),
        Image(url="https://a/b.png"),
        Document(data="AA", media_type="application/pdf", name="a.pdf"),
        Document(url="https://a/b.pdf"),
        Document(file_id="f"),
        Audio("AA", "wav"),
    )


def test_what_only_openai_has_goes_on_unopened() -> None:
    item = {"type": "web_search_call", "id": "ws"}
    (turn,) = messages_of([item])
    assert turn.parts == (Opaque(FAMILY, item, "input[0]"),)


@pytest.mark.parametrize(
    ("item", "param"),
    [
        ({"content": "x"}, "input[0].type"),
        ({"role": "judge", "content": "x"}, "input[0].role"),
        ({"role": "user"}, "input[0].content"),
        ({"role": "user", "content": [{"type": "input_text"}]}, "input[0].content[0].text"),
        ({"role": "user", "content": [{"type": "video"}]}, "input[0].content[0].type"),
        ({"role": "user", "content": [{"type": "input_image"}]}, "input[0].content[0].image_url"),
        ({"type": "function_call", "name": "f"}, "input[0].call_id"),
        ({"type": "function_call_output", "call_id": "c"}, "input[0].output"),
        ({"type": "item_reference", "id": "x"}, "input[0]"),
    ],
)
def test_what_is_wrong_is_named(item: dict[str, Any], param: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        messages_of([item])
    assert refused.value.param == param


def test_what_a_result_has_no_place_for_is_refused() -> None:
    sound = {"type": "input_audio", "input_audio": {"data": "AA", "format": "wav"}}
    with pytest.raises(InvalidRequest) as refused:
        messages_of([{"type": "function_call_output", "call_id": "c", "output": [sound]}])
    assert refused.value.param == "input[0].output[0]"


def test_members_that_nobody_reads_are_named() -> None:
    part = {"type": "input_text", "text": "x", "prompt_cache_breakpoint": {"mode": "explicit"}}
    items = [
        {"role": "user", "content": [part]},
        {**CALL, "id": "fc_1", "status": "completed", "namespace": "n"},
        {"type": "function_call_output", "call_id": "c1", "output": [part]},
        {"type": "item_of_tomorrow", "x": 1},
    ]
    assert unread_of(items) == (
        "input[].content[].prompt_cache_breakpoint",
        "input[].namespace",
        "input[].output[].prompt_cache_breakpoint",
    )
    assert unread_of("hi") == unread_of(None) == ()
