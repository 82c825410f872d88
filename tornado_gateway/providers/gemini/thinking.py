"""How much the model shall think, in Gemini's words. Pure.

Wire: Gemini API documentation, "Thinking" and "OpenAI compatibility", whose table of efforts this is. Gemini 2.5 takes
a budget in tokens, Gemini 3 and newer a level, older models neither.
"""

from typing import Any

from tornado_gateway.domain.chat import ChatRequest, Effort, Thinking
from tornado_gateway.providers.gemini import models

_BUDGETS: dict[Effort, int] = {
    "none": 0,
    "minimal": 1024,
    "low": 1024,
    "medium": 8192,
    "high": 24576,
    "xhigh": 24576,
    "max": 24576,
}
_LEVELS: dict[Effort, str] = {
    "none": "MINIMAL",
    "minimal": "MINIMAL",
    "low": "LOW",
    "medium": "MEDIUM",
    "high": "HIGH",
    "xhigh": "HIGH",
    "max": "HIGH",
}
_LEAST_OF_PRO = 128
"""Gemini 2.5 Pro can't be told not to think at all."""
_LEAST_OF_LITE = 512
_MOST, _MOST_OF_PRO = 24576, 32768
_AS_IT_LIKES = -1


def thinking_config(chat: ChatRequest, model: str, dropped: list[str]) -> dict[str, Any] | None:
    """``thinkingConfig`` for what ``chat`` asks, as ``model`` can do it; None where it asks nothing."""
    wanted = chat.thinking
    if wanted is None:
        return None
    version = models.version(model)
    off = wanted.enabled is False or wanted.effort == "none"
    if version < models.FIRST_THINKING:
        if not off:
            dropped.append("thinking" if wanted.effort is None else "reasoning_effort")
        return None
    config: dict[str, Any] = {}
    if version < models.FIRST_LEVELS:
        budget = 0 if off else _budget(wanted)
        if budget is not None:
            config["thinkingBudget"] = _within(budget, model)
    else:
        level = _LEVELS["none"] if off else _level(wanted)
        if level is not None:
            config["thinkingLevel"] = _offered(level, model, version)
    if not off:
        # Thoughts cost the same shown or not, and every dialect has a place for them.
        config["includeThoughts"] = wanted.include_thoughts is not False
    return config or None


def _budget(wanted: Thinking) -> int | None:
    if wanted.budget_tokens is not None:
        return wanted.budget_tokens
    if wanted.effort is not None:
        return _BUDGETS[wanted.effort]
    return _AS_IT_LIKES if wanted.adaptive else None


def _within(budget: int, model: str) -> int:
    """``budget``, as near as the model's own bounds allow."""
    if budget == _AS_IT_LIKES:
        return budget
    if "pro" in model:
        return max(_LEAST_OF_PRO, min(budget, _MOST_OF_PRO))
    if "lite" in model and budget:
        return max(_LEAST_OF_LITE, min(budget, _MOST))
    return min(budget, _MOST)


def _level(wanted: Thinking) -> str | None:
    if wanted.effort is not None:
        return _LEVELS[wanted.effort]
    if wanted.budget_tokens is None:
        return None
    if wanted.budget_tokens <= _BUDGETS["low"]:
        return "LOW"
    return "MEDIUM" if wanted.budget_tokens <= _BUDGETS["medium"] else "HIGH"


def _offered(level: str, model: str, version: tuple[int, int]) -> str:
    """``level``, or the next one that the model has: the Pro ones know no minimal, the first of them no medium."""
    if "pro" not in model:
        return level
    if level == "MINIMAL":
        return "LOW"
    return "HIGH" if level == "MEDIUM" and version == models.FIRST_LEVELS else level
