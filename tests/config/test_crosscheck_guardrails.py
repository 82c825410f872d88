"""What is refused is in ``broken``; here is what is let in, and what is only odd."""

import sys
from collections.abc import Callable

import pytest

Complaints = Callable[[str], list[str]]


def of_guardrails(lines: list[str]) -> list[str]:
    return [line for line in lines if "guardrail" in line]


def test_rules_of_every_kind(complaints: Complaints) -> None:
    text = """
guardrails:
  a: {match: {regex: '(?i)a+'}, action: redact, replacement: '', window: 5, tool_arguments: false}
  b: {match: {pii: [email, phone, card, iban, secret]}, action: flag, on: [response]}
  c: {max_prompt_chars: 5, max_messages: 5, message: No.}
  d: {allowed_tools: [a], denied_tools: [b], action: flag}
  e: {hook: {url: 'https://host/path', headers: {authorization: x}}, on: [request, response]}
global_guardrails: [a, b, c]
routes: {r: {provider: p, guardrails: [d, e]}, s: {provider: p, guardrails: [a]}}
"""
    assert of_guardrails(complaints(text)) == []


def test_a_rule_that_holds_nowhere(complaints: Complaints) -> None:
    (line,) = of_guardrails(complaints("guardrails:\n  a: {max_messages: 5}\nroutes: {r: {provider: p}}"))
    assert line == (
        "f:2:3: warning: guardrails.a: holds nowhere: name it under global_guardrails or a route's guardrails"
    )


def test_a_fallback_under_rules_that_its_callers_do_not_meet(complaints: Complaints) -> None:
    text = """guardrails: {a: {max_messages: 5}, b: {max_messages: 6}}
routes:
  r: {provider: p, fallbacks: [s], guardrails: [b]}
  s: {provider: q, guardrails: [b, a]}
"""
    (line,) = of_guardrails(complaints(text))
    assert line.startswith("f:3:32: warning: routes.r.fallbacks[0]: its guardrail 'a' does not hold")
    assert of_guardrails(complaints(text + "global_guardrails: [a]")) == []


@pytest.mark.parametrize("match", ["{regex: a}", "{pii: [card]}"])
def test_where_the_library_is_not_installed(
    complaints: Complaints, monkeypatch: pytest.MonkeyPatch, match: str
) -> None:
    monkeypatch.setitem(sys.modules, "re2", None)
    (line,) = complaints(f"guardrails: {{a: {{match: {match}}}}}\nglobal_guardrails: [a]")
    assert "needs the extra guardrails: pip install 'tornado-gateway[guardrails]'" in line


@pytest.mark.parametrize(
    "text",
    [
        "guardrails: 5",
        "guardrails: {a: 5}\nglobal_guardrails: 5",
        "guardrails: {a: {match: 5}}\nglobal_guardrails: [a]",
        "guardrails: {a: {match: {pii: 5, regex: 5}}}\nglobal_guardrails: [5]",
        "guardrails: {a: {hook: 5}}\nglobal_guardrails: [a]",
        "guardrails: {a: {hook: {url: 5, headers: 5}}}\nroutes: {r: {guardrails: 5}, s: 5}",
        "5",
    ],
)
def test_parts_of_the_wrong_shape_are_the_schema_s_to_tell(complaints: Complaints, text: str) -> None:
    complaints(text)
