from decimal import Decimal

import pytest

from tests.reporting import X, Y, an_effect
from tornado_gateway.cli.effects import show, targets
from tornado_gateway.domain.rerouting import Effect, Moved, Refused


@pytest.fixture
def effect() -> Effect:
    return an_effect()


def shown(effect: Effect, capsys: pytest.CaptureFixture[str]) -> list[str]:
    show(effect)
    return capsys.readouterr().out.splitlines()


def test_exact_figures_and_estimates_stand_apart(effect: Effect, capsys: pytest.CaptureFixture[str]) -> None:
    lines = shown(effect, capsys)
    text = "\n".join(lines)
    exact = text.index("What keeps its target, at the new prices")
    estimate = text.index("An estimate: what is sent elsewhere, as if its tokens were the same there")
    refused = text.index("What the new file refuses: no route, or no price")
    assert exact < text.index("3 USD then, 4 USD at the new prices: +1 USD") < estimate < refused
    rows = [line.split() for line in lines]
    assert ["a/x", "2", "3.00", "4.00", "+1.00", "+33.3", "%"] in rows
    assert ["team-a", "2", "3.00", "4.00", "+1.00", "+33.3", "%"] in rows
    assert ["fast", "a/x", "b/y", "5", "2.00", "1.50", "-25.0", "%"] in rows
    assert "- 1 of them are in no sum: their new target had no price at their time" in lines
    assert "- 2 of them had no price then: what they cost is in the new sum alone" in lines
    assert ["gone", "7", "0.25"] in rows
    assert lines[-1] == "both together: 5 USD then, about 5.5 USD now: +0.5 USD"


def test_only_what_there_is(effect: Effect, capsys: pytest.CaptureFixture[str]) -> None:
    effect.refused = {"gone": Refused(1, unpriced=1)}
    assert shown(effect, capsys)[-3].split() == ["gone", "1", "unknown"]
    effect.moved, effect.refused = {}, {}
    lines = shown(effect, capsys)
    assert "estimate" not in "\n".join(lines)
    assert lines[-1] == "3 USD then, 4 USD at the new prices: +1 USD"
    effect.kept.groups = {}
    assert shown(effect, capsys) == ["", "there are none"]


def test_many_names_are_some_lines(effect: Effect, capsys: pytest.CaptureFixture[str]) -> None:
    effect.moved = {f"m{n:02}": Moved(X, Y, 1, Decimal(100 - n), Decimal(0)) for n in range(50)}
    effect.refused = {f"r{n:02}": Refused(1, Decimal(n)) for n in range(50)}
    rows = [line.split() for line in shown(effect, capsys)]
    assert ["(10", "more)", "various", "various", "10", "555.00", "0", "-100.0", "%"] in rows
    assert ["(10", "more)", "10", "45.00"] in rows


@pytest.mark.parametrize(
    ("shares", "text"),
    [(X, "a/x"), ((("a", "x", 2), ("b", "y", 1)), "a/x 66 %, b/y 33 %"), ((), "various")],
)
def test_targets(shares: tuple[tuple[str, str, int], ...], text: str) -> None:
    assert targets(shares) == text
