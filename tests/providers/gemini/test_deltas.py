from typing import Any

import msgspec

from tornado_gateway.domain.chat import Image
from tornado_gateway.domain.stream import Finished, ImageDelta, ReasoningDelta, StreamEvent, TextDelta, ToolCallDelta
from tornado_gateway.providers.gemini.deltas import Candidates
from tornado_gateway.providers.gemini.response import answer_decoder


def read(*chunks: dict[str, Any]) -> tuple[Candidates, list[StreamEvent]]:
    candidates, events = Candidates(), list[StreamEvent]()
    candidates.answer = "r"
    for chunk in chunks:
        candidates.read(answer_decoder.decode(msgspec.json.encode(chunk)), events)
    return candidates, events


def chunk(*parts: Any, **members: Any) -> dict[str, Any]:
    return {"candidates": [{"content": {"parts": parts}, **members}]}


def test_pieces_as_they_come() -> None:
    candidates, events = read(
        chunk({"text": "hm", "thought": True}, {"text": "", "thought": True}),
        chunk({"text": "", "thought": True, "thoughtSignature": "s0"}),
        chunk({"text": "a"}, {"text": ""}, {"toolCall": {}}),
        chunk({"functionCall": {"name": "f", "args": {"x": 1}}, "thoughtSignature": "s"}),
        chunk({"functionCall": {"name": "g", "id": "own"}}),
        chunk({"text": "", "thoughtSignature": "t"}, finishReason="STOP"),
    )
    candidates.end(events)
    assert events == [
        ReasoningDelta("hm", origin="gemini"),
        ReasoningDelta(signature="s0", origin="gemini"),
        TextDelta("a"),
        ToolCallDelta(0, '{"x":1}', id="call_r_0", name="f", signature="s"),
        ToolCallDelta(1, "{}", id="own", name="g"),
        TextDelta("", signature="t"),
        Finished("tool_calls", raw="STOP"),
    ]


def test_a_finish_reason_in_every_chunk_is_told_once() -> None:
    candidates, events = read(
        chunk({"text": "a"}, finishReason="STOP"), chunk({"text": "b"}, finishReason="MAX_TOKENS")
    )
    assert candidates.finished
    candidates.end(events)
    assert events == [TextDelta("a"), TextDelta("b"), Finished("length", raw="MAX_TOKENS")]


def test_candidates_are_told_apart_and_all_must_finish() -> None:
    candidates, events = read(
        chunk({"text": "a"}, finishReason="STOP"), {"candidates": [{"index": 1, "content": {"parts": [{"text": "b"}]}}]}
    )
    assert events == [TextDelta("a"), TextDelta("b", choice=1)]
    assert not candidates.finished
    candidates.read(answer_decoder.decode(b'{"candidates":[{"index":1,"finishReason":"SAFETY"}]}'), events)
    assert candidates.finished
    del events[:]
    candidates.end(events)
    assert events == [Finished("stop", raw="STOP"), Finished("content_filter", choice=1, raw="SAFETY")]


def test_a_blocked_prompt() -> None:
    candidates, events = read({"usageMetadata": {}})
    assert not candidates.finished
    candidates, events = read({"promptFeedback": {"blockReason": "OTHER"}}, {"usageMetadata": {}})
    assert candidates.finished
    candidates.end(events)
    assert events == [Finished("content_filter", raw="OTHER")]


def test_sources_are_told_at_the_end() -> None:
    source = {"citationSources": [{"endIndex": 1, "uri": "https://a"}]}
    other = {"citationSources": [{"endIndex": 2, "uri": "https://b"}]}
    grounding = {
        "groundingChunks": [{"web": {"uri": "https://c"}}],
        "groundingSupports": [{"segment": {"endIndex": 2}, "groundingChunkIndices": [0]}],
    }
    candidates, events = read(
        chunk({"text": "ab"}, citationMetadata=source, groundingMetadata=grounding),
        chunk({"text": "cd"}, citationMetadata=other, groundingMetadata={}, finishReason="STOP"),
    )
    candidates.end(events)
    told = events[2]
    assert isinstance(told, TextDelta)
    places = [(note["url_citation"]["url"], note["url_citation"]["end_index"]) for note in told.annotations]
    assert places == [("https://c", 2), ("https://a", 1), ("https://b", 2)]


def test_logprobs_come_with_their_text_or_alone() -> None:
    result = {"chosenCandidates": [{"token": "a"}]}
    _, events = read(chunk({"text": "a"}, logprobsResult=result), chunk(logprobsResult=result))
    first, second = events
    assert isinstance(first, TextDelta)
    assert isinstance(second, TextDelta)
    assert (first.text, second.text) == ("a", "")
    assert first.logprobs == second.logprobs is not None


def test_a_picture_comes_whole() -> None:
    _, events = read(chunk({"inlineData": {"mimeType": "image/png", "data": "iVBORw0KGgo="}}))
    assert ImageDelta(Image(data="iVBORw0KGgo=", media_type="image/png")) in events
