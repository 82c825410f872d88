from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from tornado_gateway.domain import repricing
from tornado_gateway.domain.ledger import LedgerRow
from tornado_gateway.domain.money import PriceCard, Tier
from tornado_gateway.domain.peaks import OffPeak
from tornado_gateway.domain.prices import PriceTable
from tornado_gateway.domain.pricing import price
from tornado_gateway.domain.repricing import OTHERS, Repriced, Repricing
from tornado_gateway.domain.usage import TokenUsage

CHANGE = datetime(2026, 7, 1, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def row(**members: Any) -> LedgerRow:
    usual: dict[str, Any] = {
        "id": "1", "finished_at": CHANGE, "request_id": "r", "key": "team-a", "route": "gpt-4", "provider": "openai",
        "model": "gpt-4", "status": 200, "usage": TokenUsage(1000, 1000), "cost": Decimal("0.09"),
    }  # fmt: skip
    return LedgerRow(**{**usual, **members})


def card(model: str = "openai/gpt-4", rate: str = "0.01", **members: Any) -> PriceCard:
    return PriceCard(model, Decimal(rate), Decimal(rate), **members)


def repriced(rows: list[LedgerRow], *cards: PriceCard, by: tuple[str, ...] = ("model",)) -> Repricing:
    made = Repricing(PriceTable(cards), by)
    for each in rows:
        made.add(each)
    return made


def test_old_and_new_by_model_and_key() -> None:
    rows = [row(), row(key="team-b"), row(model="gpt-5", cost=Decimal("0.5"))]
    made = repriced(rows, card(), card("openai/gpt-5", "0.2"), by=("model", "key"))
    assert {group: (each.requests, each.old, each.new) for group, each in made.groups.items()} == {
        ("openai/gpt-4", "team-a"): (1, Decimal("0.09"), Decimal("0.02")),
        ("openai/gpt-4", "team-b"): (1, Decimal("0.09"), Decimal("0.02")),
        ("openai/gpt-5", "team-a"): (1, Decimal("0.5"), Decimal("0.4")),
    }
    by_key = made.rolled([1])
    assert {group: each.difference for group, each in by_key.items()} == {
        ("team-a",): Decimal("-0.17"),
        ("team-b",): Decimal("-0.07"),
    }
    total = made.total()
    assert (total.requests, total.old, total.new, total.left_out) == (3, Decimal("0.68"), Decimal("0.44"), 0)


def test_nothing_at_all() -> None:
    assert repriced([]).total() == Repriced()


@pytest.mark.parametrize(
    ("finished", "duration", "new"),
    [
        (CHANGE - MINUTE, 0.0, "0.02"),
        (CHANGE, 0.0, "0.04"),
        (CHANGE + MINUTE, 61.0, "0.02"),  # it began under the old price
        (CHANGE + MINUTE, 60.0, "0.04"),
    ],
)
def test_the_card_that_held_when_the_call_began(finished: datetime, duration: float, new: str) -> None:
    cards = card(valid_until=CHANGE), card(rate="0.02", valid_from=CHANGE)
    assert repriced([row(finished_at=finished, duration=duration)], *cards).total().new == Decimal(new)


def test_a_time_without_a_price_is_counted_and_named() -> None:
    made = repriced([row(), row(finished_at=CHANGE - MINUTE)], card(valid_until=CHANGE))
    total = made.total()
    assert (total.requests, total.unpriced, total.left_out) == (1, 1, Decimal("0.09"))
    assert made.unpriced == {"openai/gpt-4": 1}


def test_tier_and_hours_are_the_rows_own() -> None:
    usage = TokenUsage(1000, 0, service_tier="flex")
    at = datetime(2026, 1, 1, 23, tzinfo=UTC)
    cards = card(batch=Decimal("0.5"), off_peak=OffPeak(Decimal("0.1"), 22 * 60, 6 * 60))
    assert repriced([row(usage=usage, finished_at=at)], cards).total().new == Decimal("0.0005")


def test_rows_that_used_nothing_and_models_without_a_price_are_left_out_on_both_sides() -> None:
    rows = [row(usage=None, cost=None, status=502), row(model="old"), row(model="old", cost=None), row()]
    made = repriced(rows, card())
    total = made.total()
    assert (total.requests, total.old, total.new) == (1, Decimal("0.09"), Decimal("0.02"))
    assert (total.unused, total.unpriced, total.left_out) == (1, 2, Decimal("0.09"))
    assert made.unpriced == {"openai/old": 2}


def test_what_had_no_price_then_is_new_and_told_apart() -> None:
    total = repriced([row(cost=None), row()], card()).total()
    assert (total.requests, total.old, total.new) == (2, Decimal("0.09"), Decimal("0.04"))
    assert (total.first_priced, total.first_cost) == (1, Decimal("0.02"))


def test_answers_from_the_cache_cost_nothing_then_and_now() -> None:
    total = repriced([row(cost=Decimal(0), saved=Decimal("0.09"))], card()).total()
    assert (total.requests, total.cached, total.old, total.new) == (1, 1, 0, 0)
    assert (total.saved_old, total.saved_new) == (Decimal("0.09"), Decimal("0.02"))


def test_the_slower_one_of_two_tries_is_paid_and_answered_nobody() -> None:
    total = repriced([row(kind="abandoned", status=499)], card()).total()
    assert (total.requests, total.abandoned, total.old, total.new) == (0, 1, Decimal("0.09"), Decimal("0.02"))


def test_images_that_nobody_counted_are_said_to_be_unknown() -> None:
    made = repriced([row(), row(usage=TokenUsage(0, 0, images=2))], card(image=Decimal("0.5")))
    total = made.total()
    assert (total.images_unknown, total.new) == (1, Decimal("1.02"))


def test_free_is_no_missing_price() -> None:
    total = repriced([row()], card(free=True)).total()
    assert (total.requests, total.new, total.unpriced) == (1, 0, 0)


def test_memory_is_bounded_and_no_cent_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(repricing, "MOST_GROUPS", 3)
    monkeypatch.setattr(repricing, "_REMEMBERED", 2)
    rows = [row(model=f"m{number}") for number in range(10)] + [row(model="m1"), row(provider="x"), row(provider="y")]
    made = repriced(rows, card("openai/*"))
    assert list(made.groups) == [("openai/m0",), ("openai/m1",), ("openai/m2",), (OTHERS,)]
    assert made.groups["openai/m1",].requests == 2
    total = made.total()
    assert (total.requests, total.unpriced) == (11, 2)
    assert made.unpriced == {"x/gpt-4": 1, "y/gpt-4": 1}
    made = repriced(rows)
    assert made.unpriced == {"openai/m0": 1, "openai/m1": 2, "openai/m2": 1, OTHERS: 9}


def test_a_name_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="did you mean 'model'"):
        Repricing(PriceTable(), ["modle"])


rates = st.decimals(0, 10**3, allow_nan=False, allow_infinity=False, places=18)
counts = st.integers(0, 10**7)
maybe = st.none() | counts
usages = st.builds(
    TokenUsage, counts, counts, *[maybe] * 6, images=st.none() | st.integers(0, 9),
    service_tier=st.sampled_from([None, "batch", "flex", "priority"]),
)  # fmt: skip
tiers = st.lists(st.builds(Tier, counts, st.dictionaries(st.sampled_from(["input", "output"]), rates)), max_size=2)
minutes = st.integers(0, 1439)
cards = st.builds(
    PriceCard, st.just("p/m"), rates, rates, *[st.none() | rates] * 6,
    image=st.none() | rates, request=st.none() | rates, batch=st.none() | rates, priority=st.none() | rates,
    tiers=tiers.map(lambda found: tuple(sorted(found, key=lambda tier: tier.above))), marginal=st.booleans(),
    off_peak=st.none() | st.builds(OffPeak, rates, minutes, minutes, st.sampled_from(["UTC", "Asia/Shanghai"])),
)  # fmt: skip
moments = st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC))
calls = st.tuples(st.sampled_from(["m", "gone"]), usages, moments, st.floats(0, 10**5))


@settings(deadline=None)  # time zones are read from files
@given(cards, cards, st.lists(calls, max_size=8))
def test_under_the_same_prices_it_comes_to_exactly_what_the_ledger_has(
    first: PriceCard, second: PriceCard, made: list[tuple[str, TokenUsage, datetime, float]]
) -> None:
    table = PriceTable([replace(first, valid_until=CHANGE), replace(second, valid_from=CHANGE)])
    again = Repricing(table, ["model", "day"])
    stored = Fraction(0)
    for model, usage, began, duration in made:
        # As the gateway does it: the plan's card at the beginning, the hour at the end.
        finished = began + timedelta(seconds=duration)
        found = table.find("p", model, began)
        cost = None if found is None else price(usage, found, finished).amount
        stored += 0 if cost is None else Fraction(cost)
        again.add(row(provider="p", model=model, usage=usage, finished_at=finished, duration=duration, cost=cost))
    total = again.total()
    assert (Fraction(total.old), Fraction(total.new), total.difference) == (stored, stored, 0)
    assert all(each.difference == 0 for each in again.groups.values())
    assert total.requests + total.unpriced == len(made)
