"""Rules as a file would make them, and what the tests of guardrails do with them."""

from collections.abc import Sequence
from typing import Any

import pytest

pytest.importorskip("re2", reason="the extra guardrails is not installed")

from tornado_gateway.config.linear_patterns import Re2
from tornado_gateway.domain.events import GuardrailVerdict
from tornado_gateway.domain.guardrails.matching import Matcher
from tornado_gateway.domain.guardrails.pii import CLASSES, matchers
from tornado_gateway.domain.guardrails.rules import Checks, Direction, MatchRule
from tornado_gateway.domain.guardrails.verdicts import Tally
from tornado_gateway.domain.guardrails.window import Piece, Window

ENGINE = Re2()
CARD = "4111 1111 1111 1111"
MAIL = "bob@example.org"
IBAN = "DE89 3704 0044 0532 0130 00"
KEY = "sk-ant-api03-" + "Zx9" * 12


def rule(pattern: str, action: Any = "redact", *, name: str = "rule", window: int = 256, **more: Any) -> MatchRule:
    """Whatever ``pattern`` finds."""
    more.setdefault("replacement", "[R]")
    return MatchRule(name, action, (ENGINE.compile(pattern, window),), window=window, **more)


def pii(*names: str, action: Any = "redact", **more: Any) -> list[MatchRule]:
    """Each class, replaced by its own word."""
    return [
        MatchRule(
            name, action, tuple(matchers([name], ENGINE)), f"[{name.upper()}]", window=CLASSES[name].window, **more
        )
        for name in names
    ]


def checks(*rules: Any) -> Checks:
    made = Checks.of(rules, ENGINE)
    assert made is not None
    return made


def found(matcher: Matcher, text: str) -> list[str]:
    """All that is found in ``text``."""
    reading, at, spans = matcher.read(text), 0, []
    while (match := reading.next(at)) is not None:
        assert match.resume > match.start >= at
        spans += [text[start:stop] for start, stop in match.spans]
        at = match.resume
    return spans


def in_pieces(
    pieces: Sequence[str], rules: Sequence[MatchRule], tally: Tally | None = None, **more: Any
) -> list[Piece]:
    """A text that comes so, to its end."""
    more.setdefault("gate", checks(*rules).gate)
    window = Window(rules, tally or Tally("response"), "text", **more)
    made = []
    for piece in pieces:
        made.append(window.add(piece))
        window.settle()
    window.settle(final=True)
    return made


def said(pieces: Sequence[Piece]) -> str:
    return "".join(piece.result or "" for piece in pieces)


def verdicts(tally: Tally) -> list[GuardrailVerdict]:
    return list(tally.told(request_id="req_1", route="gpt-4"))


def counts(tally: Tally) -> dict[tuple[str, str, str], int]:
    """By rule, action and place."""
    return {(each.rule, each.action, each.where): each.count for each in verdicts(tally)}


def tally(direction: Direction = "request") -> Tally:
    return Tally(direction)
