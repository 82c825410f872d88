from decimal import Decimal

import pytest

from tornado_gateway.domain.prices import PriceTable
from tornado_gateway.domain.repricing import Repriced
from tornado_gateway.domain.rerouting import Choice, Effect, Moved, Refused
from tornado_gateway.domain.routes import RouteTable
from tornado_gateway.reports.effects import as_document, moved_most, refused_most, sums

X, Y = (("a", "x", 1),), (("b", "y", 1),)


@pytest.fixture
def effect() -> Effect:
    choice = Choice(RouteTable(), PriceTable())
    made = Effect(choice, choice, ["model", "key"])
    made.kept.groups = {("a/x", "team-a"): Repriced(requests=2, old=Decimal(3), new=Decimal(4))}
    made.moved = {"fast": Moved(X, Y, requests=5, old=Decimal(2), estimate=Decimal("1.5"), unpriced=1, first_priced=2)}
    made.refused = {"gone": Refused(7, Decimal("0.25"))}
    return made


def test_json(effect: Effect) -> None:
    document = as_document(effect)
    assert sums(effect) == (Decimal(5), Decimal("5.5"))
    assert {name: bytes(value) for name, value in document["served"].items()} == {
        "old": b"5",
        "new": b"5.5",
        "difference": b"0.5",
    }
    assert [each["group"] for each in document["kept"]["by_model"]] == [{"model": "a/x"}]
    assert [each["group"] for each in document["kept"]["by_key"]] == [{"key": "team-a"}]
    (moved,) = document["moved"]
    assert (moved["model"], moved["after"], bytes(moved["estimate"])) == (
        "fast",
        [{"provider": "b", "model": "y", "weight": 1}],
        b"1.5",
    )
    assert [(each["model"], each["requests"]) for each in document["refused"]] == [("gone", 7)]


def test_the_greatest_come_first(effect: Effect) -> None:
    effect.moved["small"] = Moved(X, Y, requests=1, old=Decimal(1), estimate=Decimal("1.1"))
    effect.refused["dear"] = Refused(1, Decimal(5))
    assert [name for name, _ in moved_most(effect)] == ["fast", "small"]
    assert [name for name, _ in refused_most(effect)] == ["dear", "gone"]
