from typing import Any

import pytest

from tornado_gateway.domain.chat import ChatRequest, Effort, Thinking
from tornado_gateway.providers.gemini.thinking import thinking_config


def config(model: str, thinking: Thinking | None) -> dict[str, Any] | None:
    dropped: list[str] = []
    found = thinking_config(ChatRequest(model="m", messages=(), thinking=thinking), model, dropped)
    assert dropped == []
    return found


@pytest.mark.parametrize(
    ("model", "effort", "expected"),
    [
        ("gemini-2.5-flash", "low", {"thinkingBudget": 1024, "includeThoughts": True}),
        ("gemini-2.5-flash", "max", {"thinkingBudget": 24576, "includeThoughts": True}),
        ("gemini-2.5-flash", "none", {"thinkingBudget": 0}),
        ("gemini-2.5-pro", "none", {"thinkingBudget": 128}),
        ("gemini-3-flash-preview", "minimal", {"thinkingLevel": "MINIMAL", "includeThoughts": True}),
        ("gemini-3-flash-preview", "medium", {"thinkingLevel": "MEDIUM", "includeThoughts": True}),
        ("gemini-3-flash-preview", "none", {"thinkingLevel": "MINIMAL"}),
        ("gemini-3-pro-preview", "minimal", {"thinkingLevel": "LOW", "includeThoughts": True}),
        ("gemini-3-pro-preview", "medium", {"thinkingLevel": "HIGH", "includeThoughts": True}),
        ("gemini-3.1-pro-preview", "medium", {"thinkingLevel": "MEDIUM", "includeThoughts": True}),
        ("gemini-flash-latest", "xhigh", {"thinkingLevel": "HIGH", "includeThoughts": True}),
    ],
)
def test_an_effort_is_a_budget_or_a_level(model: str, effort: Effort, expected: dict[str, Any]) -> None:
    assert config(model, Thinking(effort=effort)) == expected


@pytest.mark.parametrize(
    ("model", "budget", "expected"),
    [
        ("gemini-2.5-flash", 2000, {"thinkingBudget": 2000}),
        ("gemini-2.5-flash", 99999, {"thinkingBudget": 24576}),
        ("gemini-2.5-flash-lite", 100, {"thinkingBudget": 512}),
        ("gemini-2.5-pro", 99999, {"thinkingBudget": 32768}),
        ("gemini-3-flash", 1024, {"thinkingLevel": "LOW"}),
        ("gemini-3-flash", 8000, {"thinkingLevel": "MEDIUM"}),
        ("gemini-3-flash", 20000, {"thinkingLevel": "HIGH"}),
    ],
)
def test_a_budget_stays_one_where_the_model_takes_it(model: str, budget: int, expected: dict[str, Any]) -> None:
    found = config(model, Thinking(budget_tokens=budget, enabled=True))
    assert found == {**expected, "includeThoughts": True}


def test_thoughts_may_be_unwanted() -> None:
    wanted = Thinking(effort="low", include_thoughts=False)
    assert config("gemini-2.5-flash", wanted) == {"thinkingBudget": 1024, "includeThoughts": False}


def test_a_model_may_be_left_to_think_as_it_likes() -> None:
    adaptive = Thinking(adaptive=True, enabled=True)
    assert config("gemini-2.5-pro", adaptive) == {"thinkingBudget": -1, "includeThoughts": True}
    assert config("gemini-3-pro", adaptive) == {"includeThoughts": True}
    assert config("gemini-2.5-flash", Thinking()) == {"includeThoughts": True}


def test_off_is_off() -> None:
    assert config("gemini-2.5-flash", Thinking(enabled=False)) == {"thinkingBudget": 0}
    assert config("gemini-2.5-flash-lite", Thinking(enabled=False)) == {"thinkingBudget": 0}
    assert config("gemini-3-pro", Thinking(enabled=False)) == {"thinkingLevel": "LOW"}
    assert config("gemini-2.0-flash", Thinking(enabled=False)) is None
    assert config("gemini-2.5-flash", None) is None


def test_older_models_do_not_think() -> None:
    for thinking, name in ((Thinking(effort="low"), "reasoning_effort"), (Thinking(budget_tokens=2000), "thinking")):
        dropped: list[str] = []
        chat = ChatRequest(model="m", messages=(), thinking=thinking)
        assert thinking_config(chat, "gemini-2.0-flash", dropped) is None
        assert dropped == [name]
