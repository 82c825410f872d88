import json
from typing import Any

import pytest

from tornado_gateway.domain.call import Answer
from tornado_gateway.domain.chat import Audio, Choice, Image, Opaque, Reasoning, Text, ToolCall
from tornado_gateway.domain.errors import UpstreamFailed, UpstreamRateLimited
from tornado_gateway.domain.usage import TokenUsage
from tornado_gateway.providers.gemini.response import FINISH_REASONS, call_id, chat_answer


def answer(*candidates: Any, **members: Any) -> Answer:
    document = {"candidates": candidates, "responseId": "r1", "modelVersion": "gemini-x", **members}
    return chat_answer(json.dumps(document).encode(), "g")


def only(*parts: Any, **members: Any) -> Choice:
    read = answer({"content": {"role": "model", "parts": parts}, "finishReason": "STOP", **members})
    assert read.chat is not None
    (choice,) = read.chat.choices
    return choice


def test_an_answer() -> None:
    read = answer(
        {"content": {"parts": [{"text": "hello"}]}, "finishReason": "STOP"},
        usageMetadata={"promptTokenCount": 1, "candidatesTokenCount": 2, "serviceTier": "standard"},
        createTime="2026-01-01T00:00:00.5Z",
    )
    assert read.usage == TokenUsage(input=1, output=2)
    assert read.finish_reason == "stop"
    assert read.chat is not None
    assert (read.chat.id, read.chat.model, read.chat.created) == ("r1", "gemini-x", 1767225600)
    assert read.chat.service_tier == "default"
    assert read.chat.choices[0].message.parts == (Text("hello"),)
    assert read.chat.choices[0].raw_finish == "STOP"


def test_every_kind_of_part() -> None:
    code = {"executableCode": {"language": "PYTHON", "code": "1"}, "thoughtSignature": "s"}
    choice = only(
        {"text": "hm", "thought": True},
        {"text": "signed", "thought": True, "thoughtSignature": "s0"},
        code,
        {"text": ""},
        {"text": "a"},
        {"text": "", "thoughtSignature": "s1"},
        {"text": "", "thoughtSignature": "s2"},
        {"text": "b", "thoughtSignature": "s3"},
        {"inlineData": {"mimeType": "image/png", "data": "AA"}},
        {"inlineData": {"mimeType": "audio/wav", "data": "BB"}},
        {"functionCall": {"name": "f", "args": {"x": [1.50, None]}}, "thoughtSignature": "s4"},
        {"functionCall": {"name": "g", "id": "own"}},
        {"functionCall": {"name": "h", "args": None}},
    )
    assert choice.message.parts == (
        Reasoning("hm", origin="gemini"),
        Reasoning("signed", signature="s0", origin="gemini"),
        Opaque("gemini", code),
        Text("a", signature="s1"),
        Text("", signature="s2"),
        Text("b", signature="s3"),
        Image(data="AA", media_type="image/png"),
        Audio(data="BB", format="wav"),
        ToolCall("call_r1_0", "f", '{"x": [1.5, null]}', signature="s4"),
        ToolCall("own", "g", "{}"),
        ToolCall("call_r1_2", "h", "{}"),
    )
    assert choice.finish_reason == "tool_calls"


def test_a_picture_that_was_only_a_thought_is_no_answer() -> None:
    thought = {"inlineData": {"mimeType": "image/png", "data": "AA"}, "thought": True}
    assert only(thought).message.parts == (Opaque("gemini", thought),)


@pytest.mark.parametrize(("raw", "reason"), [*FINISH_REASONS.items(), (None, "stop"), ("NEW_ONE", "stop")])
def test_finish_reasons(raw: str | None, reason: str) -> None:
    choice = only({"text": "x"}, finishReason=raw)
    assert (choice.finish_reason, choice.raw_finish) == (reason, raw)
    called = only({"functionCall": {"name": "f"}}, finishReason=raw)
    assert called.finish_reason == ("tool_calls" if reason == "stop" else reason)


@pytest.mark.parametrize("content", [{}, {"content": None}, {"content": {}}, {"content": {"parts": None}}])
def test_a_candidate_may_hold_nothing(content: dict[str, Any]) -> None:
    read = answer({**content, "finishReason": "MAX_TOKENS"})
    assert read.chat is not None
    assert read.chat.choices[0].message.parts == ()
    assert read.finish_reason == "length"
    assert read.usage is None


def test_several_candidates() -> None:
    one = {"content": {"parts": [{"functionCall": {"name": "f"}}]}}
    read = answer(one, {**one, "index": 1})
    assert read.chat is not None
    ids = [call.id for choice in read.chat.choices for call in choice.message.tool_calls]
    assert ids == ["call_r1_0", "call_r1_1_0"]
    assert [choice.index for choice in read.chat.choices] == [0, 1]
    assert call_id(None, 0, 3) == "call_3"


def test_a_blocked_prompt_is_an_answer_of_no_text() -> None:
    body = b'{"promptFeedback":{"blockReason":"SAFETY"},"usageMetadata":{"promptTokenCount":4}}'
    read = chat_answer(body, "g")
    assert read.chat is not None
    (choice,) = read.chat.choices
    assert (choice.message.parts, choice.finish_reason, choice.raw_finish) == ((), "content_filter", "SAFETY")
    assert read.usage == TokenUsage(input=4)


def test_sources_stand_at_the_last_text() -> None:
    citation = {"citationSources": [{"endIndex": 1, "uri": "https://a"}]}
    first, last = only({"text": "x"}, {"text": "y"}, citationMetadata=citation).message.parts
    assert isinstance(first, Text)
    assert isinstance(last, Text)
    assert first.annotations == ()
    assert [note["url_citation"]["url"] for note in last.annotations] == ["https://a"]
    assert only({"functionCall": {"name": "f"}}, citationMetadata=citation).message.tool_calls


def test_logprobs() -> None:
    choice = only({"text": "x"}, logprobsResult={"chosenCandidates": [{"token": "x", "logProbability": -1}]})
    assert choice.logprobs["content"][0]["logprob"] == -1


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{}", b'{"candidates":[]}', b'{"candidates":[{"content":3}]}', b"<", b"\xff"]
)
def test_garbled_answers(body: bytes) -> None:
    with pytest.raises(UpstreamFailed):
        chat_answer(body, "g")


def test_an_error_under_status_200() -> None:
    with pytest.raises(UpstreamRateLimited, match="slow"):
        chat_answer(b'{"error":{"code":429,"message":"slow"}}', "g")
