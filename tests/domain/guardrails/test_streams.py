import itertools
from collections.abc import Sequence
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.guarding import CARD, MAIL, checks, counts, pii, rule, tally
from tornado_gateway.domain.errors import GuardrailDenied
from tornado_gateway.domain.guardrails import streams
from tornado_gateway.domain.guardrails.rules import Checks, HookRule, ToolRule
from tornado_gateway.domain.guardrails.streams import StreamGuard
from tornado_gateway.domain.guardrails.verdicts import Tally
from tornado_gateway.domain.stream import (
    Finished,
    ReasoningDelta,
    RefusalDelta,
    Relayed,
    Started,
    StreamEvent,
    TextDelta,
    ToolCallDelta,
    UsageReport,
)
from tornado_gateway.domain.usage import TokenUsage
from tornado_gateway.domain.wire import ANTHROPIC_MESSAGES, OPENAI_CHAT, OPENAI_RESPONSES

EMAIL = checks(*pii("email"))


def guard(
    rules: Checks = EMAIL, seen: Tally | None = None, *, protocol: str = OPENAI_CHAT, signed: bool = False
) -> StreamGuard:
    return StreamGuard(rules, seen or tally("response"), protocol=protocol, signed=signed)


def through(made: StreamGuard, events: Sequence[StreamEvent]) -> list[StreamEvent]:
    out = [passed for event in events for passed in made.push([event])]
    return [*out, *made.push((), last=True)]


def text(events: Sequence[StreamEvent]) -> str:
    return "".join(event.text for event in events if isinstance(event, TextDelta))


@pytest.mark.parametrize("said", ["to bob@example.org now", 'to "bob@example.org" now'])
def test_what_is_put_into_a_custom_tool_s_free_text_has_no_quotes_of_its_own(said: str) -> None:
    events = [ToolCallDelta(0, id="c", name="note", custom=True), ToolCallDelta(0, said, custom=True)]
    told = [event.arguments for event in through(guard(), events) if isinstance(event, ToolCallDelta)]
    assert "".join(told) == said.replace("bob@example.org", "[EMAIL]")


def test_translated_events_keep_their_order() -> None:
    events: list[StreamEvent] = [
        Started("1", "m"),
        TextDelta("to bob"),
        TextDelta("@example.org"),
        ToolCallDelta(0, id="c", name="f"),
        ToolCallDelta(0, '{"to":"b'),
        ToolCallDelta(0, 'ob@example.org"}'),
        Finished("tool_calls"),
        UsageReport(TokenUsage(1, 2)),
    ]
    assert through(guard(), events) == [
        Started("1", "m"),
        TextDelta("to [EMAIL]"),
        ToolCallDelta(0, id="c", name="f"),
        ToolCallDelta(0, '{"to":"[EMAIL]'),
        ToolCallDelta(0, '"}'),
        Finished("tool_calls"),
        UsageReport(TokenUsage(1, 2)),
    ]


def test_what_passes_is_the_very_event() -> None:
    made = guard()
    first, second = TextDelta("fine "), TextDelta("words", logprobs=None)
    assert made.push([first, second])[0] is first
    assert made.push([], last=True)[0] is second


def test_answers_beside_each_other_do_not_mix() -> None:
    events = [TextDelta("bob@", choice=0), TextDelta("example", choice=1), TextDelta("example.org", choice=0)]
    assert [(event.choice, event.text) for event in through(guard(), events) if isinstance(event, TextDelta)] == [
        (0, "[EMAIL]"),
        (1, "example"),
    ]


def test_thoughts_are_kept_where_they_are_proved() -> None:
    events: list[StreamEvent] = [ReasoningDelta(f"{MAIL} "), ReasoningDelta(signature="s"), RefusalDelta(MAIL)]
    seen = tally("response")
    assert through(guard(seen=seen, signed=True), events) == [*events[:2], RefusalDelta("[EMAIL]")]
    assert counts(seen)["email", "flag", "choices[0].reasoning"] == 1
    assert through(guard(), events)[0] == ReasoningDelta("[EMAIL] ")


def test_likelihoods_are_left_out_where_a_rule_redacts() -> None:
    event = TextDelta("a ", logprobs={"content": [{"token": "a"}]})
    assert through(guard(), [event]) == [TextDelta("a ")]
    assert through(guard(checks(rule("x", "flag"))), [event]) == [event]


def test_tools() -> None:
    made = guard(checks(ToolRule("tools", "deny", denied=("rm",))))
    assert made.push([ToolCallDelta(0, id="c", name="ls")])
    with pytest.raises(GuardrailDenied, match=r"at the answer's choices\[0\].tool_calls\[1\]"):
        made.push([ToolCallDelta(1, id="d", name="rm")])


def test_the_end_of_an_answer_lets_go_what_was_held() -> None:
    made = guard()
    assert made.push([TextDelta("bob")]) == ()
    assert made.push([Finished("stop")]) == (TextDelta("bob"), Finished("stop"))


def test_a_refusal_holds_back_all_of_the_find() -> None:
    made = guard(checks(*pii("email", action="deny")))
    assert text(made.push([TextDelta("to "), TextDelta("bob@exam")])) == "to "
    with pytest.raises(GuardrailDenied, match=r"at the answer's choices\[0\].text"):
        made.push([TextDelta("ple.org or")])


def test_events_that_wait_have_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "MOST_EVENTS", 3)
    made = guard()
    events = [TextDelta("bob", choice=0), *[TextDelta("x ", choice=1)] * 3]
    assert made.push(events) == tuple(events)


# The relay lane: events as they came, with only those changed that held something.


def chunk(choice: int = 0, finish: str | None = None, **delta: Any) -> bytes:
    body = {"id": "1", "object": "x", "choices": [{"index": choice, "delta": delta, "finish_reason": finish}], "n": 1.0}
    return b"data: " + msgspec.json.encode(body) + b"\n\n"


def relayed(events: Sequence[StreamEvent]) -> bytes:
    return b"".join(event.data for event in events if isinstance(event, Relayed))


def content(run: bytes) -> str:
    documents = [msgspec.json.decode(line[6:]) for line in run.splitlines() if line.startswith(b"data: {")]
    return "".join(each["delta"].get("content") or "" for document in documents for each in document["choices"])


def test_relayed_events_pass_byte_for_byte_where_nothing_is_found() -> None:
    run = b": hi\n\n" + chunk(role="assistant", content="") + chunk(content="fine ") + chunk(finish="stop")
    made = guard()
    assert made.push([Relayed(run, 3)], last=True) == (Relayed(run, 4),)


@given(st.lists(st.integers(0, 200), max_size=12), st.lists(st.integers(0, 10_000), max_size=6))
def test_a_relayed_stream_however_it_is_cut(places: list[int], reads: list[int]) -> None:
    said = f"to {MAIL}, or {CARD}; bye"
    edges = sorted({0, len(said), *(place % len(said) for place in places)})
    frames = [chunk(content=said[a:b]) for a, b in itertools.pairwise(edges)]
    frames += [chunk(finish="stop"), b"data: [DONE]\n\n"]
    cuts = sorted({0, len(frames), *(place % len(frames) for place in reads)})
    made, out = guard(checks(*pii("email", "card"))), b""
    for a, b in itertools.pairwise(cuts):
        out += relayed(made.push([Relayed(b"".join(frames[a:b]), b - a)]))
    out += relayed(made.push([], last=True))
    assert content(out) == "to [EMAIL], or [CARD]; bye"
    assert out.count(b"\n\n") == len(frames)
    assert out.endswith(b"".join(frames[-2:]))
    assert b'"n":1.0' in out


def test_usage_frames_are_looked_at_too() -> None:
    frame = chunk(content=f"{MAIL} ")
    (report,) = guard().push([UsageReport(TokenUsage(1, 1), frame=frame, bare=False)], last=True)
    assert isinstance(report, UsageReport)
    assert report.frame == frame.replace(MAIL.encode(), b"[EMAIL]")
    assert report.usage == TokenUsage(1, 1)


def test_likelihoods_of_relayed_events() -> None:
    frame = b'data: {"choices":[{"index":0,"delta":{"content":"a "},"logprobs":{"content":[{"token":"a"}]}}]}\n\n'
    assert relayed(guard().push([Relayed(frame, 1)])) == frame.replace(b'{"content":[{"token":"a"}]}', b"null")
    assert relayed(guard(checks(rule("x", "flag"))).push([Relayed(frame, 1)])) == frame


def test_a_preface_stays_one() -> None:
    run = chunk(role="assistant", content="")
    assert guard().push([Relayed(run, 1, preface=True), Relayed(chunk(content="a "), 1)]) == (
        Relayed(run, 1, preface=True),
        Relayed(chunk(content="a "), 1),
    )


def test_tool_calls_of_relayed_events() -> None:
    calls = [
        chunk(tool_calls=[{"index": 0, "id": "c", "function": {"name": "send", "arguments": ""}}]),
        chunk(tool_calls=[{"index": 0, "function": {"arguments": '{"to":"bob@'}}]),
        chunk(tool_calls=[{"index": 0, "function": {"arguments": 'example.org"}'}}]),
    ]
    run = relayed(through(guard(), [Relayed(call, 1) for call in calls]))
    pieces = [
        each["delta"]["tool_calls"][0]["function"]["arguments"]
        for line in run.splitlines()
        if line
        for each in msgspec.json.decode(line[6:])["choices"]
    ]
    assert pieces == ["", '{"to":"[EMAIL]', '"}']
    with pytest.raises(GuardrailDenied, match=r"choices\[0\].delta.tool_calls\[0\].function.name"):
        guard(checks(ToolRule("tools", "deny", ("ls",)))).push([Relayed(calls[0], 1)])


def event(name: str, **members: Any) -> bytes:
    return f"event: {name}\n".encode() + b"data: " + msgspec.json.encode({"type": name, **members}) + b"\n\n"


def test_anthropic_s_events() -> None:
    def delta(index: int, **said: str) -> bytes:
        return event("content_block_delta", index=index, delta=said)

    run = [
        event("message_start", message={"id": "m", "content": []}),
        event("content_block_start", index=0, content_block={"type": "thinking", "thinking": "", "signature": ""}),
        delta(0, thinking=f"{MAIL} "),
        delta(0, signature="abc"),
        event("content_block_stop", index=0),
        event("content_block_start", index=1, content_block={"type": "text", "text": ""}),
        delta(1, text="to bob@"),
        delta(1, text="example.org"),
        event("content_block_stop", index=1),
        event("message_delta", delta={"stop_reason": "end_turn"}, usage={"output_tokens": 5}),
        event("message_stop"),
    ]
    seen = tally("response")
    made = guard(seen=seen, protocol=ANTHROPIC_MESSAGES)
    out = relayed(through(made, [Relayed(each, 1) for each in run]))
    wanted = [*run[:6], delta(1, text="to [EMAIL]"), delta(1, text=""), *run[8:]]
    assert out == b"".join(wanted)
    assert counts(seen) == {
        ("email", "flag", "content[0].thinking"): 1,
        ("email", "redact", "content[1].text"): 1,
    }


def test_responses_say_the_same_in_every_event() -> None:
    item = {"type": "message", "content": [{"type": "output_text", "text": f"to {MAIL}", "logprobs": []}]}
    place = {"item_id": "i", "output_index": 0, "content_index": 0}
    run = [
        event("response.created", response={"output": [], "instructions": "x"}, sequence_number=0),
        event("response.output_item.added", item={"type": "message", "content": []}, output_index=0),
        event("response.output_text.delta", delta="to bob@", logprobs=[{"token": "to"}], **place),
        event("response.output_text.delta", delta="example.org", logprobs=[], **place),
        event("response.output_text.done", text=f"to {MAIL}", **place),
        event("response.content_part.done", part=item["content"][0], **place),
        event("response.output_item.done", item=item, output_index=0),
        event("response.completed", response={"output": [item], "usage": {"input_tokens": 1}}),
    ]
    seen = tally("response")
    made = guard(seen=seen, protocol=OPENAI_RESPONSES)
    out = relayed(through(made, [Relayed(each, 1) for each in run]))
    assert MAIL.encode() not in out
    assert out.count(b"to [EMAIL]") == 5
    assert b'"token"' not in out
    assert [line for line in out.splitlines() if line.startswith(b"event:")] == [
        line for each in run for line in each.splitlines() if line.startswith(b"event:")
    ]
    assert counts(seen) == {("email", "redact", "output[0]"): 1}


@pytest.mark.parametrize("kind", ["response.output_text.done", "response.completed"])
def test_the_pieces_are_refused_before_what_repeats_them(kind: str) -> None:
    seen = tally("response")
    made = guard(checks(*pii("card", action="deny")), seen, protocol=OPENAI_RESPONSES)
    place = {"item_id": "i", "output_index": 0, "content_index": 0}
    whole = {"text": CARD, "response": {"output": [{"content": [{"text": CARD}]}]}}
    run = event("response.output_text.delta", delta=CARD, **place) + event(kind, **place, **whole)
    with pytest.raises(GuardrailDenied):
        made.push([Relayed(run, 2)])
    assert counts(seen) == {("card", "deny", "output[0]"): 1}


def test_what_is_only_said_whole_has_its_verdict() -> None:
    seen = tally("response")
    item = {"type": "message", "content": [{"type": "output_text", "text": MAIL}]}
    run = event("response.completed", response={"output": [item]})
    out = relayed(guard(seen=seen, protocol=OPENAI_RESPONSES).push([Relayed(run, 1)], last=True))
    assert out == run.replace(MAIL.encode(), b"[EMAIL]")
    assert counts(seen) == {("email", "redact", "response.output[0].content[0].text"): 1}


def test_what_went_out_is_kept_for_a_hook() -> None:
    rules = checks(*pii("email"), HookRule("hook", "http://a"))
    made = guard(rules)
    made.push([Relayed(chunk(content="to ") + chunk(content=MAIL), 2)], last=True)
    assert made.said == [("choices[0].delta.content", "to [EMAIL]")]
    assert guard().said == []


def test_what_is_kept_for_a_hook_has_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "MOST_SAID", 3)
    made = guard(checks(HookRule("hook", "http://a")))
    made.push([TextDelta("abc"), TextDelta("def")], last=True)
    assert made.said == [("choices[0].text", "abc")]


def test_citations_are_texts_too() -> None:
    note = {"type": "url_citation", "url_citation": {"title": "bob@example.org"}}
    (made,) = through(guard(), [TextDelta("x", annotations=(note,))])
    assert isinstance(made, TextDelta)
    assert made.annotations == ({"type": "url_citation", "url_citation": {"title": "[EMAIL]"}},)
    frame = chunk(content="x").replace(b"}\n\n", b',"search_results":[{"text":"bob@example.org"}]}\n\n')
    assert relayed(through(guard(), [Relayed(frame, 1)])) == frame.replace(b"bob@example.org", b"[EMAIL]")
