import json
from typing import Any

import msgspec
import pytest

from tornado_gateway.domain.chat import Image, Reasoning, Refusal, Text, ToolCall
from tornado_gateway.domain.errors import UpstreamFailed, UpstreamRateLimited
from tornado_gateway.domain.wire import OPENAI_CHAT, OPENAI_COMPLETIONS, OPENAI_EMBEDDINGS
from tornado_gateway.providers.openai.response import chat_answer, finish_reason, relayed_answer


def body(message: dict[str, Any], finish: str | None = "stop", **more: Any) -> bytes:
    choice = {"index": 0, "message": {"role": "assistant", **message}, "finish_reason": finish}
    return json.dumps({"id": "i", "model": "m", "created": 1.0, "choices": [choice], **more}).encode()


def parts(message: dict[str, Any]) -> tuple[Any, ...]:
    answer = chat_answer(body(message), "p")
    assert answer.chat is not None
    return answer.chat.choices[0].message.parts


def test_a_relayed_answer_is_unopened_but_for_usage_and_finish() -> None:
    raw = body({"content": "x"}, "length", usage={"prompt_tokens": 3, "completion_tokens": 2}, z={"a": 1.50})
    answer = relayed_answer(b" \n" + raw, OPENAI_CHAT, "p")
    assert answer.relayed is not None
    assert answer.usage is not None
    assert (answer.usage.total_tokens, answer.finish_reason) == (5, "length")
    assert bytes(answer.relayed.fields["z"]) == b'{"a": 1.5}'
    assert relayed_answer(b'{"choices":[]}', OPENAI_CHAT, "p").usage is None


@pytest.mark.parametrize("garbled", [b"", b"{", b"[]", b"<html>", b'{"choices": 7}', b"[" * 100_000])
def test_a_garbled_answer_is_the_providers_failure(garbled: bytes) -> None:
    with pytest.raises(UpstreamFailed):
        relayed_answer(garbled, OPENAI_CHAT, "p")
    with pytest.raises(UpstreamFailed):
        chat_answer(garbled, "p")


@pytest.mark.parametrize(
    ("protocol", "member"), [(OPENAI_CHAT, "choices"), (OPENAI_COMPLETIONS, "choices"), (OPENAI_EMBEDDINGS, "data")]
)
def test_an_answer_without_what_was_asked_for_is_garbled(protocol: str, member: str) -> None:
    for garbled in (b"{}", b'{"foo":1,"usage":{"prompt_tokens":1}}', b'{"%s":null}' % member.encode()):
        with pytest.raises(UpstreamFailed, match=member):
            relayed_answer(garbled, protocol, "p")
    assert relayed_answer(b'{"%s":[]}' % member.encode(), protocol, "p").relayed is not None


def test_an_answer_without_a_choice_is_none() -> None:
    with pytest.raises(UpstreamFailed, match="without a choice"):
        chat_answer(b'{"choices":[]}', "p")


def test_what_a_message_may_hold() -> None:
    call = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    assert parts({"content": "x", "tool_calls": [call]}) == (Text("x"), ToolCall("c1", "f", "{}"))
    assert parts({"content": None, "refusal": "no"}) == (Refusal("no"),)
    assert parts({"content": "x", "reasoning_content": "hm"}) == (Reasoning("hm", origin="openai"), Text("x"))
    assert parts({"content": "x", "reasoning": "hm"})[0] == Reasoning("hm", origin="openai")
    assert parts({"content": None, "function_call": {"name": "f", "arguments": "{}"}}) == (ToolCall("", "f", "{}"),)
    custom = {"id": "c2", "type": "custom", "custom": {"name": "g", "input": "free"}}
    assert parts({"tool_calls": [custom]}) == (ToolCall("c2", "g", "free", custom=True),)


def test_vendors_ways() -> None:
    thinking = {"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]}
    assert parts({"content": [thinking, {"type": "text", "text": "x"}]}) == (
        Reasoning("hm", origin="openai"),
        Text("x"),
    )
    assert parts({"content": [{"type": "thinking", "thinking": "hm"}]}) == (Reasoning("hm", origin="openai"),)
    nameless = {"id": "", "function": {"name": "f", "arguments": {"a": 1}}}
    assert parts({"tool_calls": [nameless]}) == (ToolCall("call_i_0", "f", '{"a":1}'),)


def test_finish_reasons() -> None:
    assert [finish_reason(raw) for raw in ("stop", "length", "content_filter", "function_call", None, "odd")] == [
        "stop",
        "length",
        "content_filter",
        "tool_calls",
        "stop",
        "stop",
    ]
    call = {"id": "c1", "function": {"name": "f", "arguments": "{}"}}
    answer = chat_answer(body({"tool_calls": [call]}), "p")
    assert answer.finish_reason == "tool_calls"
    assert chat_answer(body({"content": None, "refusal": "no"}), "p").finish_reason == "refusal"


def test_an_error_under_status_200_is_no_answer() -> None:
    body = b'\n\n {"error":{"message":"slow","code":429}}'
    for read in (lambda: relayed_answer(body, OPENAI_CHAT, "p"), lambda: chat_answer(body, "p")):
        with pytest.raises(UpstreamRateLimited):
            read()


def test_geminis_and_openrouters_signatures_are_kept() -> None:
    signed = {"id": "c", "function": {"name": "f"}, "extra_content": {"google": {"thought_signature": "sig"}}}
    (call,) = parts({"tool_calls": [signed]})
    assert isinstance(call, ToolCall)
    assert call.signature == "sig"
    details = [{"type": "reasoning.encrypted", "data": "x"}]
    (thought,) = parts({"reasoning_details": details})
    assert isinstance(thought, Reasoning)
    assert msgspec.json.decode(str(thought.signature)) == details


def test_what_a_model_drew() -> None:
    drawn = [
        {"type": "image_url", "image_url": {"url": "data:image/webp;base64,AAAA"}},
        {"type": "image_url", "image_url": {"url": "https://img.example/1.png"}},
        {"type": "image_url", "image_url": "https://img.example/2.png"},
        {"type": "image_url"},
        "odd",
    ]
    assert parts({"content": "Here:", "images": drawn}) == (
        Text("Here:"),
        Image(data="AAAA", media_type="image/webp"),
        Image(url="https://img.example/1.png"),
        Image(url="https://img.example/2.png"),
    )


def test_sources_beside_an_answer_and_an_answer_in_sound() -> None:
    raw = body({"content": "x [1]"}, citations=["http://a"])
    chat = chat_answer(raw, "p").chat
    assert chat is not None
    (text,) = chat.choices[0].message.parts
    assert isinstance(text, Text)
    assert text.annotations[0]["url_citation"] == {"start_index": 2, "end_index": 5, "url": "http://a", "title": ""}
    assert parts({"content": None, "audio": {"id": "a", "data": "AA", "transcript": "hi"}}) == (Text("hi"),)
