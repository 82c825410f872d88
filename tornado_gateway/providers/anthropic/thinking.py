"""How much the model shall think, in Anthropic's words. Pure.

Wire: Anthropic API documentation, "Extended thinking", "Adaptive thinking" and "Effort". Newer models take an effort,
older ones a budget in tokens, the oldest neither.
"""

from collections.abc import Sequence
from typing import Any

import msgspec

from tornado_gateway.domain.chat import ChatRequest, Effort, Message, Reasoning, Thinking, ToolCall
from tornado_gateway.providers.anthropic import models
from tornado_gateway.providers.anthropic.blocks import FAMILY

MIN_BUDGET = 1024
MOST_TOKENS = 32000
"""What every model that takes a budget can put out."""

_BUDGETS: dict[Effort, int] = {
    "minimal": MIN_BUDGET,
    "low": 2048,
    "medium": 8192,
    "high": 20480,
    "xhigh": 24576,
    "max": 24576,
}
_EFFORTS: dict[Effort, str] = {"minimal": "low"}
"""Where the API has another word."""


class ThinkingPlan(msgspec.Struct, frozen=True):
    """``thinking`` and ``effort`` as the API takes them, ``max_tokens`` with room for them."""

    max_tokens: int
    thinking: dict[str, Any] | None = None
    effort: str | None = None


def plan(chat: ChatRequest, model: str, dropped: list[str]) -> ThinkingPlan:
    """What ``chat`` asks for, as ``model`` can do it. Thinking counts towards ``max_tokens``."""
    wanted, limit = chat.thinking, chat.max_tokens
    room = limit if limit is not None else models.default_max_tokens(model)
    if wanted is None:
        return ThinkingPlan(room)
    if wanted.budget_tokens is not None:
        more = 0 if limit is not None else wanted.budget_tokens
        enabled = {"type": "enabled", "budget_tokens": wanted.budget_tokens}
        return ThinkingPlan(room + more, _shown(enabled, wanted), wanted.effort)
    if wanted.adaptive:
        return ThinkingPlan(room, _shown({"type": "adaptive"}, wanted), wanted.effort)
    if wanted.enabled is False:
        return ThinkingPlan(room, {"type": "disabled"}, wanted.effort)
    if wanted.effort is None and wanted.summary is not None:
        dropped.append("reasoning.summary")  # of thoughts that nobody asked to be thought
    if wanted.effort is None or chat.family == FAMILY:
        return ThinkingPlan(room, None, wanted.effort)
    return _by_effort(chat, wanted, wanted.effort, model, dropped)


def _by_effort(chat: ChatRequest, wanted: Thinking, effort: Effort, model: str, dropped: list[str]) -> ThinkingPlan:
    """Another family's effort: a hint, which gives way to what was asked for by name."""
    version, limit = models.version(model), chat.max_tokens
    without = ThinkingPlan(limit if limit is not None else models.default_max_tokens(model))
    if effort == "none":
        disabled = {"type": "disabled"} if version >= models.FIRST_THINKING else None
        return ThinkingPlan(without.max_tokens, disabled)
    if version >= models.FIRST_ADAPTIVE:
        thinking = None if _rules_thinking_out(chat) else _shown({"type": "adaptive"}, wanted)
        if thinking is None:
            dropped.append("reasoning_effort")
        return ThinkingPlan(without.max_tokens, thinking, _EFFORTS.get(effort, effort))
    budget = _BUDGETS[effort] if limit is None else min(_BUDGETS[effort], limit - 1)
    refused = _rules_thinking_out(chat) or _goes_on_unsigned(chat.messages)
    if version < models.FIRST_THINKING or budget < MIN_BUDGET or refused:
        dropped.append("reasoning_effort")
        return without
    enabled = _shown({"type": "enabled", "budget_tokens": budget}, wanted)
    return ThinkingPlan(limit if limit is not None else min(without.max_tokens + budget, MOST_TOKENS), enabled)


def _rules_thinking_out(chat: ChatRequest) -> bool:
    """The API refuses thinking beside a forced tool and beside sampling of one's own."""
    forced = chat.tool_choice is not None and chat.tool_choice.mode in ("required", "named")
    return forced or chat.temperature not in (None, 1) or chat.top_k is not None


def _shown(thinking: dict[str, Any], wanted: Thinking) -> dict[str, Any]:
    if wanted.include_thoughts is None and wanted.summary is None:
        return thinking
    return {**thinking, "display": "omitted" if wanted.include_thoughts is False else "summarized"}


def _goes_on_unsigned(messages: Sequence[Message]) -> bool:
    """True where the turn to go on with called a tool and its thought was not handed back.

    A fixed budget is refused then: such a turn must begin with the thought it was made from.
    """
    for message in reversed(messages):
        if message.role == "assistant":
            calls = any(isinstance(part, ToolCall) for part in message.parts)
            signed = any(
                isinstance(part, Reasoning) and part.origin == FAMILY and (part.signature or part.redacted)
                for part in message.parts
            )
            return calls and not signed
        if message.role == "user" and message.text:
            return False
    return False
