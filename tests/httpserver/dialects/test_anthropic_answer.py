from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tornado_gateway.domain.chat import (
    ChatResponse,
    Choice,
    FinishReason,
    Image,
    Message,
    Opaque,
    Part,
    Reasoning,
    Refusal,
    Text,
    ToolCall,
)
from tornado_gateway.domain.thoughts import seal_of
from tornado_gateway.domain.usage import TokenUsage
from tornado_gateway.httpserver.dialects.anthropic_answer import (
    STOP_REASONS,
    UNREADABLE,
    content_blocks,
    failed,
    input_of,
    message_document,
    usage_document,
)
from tornado_gateway.httpserver.dialects.anthropic_blocks import content_parts


def a_choice(*parts: Part, finish: FinishReason = "stop", stop_sequence: str | None = None) -> Choice:
    message = Message("assistant", parts)
    return Choice(index=0, message=message, finish_reason=finish, stop_sequence=stop_sequence)


def a_chat(choice: Choice) -> ChatResponse:
    return ChatResponse(id="chatcmpl-1", model="gpt-4", choices=(choice,))


def test_a_message_is_whole() -> None:
    chat = a_chat(a_choice(Text("hi"), finish="stop_sequence", stop_sequence="END"))
    assert message_document(chat, TokenUsage(input=3, output=2)) == {
        "id": "chatcmpl-1",
        "type": "message",
        "role": "assistant",
        "model": "gpt-4",
        "content": [{"type": "text", "text": "hi"}],
        "stop_reason": "stop_sequence",
        "stop_sequence": "END",
        "usage": {
            "input_tokens": 3,
            "cache_creation_input_tokens": None,
            "cache_read_input_tokens": None,
            "output_tokens": 2,
        },
    }


def test_an_answer_without_an_id_gets_one() -> None:
    chat = ChatResponse(id="", model="m", choices=(a_choice(),))
    assert message_document(chat, TokenUsage())["id"].startswith("msg_")


def test_every_finish_has_a_stop_reason_that_anthropic_documents() -> None:
    documented = {"end_turn", "max_tokens", "stop_sequence", "tool_use", "pause_turn", "refusal"}
    assert set(STOP_REASONS.values()) <= documented
    assert set(STOP_REASONS) == set(get_args(FinishReason)) - {"error"}, "which is told as one"
    assert message_document(a_chat(a_choice(finish="tool_calls")), TokenUsage())["stop_reason"] == "tool_use"


@pytest.mark.parametrize("finish", ["stop", "refusal"])
def test_a_refusal_is_explained(finish: FinishReason) -> None:
    document = message_document(a_chat(a_choice(Refusal("No."), finish=finish)), TokenUsage())
    assert document["content"] == []
    assert document["stop_reason"] == "refusal"
    assert document["stop_details"] == {"type": "refusal", "category": None, "explanation": "No."}


def test_every_part_comes_back_as_it_was() -> None:
    parts: tuple[Part, ...] = (
        Reasoning("hm", signature="s", origin="anthropic"),
        Reasoning(redacted="r", origin="anthropic"),
        Reasoning("plan", redacted="enc", id="rs_1", origin="openai.responses", summary=True),
        Text("a", annotations=({"type": "char_location"},)),
        Text("b", signature="of text"),
        ToolCall("c", "f", '{"a":1}', signature="of call"),
        ToolCall("d", "g", "{}"),
        Opaque("anthropic", {"type": "server_tool_use"}, "content[8]"),
    )
    assert content_parts(content_blocks(a_choice(*parts)), "content") == tuple(
        Opaque("anthropic", part.document, "content[9]") if isinstance(part, Opaque) else part for part in parts
    )


@given(st.lists(st.builds(Text, st.text(min_size=1)) | st.builds(ToolCall, st.uuids().map(str), st.text(min_size=1))))
def test_decoding_what_was_encoded_is_the_identity(parts: list[Part]) -> None:
    whole = [part if isinstance(part, Text) else ToolCall(part.id, part.name, "{}") for part in parts]  # type: ignore[union-attr]
    assert content_parts(content_blocks(a_choice(*whole)), "content") == tuple(whole)


def test_a_foreign_thought_travels_sealed() -> None:
    thought = Reasoning("hm", origin="openai")
    assert content_blocks(a_choice(thought)) == [{"type": "thinking", "thinking": "hm", "signature": seal_of(thought)}]


def test_only_its_own_citations_are_told() -> None:
    assert content_blocks(a_choice(Text("a", annotations=({"type": "url_citation"}, 7)))) == [
        {"type": "text", "text": "a"}
    ]


def test_other_families_blocks_are_not_told() -> None:
    assert content_blocks(a_choice(Opaque("openai", {"type": "web_search_call"}))) == []


def test_an_image_that_was_made_is_told() -> None:
    source = {"type": "base64", "media_type": "image/png", "data": "x"}
    assert content_blocks(a_choice(Image(data="x", media_type="image/png"))) == [{"type": "image", "source": source}]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ('{"a":1}', {"a": 1}),
        ("", {}),
        (" ", {}),
        ('{"a":', {UNREADABLE: '{"a":'}),
        ("[1]", {UNREADABLE: "[1]"}),
    ],
)
def test_arguments_are_an_object(arguments: str, told: dict[str, object]) -> None:
    assert input_of(arguments) == told


def test_usage_stays_in_its_buckets() -> None:
    usage = TokenUsage(
        input=1, audio_input=2, cached_input=4, cache_write=8, cache_write_1h=16, output=32, reasoning=64
    )
    assert usage_document(usage) == {
        "input_tokens": 3,
        "cache_creation_input_tokens": 24,
        "cache_read_input_tokens": 4,
        "output_tokens": 96,
        "cache_creation": {"ephemeral_5m_input_tokens": 8, "ephemeral_1h_input_tokens": 16},
        "output_tokens_details": {"thinking_tokens": 64},
    }


@pytest.mark.parametrize(("raw", "told"), [("MALFORMED_FUNCTION_CALL", " (MALFORMED_FUNCTION_CALL)"), (None, "")])
def test_an_answer_that_a_failure_ended_is_an_error(raw: str | None, told: str) -> None:
    assert failed(raw).message == f"The provider ended its answer with an error{told}."
