"""Rows against the list's own arithmetic: two programs that know nothing of each other, to the last digit."""

from contextlib import suppress
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

import pytest
from genai_prices.types import (
    ClauseEquals,
    ConditionalPrice,
    ModelInfo,
    ModelPrice,
    PriceVariant,
    Provider,
    StartDateConstraint,
    Tier,
    TieredPrices,
    TimeOfDateConstraint,
    Usage,
)

from tornado_gateway.config.decode_prices import card
from tornado_gateway.domain.pricing import price
from tornado_gateway.domain.usage import TokenUsage
from tornado_gateway.pricelist.catalog import open_catalog
from tornado_gateway.pricelist.hours import spans
from tornado_gateway.pricelist.terms import Terms, Unsayable, terms

TODAY = date(2026, 11, 24)
LATER = date(2027, 6, 1)

USAGES = [
    TokenUsage(input=12, output=25),
    TokenUsage(150_001, 1, 30_000, 20_000, 10_000, 11, 3, 2),
    TokenUsage(input=300_000, output=500, cached_input=1),
]


def model(prices: Any, variants: Any = None) -> ModelInfo:
    return ModelInfo("m", ClauseEquals("m"), prices=prices, price_variants=variants)


def mtok(**prices: Any) -> ModelPrice:
    return ModelPrice(**{f"{name}_mtok": Decimal(value) for name, value in prices.items()})


def as_theirs(usage: TokenUsage) -> Usage:
    return Usage(
        input_tokens=usage.prompt_tokens,
        output_tokens=usage.completion_tokens,
        cache_read_tokens=usage.cached_input or 0,
        cache_write_tokens=(usage.cache_write or 0) + (usage.cache_write_1h or 0),
        cache_write_1h_tokens=usage.cache_write_1h or 0,
        input_audio_tokens=usage.audio_input or 0,
        cache_audio_read_tokens=0,
        output_audio_tokens=usage.audio_output or 0,
        output_reasoning_tokens=usage.reasoning or 0,
    )


@pytest.fixture(scope="module")
def sayable() -> list[tuple[Provider, ModelInfo, Terms]]:
    found = []
    for provider, listed in open_catalog():
        with suppress(Unsayable):
            found.append((provider, listed, terms(listed, TODAY)))
    return found


def test_every_model_of_the_list_costs_what_the_list_itself_makes_of_it(sayable: Any) -> None:
    count = 0
    for provider, listed, found in sayable:
        cards = [card("a/m", dict(entry)) for entry in found.cards]
        days = (TODAY, LATER) if len(cards) > 1 else (TODAY,)
        for at in [span.at for day in days for span in spans(listed, day) if "off_peak" not in found.vague]:
            own = next(each for each in cards if each.valid(at))
            for usage in USAGES:
                theirs = listed.calc_price(as_theirs(usage), provider, genai_request_timestamp=at).total_price
                assert price(usage, own, at).amount == theirs, (provider.id, listed.id, at, usage)
                count += 1
    assert count > 5_000


@pytest.mark.parametrize(("served", "name"), [("flex", "batch"), ("priority", "priority")])
def test_every_model_served_otherwise_costs_what_the_list_makes_of_that(served: str, name: str, sayable: Any) -> None:
    count = 0
    at = datetime.combine(TODAY, time(12), UTC)
    for provider, listed, found in sayable:
        if name in found.cards[0]:
            own = card("a/m", dict(found.cards[0]))
            for tokens in (1_000, 300_000):
                usage = TokenUsage(tokens, 500, 100, service_tier=served)
                context = {"service_tier": served}
                theirs = listed.calc_price(
                    as_theirs(usage), provider, genai_request_timestamp=at, price_context=context
                ).total_price
                assert price(usage, own, at).amount == theirs, (listed.id, tokens)
                count += 1
    assert count > 20


def test_buckets_tiers_and_requests_by_their_names_in_the_file() -> None:
    tiered = TieredPrices(Decimal(2), [Tier(200_000, Decimal(4)), Tier(500_000, Decimal("4.5"))])
    prices = ModelPrice(
        input_mtok=tiered,
        output_mtok=Decimal(10),
        cache_read_mtok=Decimal("0.2"),
        output_reasoning_mtok=Decimal(5),
        requests_kcount=Decimal(12),
    )
    (found,) = terms(model(prices), TODAY).cards
    assert found == {
        "input": Decimal("0.002"),
        "output": Decimal("0.01"),
        "cached_input": Decimal("0.0002"),
        "reasoning": Decimal("0.005"),
        "request": Decimal("0.012"),
        # What stays as it is says so, or it would seem forgotten.
        "tiers": [
            {"above": 200_000, "input": Decimal("0.004"), "cached_input": Decimal("0.0002")},
            {"above": 500_000, "input": Decimal("0.0045"), "cached_input": Decimal("0.0002")},
        ],
    }


def test_changes_that_are_announced_are_cards_of_their_own_and_those_that_were_are_none() -> None:
    starts = {"2026-01-01": 2, "2026-12-01": 4, "2027-03-01": 4, "2027-04-01": 3}
    prices = [ConditionalPrice(prices=mtok(input=1, output=1))]
    prices += [
        ConditionalPrice(StartDateConstraint(date.fromisoformat(day)), prices=mtok(input=figure, output=figure))
        for day, figure in starts.items()
    ]
    found = terms(model(prices), TODAY).cards
    assert [(each["input"], each.get("valid_from"), each.get("valid_until")) for each in found] == [
        (Decimal("0.002"), None, "2026-11-30"),
        (Decimal("0.004"), "2026-12-01", "2027-03-31"),
        (Decimal("0.003"), "2027-04-01", None),
    ]


def peaks(*hours: tuple[int, int], output: int = 4) -> list[ConditionalPrice]:
    dear = mtok(input=2, output=output)
    windows = [TimeOfDateConstraint(time(start, tzinfo=UTC), time(end, tzinfo=UTC)) for start, end in hours]
    return [
        ConditionalPrice(prices=mtok(input=1, output=2)),
        *(ConditionalPrice(each, prices=dear) for each in windows),
    ]


def test_hours_of_the_day_are_a_factor_on_the_dearest() -> None:
    (found,) = terms(model(peaks((1, 4), (6, 10))), TODAY).cards
    assert found["input"] == Decimal("0.002")
    assert found["off_peak"] == {"factor": Decimal("0.5"), "hours": "04:00-06:00, 10:00-01:00"}


def test_what_one_factor_can_not_say_is_named_and_the_dearest_is_taken() -> None:
    found = terms(model(peaks((1, 4), output=3)), TODAY)
    assert found.cards == ({"input": Decimal("0.002"), "output": Decimal("0.003")},)
    assert (found.unsaid, found.vague) == (("hours of the day (here as at the dearest)",), {"off_peak"})


def test_ways_to_be_served_are_factors_where_all_prices_keep_step() -> None:
    variants = [
        PriceVariant({"service_tier": "flex"}, mtok(input="0.5", output=1)),
        PriceVariant({"service_tier": "priority"}, mtok(input=2)),
        PriceVariant({"service_tier": "fast"}, mtok(input=2)),
        PriceVariant({"processing": "batch"}, mtok(input="0.1")),
        PriceVariant({"speed": "fast"}, mtok(input=9)),
    ]
    found = terms(model(mtok(input=1, output=2), variants), TODAY)
    assert found.cards == ({"input": Decimal("0.001"), "output": Decimal("0.002"), "batch": Decimal("0.5")},)
    assert found.unsaid == ("service tier priority", "batch jobs", "speed fast")
    assert found.vague == {"priority"}


def test_batch_jobs_are_no_flex() -> None:
    """At Groq flex costs what everything costs, and batch jobs half: a row's factor is for what a call may be."""
    found = terms(model(mtok(input=1, output=1), [PriceVariant({"processing": "batch"}, mtok(input="0.5"))]), TODAY)
    assert "batch" not in found.cards[0]


def test_a_model_that_only_reads_has_answers_for_nothing() -> None:
    assert terms(model(mtok(input=1)), TODAY).cards == ({"input": Decimal("0.001"), "output": Decimal(0)},)


def test_what_costs_nothing_says_so() -> None:
    assert terms(model(mtok(input=0, output=0)), TODAY).cards == ({"free": True},)


@pytest.mark.parametrize(
    ("prices", "why"),
    [
        ({}, "the list has no price for it"),
        ({"audio_hours": Decimal(1)}, "priced by the hour of audio, which a row can't say"),
        (
            {"audio_hours": Decimal(1), "input_mchars": Decimal(1)},
            "priced by the hour of audio and the character, which",
        ),
    ],
)
def test_what_no_row_can_say_is_refused(prices: dict[str, Decimal], why: str) -> None:
    with pytest.raises(Unsayable, match=why):
        terms(model(ModelPrice(**prices)), TODAY)
