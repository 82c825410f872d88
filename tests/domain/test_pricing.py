from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tornado_gateway.domain.money import PriceCard, Tier
from tornado_gateway.domain.peaks import OffPeak
from tornado_gateway.domain.pricing import price, tier_rate, worst
from tornado_gateway.domain.usage import BUCKETS, PROMPT_BUCKETS, TokenUsage

GPT4 = PriceCard("openai/gpt-4", Decimal("0.03"), Decimal("0.06"))
LONG = PriceCard(
    "a/long",
    Decimal("0.003"),
    Decimal("0.015"),
    cached_input=Decimal("0.0003"),
    tiers=(Tier(200_000, {"input": Decimal("0.006"), "output": Decimal("0.0225")}),),
)
NIGHT = datetime(2026, 3, 1, 23, tzinfo=UTC)
DAY = datetime(2026, 3, 1, 12, tzinfo=UTC)

rates = st.decimals(0, 10**6, allow_nan=False, allow_infinity=False, places=24)
counts = st.integers(0, 10**9)
usages = st.builds(TokenUsage, counts, counts, *[st.none() | counts] * 6)
cards = st.builds(PriceCard, st.just("p/m"), rates, rates, *[st.none() | rates] * 6)
bounds = st.lists(st.integers(1, 10**9), min_size=1, max_size=4, unique=True).map(sorted)


def test_the_contracts_example() -> None:
    cost = price(TokenUsage(12, 25), GPT4)
    assert cost.digits == "0.00186"
    assert [(line.bucket, line.count, str(line.rate)) for line in cost.lines] == [
        ("input", 12, "0.03"),
        ("output", 25, "0.06"),
    ]


@given(usages, cards)
def test_the_cost_is_exact(usage: TokenUsage, card: PriceCard) -> None:
    expected = sum(Fraction(card.rate(bucket)) * tokens for bucket, tokens in usage.buckets()) / 1000
    cost = price(usage, card)
    assert Fraction(cost.amount) == expected
    assert Fraction(cost.digits) == expected


def test_free_is_zero_and_says_so_only_by_name() -> None:
    card = PriceCard("echo/echo4", Decimal(1), Decimal(1), free=True)
    assert price(TokenUsage(5, 5), card).digits == "0"


def test_an_estimate_stays_one() -> None:
    assert price(TokenUsage(1, 1, estimated=True), GPT4).estimated
    assert not price(TokenUsage(1, 1), GPT4).estimated


@pytest.mark.parametrize(
    ("usage", "cost"),
    [
        (TokenUsage(200_000, 10), "0.60015"),  # at its bound a tier has not begun
        (TokenUsage(200_001, 10), "1.200231"),
        (TokenUsage(1, 10, cached_input=200_000), "0.060231"),  # cached tokens are the prompt's too, at the card's rate
    ],
)
def test_a_tier_prices_the_whole_request(usage: TokenUsage, cost: str) -> None:
    assert price(usage, LONG).digits == cost


def test_a_tiers_rate_is_its_own_then_the_cards_then_its_parents() -> None:
    (tier,) = LONG.tiers
    found = {bucket: tier_rate(LONG, tier, bucket) for bucket in ("input", "cached_input", "cache_write", "reasoning")}
    assert {bucket: str(rate) for bucket, rate in found.items()} == {
        "input": "0.006",
        "cached_input": "0.0003",
        "cache_write": "0.006",
        "reasoning": "0.0225",
    }


def test_a_marginal_tier_prices_what_lies_beyond_it() -> None:
    card = PriceCard(
        "a/m", Decimal(1), Decimal(0), tiers=(Tier(10, {"input": Decimal(2)}), Tier(20, {"input": Decimal(3)})),
        marginal=True,
    )  # fmt: skip
    cost = price(TokenUsage(20, 5, cached_input=5), card)
    assert [(line.bucket, line.count, int(line.rate), line.above) for line in cost.lines] == [
        ("cached_input", 5, 1, None),
        ("input", 5, 1, None),
        ("input", 10, 2, 10),
        ("input", 5, 3, 20),
        ("output", 5, 0, None),
    ]
    assert cost.digits == "0.045"


@given(usages, cards, bounds, st.data())
def test_marginal_tiers_are_exact_and_lose_no_token(
    usage: TokenUsage, card: PriceCard, above: list[int], data: st.DataObject
) -> None:
    tiers = tuple(Tier(bound, data.draw(st.dictionaries(st.sampled_from(PROMPT_BUCKETS), rates))) for bound in above)
    cost = price(usage, PriceCard("p/m", card.input, card.output, tiers=tiers, marginal=True))
    counted = dict.fromkeys(BUCKETS, 0)
    for line in cost.lines:
        counted[line.bucket] += line.count
    assert counted == {bucket: dict(usage.buckets()).get(bucket, 0) for bucket in BUCKETS}
    assert Fraction(cost.amount) == sum(Fraction(line.rate) * line.count for line in cost.lines) / 1000
    for position, bound in enumerate(above):
        following = [*above, None][position + 1]
        beyond = max(0, min(usage.prompt_tokens, following or usage.prompt_tokens) - bound)
        assert sum(line.count for line in cost.lines if line.above == bound) == beyond


def test_images_and_requests_are_priced_each() -> None:
    card = PriceCard("a/i", Decimal("0.001"), Decimal(0), image=Decimal("0.04"), request=Decimal("0.005"))
    assert price(TokenUsage(10, 5, images=3), card).digits == "0.12501"
    assert price(TokenUsage(10, 5), card).digits == "0.00501"
    assert price(TokenUsage(), card).digits == "0", "a call that used nothing was none"


def test_factors_multiply_the_whole() -> None:
    card = PriceCard(
        "a/f", Decimal("0.01"), Decimal(0), request=Decimal("0.01"), batch=Decimal("0.5"), priority=Decimal(2),
        off_peak=OffPeak(Decimal("0.25"), 22 * 60, 6 * 60),
    )  # fmt: skip
    costs = [
        price(TokenUsage(1000, 0, service_tier=tier), card, at).digits
        for tier in (None, "batch", "flex", "priority", "default")
        for at in (DAY, NIGHT)
    ]
    assert costs == ["0.02", "0.005", "0.01", "0.0025", "0.01", "0.0025", "0.04", "0.01", "0.02", "0.005"]
    assert price(TokenUsage(1000, 0), card).digits == "0.02", "without a time there is no discount"
    assert price(TokenUsage(1000, 0, service_tier="flex"), card, NIGHT).factors == {
        "batch": Decimal("0.5"),
        "off_peak": Decimal("0.25"),
    }


def test_the_worst_case_is_the_dearest_bucket_in_its_tier_and_counts_on_no_discount() -> None:
    card = PriceCard(
        "a/w", Decimal("0.003"), Decimal("0.015"), cache_write_1h=Decimal("0.006"), batch=Decimal("0.5"),
        tiers=(Tier(1000, {"output": Decimal("0.03")}),), off_peak=OffPeak(Decimal("0.1"), 0, 60),
    )  # fmt: skip
    assert [(cost.digits, names) for cost, names in (worst(card, 1000, 10), worst(card, 1001, 10))] == [
        ("0.00615", ("cache_write_1h", "output")),
        ("0.006306", ("cache_write_1h", "output")),
    ]
    dear = PriceCard("a/w", Decimal("0.003"), Decimal("0.015"), priority=Decimal(2))
    assert worst(dear, 1000, 0)[0].digits == "0.006"
    assert worst(PriceCard("a/w", Decimal(0), Decimal(0), free=True), 5, 5)[0].digits == "0"
