from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from tornado_gateway.domain import rerouting
from tornado_gateway.domain.ledger import LedgerRow
from tornado_gateway.domain.money import PriceCard
from tornado_gateway.domain.policies import Fallback
from tornado_gateway.domain.prices import PriceTable
from tornado_gateway.domain.rerouting import Choice, Effect, Moved, Refused
from tornado_gateway.domain.routes import Route, RouteTable, RouteTarget
from tornado_gateway.domain.usage import TokenUsage

NOW = datetime(2026, 7, 1, tzinfo=UTC)
PRICES = {"a/x": "1", "a/y": "2", "b/x": "0.5", "a/fast": "4", "a/gpt-*": "3", "a/other": "1"}


def choice(*routes: Route, allow_unpriced: bool = False, **more: Any) -> Choice:
    prices = [PriceCard(name, Decimal(rate), Decimal(0)) for name, rate in PRICES.items()]
    return Choice(RouteTable(routes), PriceTable(more.pop("cards", prices), allow_unpriced=allow_unpriced))


def route(name: str, *targets: tuple[Any, ...], **members: Any) -> Route:
    return Route(name, tuple(RouteTarget(*target) for target in targets), **members)


X, Y, B = ("a", "x"), ("a", "y"), ("b", "x")


@pytest.mark.parametrize(
    ("members", "shares"),
    [
        ({}, ((*Y, 1),)),
        ({"strategy": "cheapest"}, ((*B, 1),)),
        ({"strategy": "weighted"}, ((*X, 1), (*Y, 3), (*B, 2))),
        ({"strategy": "least_busy"}, ((*X, 1), (*Y, 1), (*B, 1))),
        ({"strategy": "least_latency"}, ((*X, 1), (*Y, 1), (*B, 1))),
    ],
)
def test_who_is_asked_first(members: dict[str, Any], shares: Any) -> None:
    fast = route("fast", (*Y, 6), (*B, 4), (*X, 2), **members)
    assert choice(fast).shares("fast") == shares


def test_who_has_no_price_is_passed_over_unless_that_is_allowed() -> None:
    fast = route("fast", ("a", "none"), X)
    assert choice(fast).shares("fast") == ((*X, 1),)
    assert choice(fast, allow_unpriced=True).shares("fast") == (("a", "none", 1),)
    dear = route("fast", ("a", "none"), X, strategy="cheapest")
    assert choice(dear, allow_unpriced=True).shares("fast") == ((*X, 1),)
    back = route("none", ("a",), fallbacks=(Fallback("fast"),))
    assert choice(back, fast).shares("none") == ((*X, 1),)


def test_whom_nobody_serves() -> None:
    assert choice(route("fast", X)).shares("other") is None
    assert choice(route("fast", ("a", "none"))).shares("fast") is None


def test_patterns_and_names_twice() -> None:
    assert choice(route("gpt-*", ("a",))).shares("gpt-9") == (("a", "gpt-9", 1),)
    twice = route("fast", (*X, 1), (*X, 1), strategy="weighted")
    assert choice(twice).shares("fast") == ((*X, 1),)


def test_the_memory_of_names_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rerouting, "_REMEMBERED", 2)
    asked = choice(route("gpt-*", ("a",)))
    assert [asked.shares(f"gpt-{number}") for number in range(5)] == [(("a", f"gpt-{n}", 1),) for n in range(5)]


def row(wanted: str = "fast", **members: Any) -> LedgerRow:
    usual: dict[str, Any] = {
        "id": "1", "finished_at": NOW, "request_id": "r", "route": wanted, "requested_model": wanted, "provider": "a",
        "model": "x", "status": 200, "usage": TokenUsage(1000, 0), "cost": Decimal(1), "key": "k",
    }  # fmt: skip
    return LedgerRow(**{**usual, **members})


def effect(old: Choice, new: Choice, *rows: LedgerRow) -> Effect:
    made = Effect(old, new, ["model", "key"])
    for each in rows:
        made.add(each)
    return made


def test_what_keeps_its_target_is_repriced_even_where_a_fallback_served_it() -> None:
    same = choice(route("fast", X, Y))
    made = effect(same, same, row(), row(model="y", cost=Decimal(2)))
    total = made.kept.total()
    assert (total.requests, total.old, total.new) == (2, Decimal(3), Decimal(3))
    assert (made.moved, made.refused) == ({}, {})


def test_what_goes_elsewhere_is_estimated_at_that_targets_price() -> None:
    made = effect(choice(route("fast", X)), choice(route("fast", B)), row(), row(), row("gone-before"))
    assert made.moved == {
        "fast": Moved(before=((*X, 1),), after=((*B, 1),), requests=2, old=Decimal(2), estimate=Decimal("1.0"))
    }
    assert made.kept.groups == {}
    assert list(made.refused) == ["gone-before"]


def test_what_had_no_price_then_is_counted() -> None:
    rows = (row(cost=None), row())
    moved = effect(choice(route("fast", X)), choice(route("fast", B)), *rows).moved["fast"]
    assert (moved.requests, moved.first_priced, moved.old, moved.estimate) == (2, 1, Decimal(1), Decimal("1.0"))


def test_shares_weigh_the_estimate() -> None:
    new = choice(route("fast", (*X, 1), (*Y, 2), strategy="weighted"))
    (moved,) = effect(choice(route("fast", X)), new, row(), row()).moved.values()
    assert moved.estimate.quantize(Decimal("1e-9")) == Decimal("3.333333333")
    even = choice(route("fast", (*X, 1), (*Y, 1), strategy="weighted"))
    assert effect(choice(route("fast", X)), even, row()).moved["fast"].estimate == Decimal("1.5")


def test_what_the_old_file_does_not_know_was_where_its_row_says() -> None:
    old = choice(route("other", X))
    assert effect(old, choice(route("fast", X)), row()).kept.total().requests == 1
    assert effect(old, choice(route("fast", Y)), row()).moved["fast"].before == ((*X, 1),)


def test_what_the_new_file_refuses() -> None:
    made = effect(choice(route("fast", X)), choice(route("other", X)), row(), row(cost=None))
    assert made.refused == {"fast": Refused(2, Decimal(1), 1)}


def test_what_no_plan_decided_keeps_its_target() -> None:
    rows = (row(usage=None, cost=None, status=502), row(saved=Decimal(1), cost=Decimal(0)), row(kind="abandoned"))
    made = effect(choice(route("fast", X)), choice(route("fast", B)), *rows)
    total = made.kept.total()
    assert (total.unused, total.cached, total.abandoned, total.requests) == (1, 1, 1, 1)
    assert made.moved == {}


def test_a_new_target_without_a_price_at_the_time_is_counted() -> None:
    cards = [PriceCard("b/x", Decimal(1), Decimal(0), valid_from=NOW)]
    new = choice(route("fast", B), cards=cards)
    early = row(finished_at=NOW - timedelta(days=1))
    moved = effect(choice(route("fast", X)), new, row(), early).moved["fast"]
    assert (moved.requests, moved.unpriced, moved.old, moved.estimate) == (2, 1, Decimal(1), Decimal(1))


def test_names_without_end_are_summed_as_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rerouting, "MOST_GROUPS", 1)
    old, new = choice(route("gpt-*", X)), choice(route("gpt-*", ("a",)))
    made = effect(old, new, *(row(f"gpt-{number}") for number in range(3)), *(row(f"no-{n}") for n in range(3)))
    assert {name: (moved.requests, moved.estimate) for name, moved in made.moved.items()} == {
        "gpt-0": (1, Decimal(3)),
        "(others)": (2, Decimal(6)),
    }
    assert made.moved["(others)"].after == ()
    assert {name: refused.requests for name, refused in made.refused.items()} == {"no-0": 1, "(others)": 2}
