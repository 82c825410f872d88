from typing import Any

import pytest

from tornado_gateway.domain.chat import (
    ChatRequest,
    Effort,
    Message,
    Reasoning,
    Text,
    Thinking,
    ToolCall,
    ToolChoice,
    ToolResult,
)
from tornado_gateway.providers.anthropic.thinking import ThinkingPlan, plan

ASK = Message("user", (Text("hi"),))
OLD, NEW = "claude-sonnet-4-5", "claude-opus-4-7"


def planned(thinking: Thinking | None, model: str, **members: Any) -> tuple[ThinkingPlan, list[str]]:
    dropped: list[str] = []
    members.setdefault("messages", (ASK,))
    return plan(ChatRequest(model="m", thinking=thinking, **members), model, dropped), dropped


def test_nothing_asked_nothing_said() -> None:
    assert planned(None, OLD, max_tokens=7) == (ThinkingPlan(7), [])
    assert planned(Thinking(), OLD, max_tokens=7) == (ThinkingPlan(7), [])


@pytest.mark.parametrize(
    ("effort", "told"), [("minimal", "low"), ("low", "low"), ("high", "high"), ("xhigh", "xhigh"), ("max", "max")]
)
def test_a_newer_model_takes_an_effort(effort: Effort, told: str) -> None:
    assert planned(Thinking(effort=effort), NEW, max_tokens=100)[0] == ThinkingPlan(100, {"type": "adaptive"}, told)


def test_an_older_model_takes_a_budget_and_gets_room_for_it() -> None:
    enabled = {"type": "enabled", "budget_tokens": 8192}
    assert planned(Thinking(effort="medium"), OLD)[0] == ThinkingPlan(16384 + 8192, enabled)
    assert planned(Thinking(effort="medium"), OLD, max_tokens=9000)[0] == ThinkingPlan(9000, enabled)
    assert planned(Thinking(effort="max"), OLD)[0].max_tokens == 32000


def test_a_budget_never_reaches_the_caller_s_limit() -> None:
    told, dropped = planned(Thinking(effort="high"), OLD, max_tokens=4096)
    assert told == ThinkingPlan(4096, {"type": "enabled", "budget_tokens": 4095})
    assert dropped == []


@pytest.mark.parametrize(
    ("model", "members"),
    [
        ("claude-3-5-sonnet-latest", {}),
        (OLD, {"max_tokens": 1000}),
        (OLD, {"tool_choice": ToolChoice("required")}),
        (OLD, {"temperature": 0.3}),
        (OLD, {"top_k": 3}),
    ],
)
def test_an_effort_gives_way_to_what_was_asked_for_by_name(model: str, members: dict[str, Any]) -> None:
    told, dropped = planned(Thinking(effort="high"), model, **members)
    assert told.thinking is None
    assert dropped == ["reasoning_effort"]


def test_beside_a_forced_tool_a_newer_model_keeps_the_effort_alone() -> None:
    told, dropped = planned(Thinking(effort="high"), NEW, max_tokens=9, tool_choice=ToolChoice("named", "f"))
    assert told == ThinkingPlan(9, None, "high")
    assert dropped == ["reasoning_effort"]


def test_a_tool_loop_whose_thought_was_not_handed_back_goes_on_without() -> None:
    call = ToolCall("c", "f", "{}")
    result = Message("tool", (ToolResult("c"),))
    signed = Reasoning(text="hm", signature="s", origin="anthropic")
    unsigned = planned(Thinking(effort="low"), OLD, messages=(ASK, Message("assistant", (call,)), result))
    assert unsigned == (ThinkingPlan(16384), ["reasoning_effort"])
    told, _ = planned(Thinking(effort="low"), OLD, messages=(ASK, Message("assistant", (signed, call)), result))
    assert told.thinking is not None
    told, _ = planned(Thinking(effort="low"), OLD, messages=(ASK, Message("assistant", (call,)), result, ASK))
    assert told.thinking is not None
    told, _ = planned(Thinking(effort="low"), OLD, messages=(Message("system", (Text("s"),)),))
    assert told.thinking is not None


def test_none_switches_it_off_where_there_is_a_switch() -> None:
    assert planned(Thinking(effort="none"), NEW, max_tokens=9)[0] == ThinkingPlan(9, {"type": "disabled"})
    assert planned(Thinking(effort="none"), "claude-3-haiku-20240307", max_tokens=9)[0] == ThinkingPlan(9)


def test_anthropic_s_own_words_are_told_as_they_are() -> None:
    own = {"family": "anthropic", "max_tokens": 5000}
    budget = Thinking(budget_tokens=2000, enabled=True, include_thoughts=False)
    assert planned(budget, OLD, **own)[0] == ThinkingPlan(
        5000, {"type": "enabled", "budget_tokens": 2000, "display": "omitted"}
    )
    adaptive = Thinking(effort="max", enabled=True, adaptive=True, include_thoughts=True)
    shown = {"type": "adaptive", "display": "summarized"}
    assert planned(adaptive, NEW, **own)[0] == ThinkingPlan(5000, shown, "max")
    assert planned(Thinking(effort="low", enabled=False), NEW, **own)[0] == ThinkingPlan(
        5000, {"type": "disabled"}, "low"
    )
    assert planned(Thinking(effort="low"), OLD, **own)[0] == ThinkingPlan(5000, None, "low")


def test_a_budget_without_a_limit_gets_room_beside_it() -> None:
    assert planned(Thinking(budget_tokens=2000), OLD)[0].max_tokens == 18384


def test_a_wish_for_a_summary_shows_the_thoughts() -> None:
    told, _ = planned(Thinking(effort="low", summary="auto"), NEW)
    assert told.thinking == {"type": "adaptive", "display": "summarized"}
