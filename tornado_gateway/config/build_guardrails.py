"""Rules ready to be applied, made of what the file says; each pattern is compiled once."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any, cast

import msgspec

from tornado_gateway.config.linear_patterns import Re2
from tornado_gateway.config.model import Settings
from tornado_gateway.config.model_guardrails import GuardrailSettings
from tornado_gateway.domain.guardrails.pii import CLASSES, matchers
from tornado_gateway.domain.guardrails.rules import (
    WINDOW,
    Action,
    Checks,
    HookRule,
    MatchRule,
    RouteGuards,
    Rule,
    SizeRule,
    ToolRule,
)

USUAL_WORD = "[REDACTED]"


def build_guards(settings: Settings) -> Mapping[str, RouteGuards]:
    """Those of each route that has any: what holds for all first, then its own."""
    known = {each.name: (each, tuple(_rules(each))) for each in settings.guardrails}
    guards = {}
    for route in settings.routes:
        names = dict.fromkeys((*settings.global_guardrails, *route.guardrails))
        if names:
            guards[route.name] = _together([known[name] for name in names])
    return guards


def words(rule: GuardrailSettings) -> Mapping[str, str]:
    """What stands for each class that is redacted."""
    return {name: f"[{name.upper()}]" if rule.replacement is None else rule.replacement for name in rule.pii}


def windows(rule: GuardrailSettings) -> Iterator[int]:
    """Characters of a stream that each of a rule's searches may hold back."""
    for name in rule.pii:
        yield CLASSES[name].window if rule.window is None else rule.window
    if rule.regex is not None:
        yield WINDOW if rule.window is None else rule.window


def _together(chosen: Sequence[tuple[GuardrailSettings, Sequence[Rule]]]) -> RouteGuards:
    engine = Re2()
    asked = Checks.of((rule for said, rules in chosen if "request" in said.on for rule in rules), engine)
    told = [(said, rules) for said, rules in chosen if "response" in said.on]
    answered = Checks.of((rule for _, rules in told for rule in rules), engine)
    return RouteGuards(asked, answered, _fingerprint([said for said, _ in told]) if told else b"")


def _fingerprint(told: Sequence[GuardrailSettings]) -> bytes:
    said: list[dict[str, Any]] = [asdict(each) for each in told]
    return hashlib.sha256(msgspec.json.encode(said, order="deterministic")).digest()


def _rules(said: GuardrailSettings) -> Iterator[Rule]:
    action = cast(Action, said.action)
    if said.hook is not None:
        hook = said.hook
        fail = "open" if hook.fail == "open" else "closed"
        yield HookRule(said.name, hook.url, hook.deadline, fail, hook.headers, said.message)  # type: ignore[arg-type]
    elif said.allowed_tools is not None or said.denied_tools:
        yield ToolRule(said.name, action, said.allowed_tools, said.denied_tools, said.message)
    elif said.regex is None and not said.pii:
        yield SizeRule(said.name, action, said.max_prompt_chars, said.max_messages, said.message)
    else:
        yield from _matching(said, action)


def _matching(said: GuardrailSettings, action: Action) -> Iterator[Rule]:
    engine, held = Re2(), list(windows(said))
    if said.regex is not None:
        word = USUAL_WORD if said.replacement is None else said.replacement
        found = [(engine.compile(said.regex, held[0]), word, held[0])]
    else:
        found = list(zip(matchers(said.pii, engine), words(said).values(), held, strict=True))
    for matcher, word, window in found:
        yield MatchRule(said.name, action, (matcher,), word, said.message, window, said.tool_arguments)
