from typing import Any

import msgspec

from tornado_gateway.domain.chat import Image
from tornado_gateway.domain.stream import (
    Finished,
    ImageDelta,
    ReasoningDelta,
    RefusalDelta,
    Started,
    StreamEvent,
    TextDelta,
    ToolCallDelta,
    UsageReport,
)
from tornado_gateway.domain.usage import TokenUsage
from tornado_gateway.providers.openai.deltas import ChatDeltas
from tornado_gateway.providers.openai.shapes import WireAnswer


def read(*deltas: dict[str, Any], finish: str = "stop") -> list[StreamEvent]:
    """The events of one choice, without the start."""
    events: list[StreamEvent] = []
    reader = ChatDeltas()
    for delta in (*deltas, None):
        choice = {"delta": delta} if delta is not None else {"finish_reason": finish}
        reader.read(msgspec.convert({"id": "a", "choices": [choice]}, WireAnswer), events)
    assert reader.finished
    assert isinstance(events[0], Started)
    return events[1:]


def calls(*pieces: dict[str, Any]) -> list[tuple[int, str | None, str | None, str]]:
    events = read(*({"tool_calls": [piece]} for piece in pieces))
    return [(e.index, e.id, e.name, e.arguments) for e in events if isinstance(e, ToolCallDelta)]


def piece(arguments: str, name: str | None = None, **more: Any) -> dict[str, Any]:
    return {"function": {"name": name, "arguments": arguments}, **more}


def test_calls_are_told_apart_by_index() -> None:
    assert calls(
        piece("", "f", index=0, id="x"), piece("{}", index=0), piece("", "g", index=1, id="y"), piece("1", index=0)
    ) == [(0, "x", "f", ""), (0, None, None, "{}"), (1, "y", "g", ""), (0, None, None, "1")]


def test_calls_that_all_have_the_same_index_are_told_apart_by_id() -> None:
    assert calls(piece("{}", "f", index=0, id="x"), piece("{}", "g", index=0, id="y")) == [
        (0, "x", "f", "{}"),
        (1, "y", "g", "{}"),
    ]


def test_calls_without_index_and_id() -> None:
    assert calls(piece("{}", "f", id=""), piece("{}", "f", id="")) == [
        (0, "call_a_0", "f", "{}"),
        (1, "call_a_1", "f", "{}"),
    ]


def test_id_and_name_said_with_every_piece() -> None:
    assert [index for index, *_ in calls(piece("{", "f", index=0, id="x"), piece("}", "f", index=0, id="x"))] == [0, 0]


def test_custom_tools_and_geminis_signature() -> None:
    custom = {"index": 0, "id": "x", "custom": {"name": "c", "input": "free"}}
    assert calls(custom) == [(0, "x", "c", "free")]
    assert [e.custom for e in read({"tool_calls": [custom]}) if isinstance(e, ToolCallDelta)] == [True]
    signed = {**piece("{}", "f", id="x"), "extra_content": {"google": {"thought_signature": "sig"}}}
    (event,) = [event for event in read({"tool_calls": [signed]}) if isinstance(event, ToolCallDelta)]
    assert (event.signature, event.custom) == ("sig", False)


def test_finish_reasons_that_the_content_corrects() -> None:
    assert read({"tool_calls": [piece("{}", "f", id="x")]})[-1] == Finished("tool_calls", raw="stop")
    assert read({"refusal": "no"}) == [RefusalDelta("no"), Finished("refusal", raw="stop")]
    assert read({"content": "x"}, {"refusal": "no"})[-1] == Finished("stop", raw="stop")
    assert read({"content": "x"}, finish="length")[-1] == Finished("length", raw="length")


def test_a_proof_is_told_once_the_thought_is_over() -> None:
    detail = {"type": "reasoning.text", "text": "hm", "signature": "s", "index": 0}
    events = read({"reasoning": "hm", "reasoning_details": [detail], "content": ""}, {"content": "x"})
    assert events[0] == ReasoningDelta("hm", origin="openai")
    assert isinstance(events[1], ReasoningDelta)
    assert msgspec.json.decode(str(events[1].signature)) == [detail]
    assert events[2:] == [TextDelta("x"), Finished("stop", raw="stop")]


def test_usage_in_groqs_own_member() -> None:
    events: list[StreamEvent] = []
    usage = {"usage": {"prompt_tokens": 3, "completion_tokens": 4}}
    ChatDeltas().read(msgspec.convert({"x_groq": usage}, WireAnswer), events)
    assert events == [UsageReport(TokenUsage(3, 4))]


def test_what_a_model_draws() -> None:
    member = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}
    assert ImageDelta(Image(data="AAAA", media_type="image/png")) in read({"images": [member]})


def test_citations_come_with_a_text_of_nothing() -> None:
    note = {"type": "url_citation", "url_citation": {"url": "https://a.example"}}
    assert TextDelta("", annotations=(note,)) in read({"content": "Hi"}, {"annotations": [note]})


def test_sources_beside_an_answer_are_told_at_its_end() -> None:
    events: list[StreamEvent] = []
    reader = ChatDeltas()
    listed = [{"url": "http://a", "title": "A"}]
    for delta, finish in (({"content": "x "}, None), ({"content": "[1]"}, None), ({}, "stop")):
        chunk = {"id": "a", "choices": [{"delta": delta, "finish_reason": finish}], "search_results": listed}
        reader.read(msgspec.convert(chunk, WireAnswer), events)
    note = {"start_index": 2, "end_index": 5, "url": "http://a", "title": "A"}
    assert events[-2:] == [
        TextDelta("", annotations=({"type": "url_citation", "url_citation": note},)),
        Finished("stop", raw="stop"),
    ]


def test_an_answer_in_sound_is_told_in_words() -> None:
    assert read({"audio": {"id": "a", "transcript": "hel"}}, {"audio": {"data": "AA"}})[0] == TextDelta("hel")
