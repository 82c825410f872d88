from collections import Counter
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tornado_gateway.domain.stream import ReasoningDelta, RefusalDelta, TextDelta, ToolCallDelta
from tornado_gateway.domain.thoughts import Seal, unseal
from tornado_gateway.httpserver.dialects.responses_open_items import OpenItems, Tell


def run(*events: Any, custom: frozenset[str] = frozenset()) -> tuple[list[Tell], OpenItems]:
    items = OpenItems("resp_1", custom)
    told: list[Tell] = []
    for event in events:
        match event:
            case TextDelta():
                told += items.text(event)
            case RefusalDelta():
                told += items.refusal(event)
            case ReasoningDelta():
                told += items.thought(event)
            case ToolCallDelta():
                told += items.call(event)
    return [*told, *items.close()], items


TEXTS = st.builds(TextDelta, st.text(max_size=3))
REFUSALS = st.builds(RefusalDelta, st.text(min_size=1, max_size=3))
THOUGHTS = st.builds(ReasoningDelta, st.text(max_size=3), signature=st.sampled_from([None, None, "s"]))
CALLS = st.integers(0, 2).map(lambda index: ToolCallDelta(index, "x", id=f"c{index}", name="f"))


@given(st.lists(TEXTS | REFUSALS | THOUGHTS | CALLS, max_size=20))
def test_whatever_comes_is_opened_once_and_closed_once_and_nothing_of_it_is_lost(events: list[Any]) -> None:
    told, items = run(*events)
    count: Counter[str] = Counter(kind for kind, _ in told)
    assert count["response.output_item.added"] == count["response.output_item.done"] == len(items.done)
    assert count["response.content_part.added"] == count["response.content_part.done"]
    added = [members["output_index"] for kind, members in told if kind == "response.output_item.added"]
    assert added == list(range(len(added)))
    open_now: set[int] = set()
    for kind, members in told:
        index = members["output_index"]
        if kind == "response.output_item.added":
            open_now.add(index)
        assert index in open_now
        if kind == "response.output_item.done":
            open_now.remove(index)
    assert not open_now
    assert len({item["id"] for item in items.done}) == len(items.done)
    for member, kind in (("text", TextDelta), ("refusal", RefusalDelta)):
        parts = [part for item in items.done if item["type"] == "message" for part in item["content"]]
        said = "".join(part.get(member, "") for part in parts)
        assert said == "".join(event.text for event in events if isinstance(event, kind))
    arguments = "".join(item["arguments"] for item in items.done if item["type"] == "function_call")
    assert len(arguments) == sum(isinstance(event, ToolCallDelta) for event in events)


def test_interleaved_calls_are_each_whole() -> None:
    _, items = run(
        ToolCallDelta(0, '{"a"', id="c1", name="f"),
        ToolCallDelta(1, "{}", id="c2", name="g"),
        ToolCallDelta(0, ":1}"),
    )
    assert [(item["call_id"], item["arguments"]) for item in items.done] == [("c1", '{"a":1}'), ("c2", "{}")]


def test_a_custom_tools_input_is_no_arguments() -> None:
    told, items = run(ToolCallDelta(0, "select", id="c1", name="sql"), custom=frozenset({"sql"}))
    assert "response.custom_tool_call_input.delta" in [kind for kind, _ in told]
    assert (items.done[0]["type"], items.done[0]["input"]) == ("custom_tool_call", "select")


def test_signatures_are_carried_by_items_of_their_own() -> None:
    _, items = run(
        TextDelta("a"), TextDelta("", signature="t"), ToolCallDelta(0, "{}", id="c", name="f", signature="g")
    )
    seals = [unseal(item["encrypted_content"]) for item in items.done if item["type"] == "reasoning"]
    assert seals == [Seal(signature="t", of_text=True), Seal(signature="g", call_id="c")]


def test_two_thoughts_are_two_items() -> None:
    _, items = run(ReasoningDelta("a", signature="s", origin="anthropic"), ReasoningDelta("b"), TextDelta("c"))
    assert [item["type"] for item in items.done] == ["reasoning", "reasoning", "message"]


def test_citations_and_logprobs() -> None:
    note = {"type": "url_citation", "url": "u", "title": "t", "start_index": 0, "end_index": 1}
    told, items = run(TextDelta("a", logprobs={"content": [{"token": "a"}]}), TextDelta("", annotations=(note,)))
    assert "response.output_text.annotation.added" in [kind for kind, _ in told]
    (part,) = items.done[0]["content"]
    assert (part["annotations"], part["logprobs"]) == ([note], [{"token": "a"}])
