from collections.abc import Callable
from pathlib import Path

import pytest

from tests.guarding import CARD, MAIL, counts, said, tally
from tests.guarding import in_pieces as pieces
from tornado_gateway.config.build import Loaded, build_routes, parse
from tornado_gateway.config.build_guardrails import build_guards, windows, words
from tornado_gateway.config.model_guardrails import GuardrailSettings
from tornado_gateway.domain.guardrails.rules import HookRule, SizeRule, ToolRule

FILE = """version: 1
{more}
providers: {{echo: {{kind: echo}}}}
routes:
  plain: {{provider: echo{plain}}}
  strict: {{provider: echo{strict}}}
pricing: {{unit: per_1k_tokens, currency: USD, models: {{echo/plain: {{free: true}}, echo/strict: {{free: true}}}}}}
"""
Load = Callable[..., Loaded]


@pytest.fixture
def load() -> Load:
    def made(more: str, *, plain: str = "", strict: str = "") -> Loaded:
        return parse(FILE.format(more=more, plain=plain, strict=strict).encode(), Path("f.yaml"), {})

    return made


RULES = (
    "guardrails: {a: {match: {regex: a}}, b: {max_messages: 5}, c: {denied_tools: [x]}, d: {hook: {url: 'http://h'}}}"
)


def test_a_file_without_rules_has_none_anywhere(load: Load) -> None:
    assert build_guards(load("").settings) == {}
    assert [route.guards for route in build_routes(load(RULES).settings)] == [None, None]


def test_those_for_all_stand_before_a_route_s_own_and_each_once(load: Load) -> None:
    loaded = load(f"{RULES}\nglobal_guardrails: [c, a]", strict=", guardrails: [a, b, d]")
    guards = build_guards(loaded.settings)
    plain, strict = guards["plain"], guards["strict"]
    assert plain.request is not None
    assert plain.response is not None
    assert [each.name for each in (*plain.request.matching, *plain.request.tools)] == ["a", "c"]
    assert plain.request.hooks == plain.request.sizes == ()
    assert strict.request is not None
    assert strict.request.sizes == (SizeRule("b", "deny", None, 5),)
    assert strict.request.hooks == (HookRule("d", "http://h"),)
    assert strict.request.tools == strict.response.tools == (ToolRule("c", "deny", None, ("x",)),)  # type: ignore[union-attr]
    assert strict.response is not None
    assert strict.response.hooks == ()
    built = build_routes(loaded.settings).get("strict")
    assert built is not None
    assert built.guards is not None
    assert built.guards.fingerprint == strict.fingerprint


def test_only_rules_of_answers_make_another_fingerprint(load: Load) -> None:
    def fingerprint(more: str, names: str) -> bytes:
        return build_guards(load(f"guardrails: {{{more}}}", plain=f", guardrails: [{names}]").settings)[
            "plain"
        ].fingerprint

    size = fingerprint("b: {max_messages: 5}", "b")
    assert size == b""
    match = fingerprint("a: {match: {regex: a}}", "a")
    assert match != fingerprint("a: {match: {regex: b}}", "a")
    assert match == fingerprint("a: {match: {regex: a}}, b: {max_messages: 9}", "a, b")


def test_each_class_has_its_own_word_and_window() -> None:
    rule = GuardrailSettings("x", (), pii=("email", "secret"))
    assert words(rule) == {"email": "[EMAIL]", "secret": "[SECRET]"}
    assert list(windows(rule)) == [256, 4096]
    said_so = GuardrailSettings("x", (), pii=("email", "secret"), replacement="-", window=50)
    assert words(said_so) == {"email": "-", "secret": "-"}
    assert list(windows(said_so)) == [50, 50]
    assert list(windows(GuardrailSettings("x", (), regex="a"))) == [256]


def test_what_is_found(load: Load) -> None:
    loaded = load(
        "guardrails: {pii: {match: {pii: [email, card]}, action: redact},"
        " word: {match: {regex: '(?i)q+'}, action: redact}}",
        plain=", guardrails: [pii, word]",
    )
    checks = build_guards(loaded.settings)["plain"].response
    assert checks is not None
    seen = tally()
    assert said(pieces([f"{MAIL} {CARD} Qq!"], checks.matching, seen)) == "[EMAIL] [CARD] [REDACTED]!"
    assert counts(seen) == {("pii", "redact", "text"): 2, ("word", "redact", "text"): 1}


def test_a_rule_that_says_so_is_applied_to_answers_alone(load: Load) -> None:
    guards = build_guards(
        load("guardrails: {a: {on: [response], match: {regex: a}}}", plain=", guardrails: [a]").settings
    )["plain"]
    assert guards.request is None
    assert guards.response is not None
