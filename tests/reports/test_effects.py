from decimal import Decimal

import pytest

from tests.reporting import X, Y, an_effect
from tornado_gateway.domain.rerouting import Effect, Moved, Refused
from tornado_gateway.reports.effects import as_document, moved_most, refused_most, sums


@pytest.fixture
def effect() -> Effect:
    return an_effect()


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
