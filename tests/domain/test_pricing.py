from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction
from math import prod

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
    flex = PriceCard("a/w", Decimal("0.003"), Decimal("0.015"), batch=Decimal(3), image=Decimal(1))
    assert worst(flex, 1000, 0, images=2)[0].digits == "6.009", "a factor may raise a price, whatever it is called"


def test_a_shorter_prompt_may_be_the_dearest() -> None:
    rebate = PriceCard("a/r", Decimal(2), Decimal(1), tiers=(Tier(1000, {"input": Decimal(1)}),))
    assert price(TokenUsage(1001, 0), rebate).digits == "1.001"
    assert worst(rebate, 1001, 0)[0].digits == "2"


def test_a_marginal_worst_case_takes_the_dearest_kind_between_any_two_bounds() -> None:
    card = PriceCard(
        "a/m", Decimal(1), Decimal(0), cached_input=Decimal(3), cache_write=Decimal(0), audio_input=Decimal(0),
        tiers=(Tier(10, {"input": Decimal(5)}),), marginal=True,
    )  # fmt: skip
    cost, names = worst(card, 15, 0)
    assert (cost.digits, names) == ("0.055", ("input", "output"))
    assert price(TokenUsage(5, 0, cached_input=10), card).digits == "0.055"


def few(values: tuple[str, ...]) -> st.SearchStrategy[Decimal]:
    return st.sampled_from(values).map(Decimal)


dollars = few(("0", "0.000001", "0.003", "0.06", "7")) | rates
factors = st.none() | few(("0", "0.25", "1", "3.5"))
tokens = st.integers(0, 40)
services = st.sampled_from([None, "batch", "flex", "priority"])
few_tokens = st.builds(
    TokenUsage, tokens, tokens, *[st.none() | tokens] * 6, images=st.none() | tokens, service_tier=services
)
peaks = st.none() | st.builds(OffPeak, few(("0", "0.5", "2")), st.just(22 * 60), st.just(6 * 60))


@st.composite
def whole_cards(draw: st.DrawFn) -> PriceCard:
    """Anything that a file may say."""
    marginal = draw(st.booleans())
    priced = st.dictionaries(st.sampled_from(PROMPT_BUCKETS if marginal else BUCKETS), dollars, min_size=1)
    above = draw(st.lists(st.integers(1, 120), max_size=3, unique=True).map(sorted))
    return PriceCard(
        "p/m", draw(dollars), draw(dollars), *[draw(st.none() | dollars) for _ in range(6)],
        image=draw(st.none() | dollars), request=draw(st.none() | dollars), marginal=marginal,
        tiers=tuple(Tier(bound, draw(priced)) for bound in above), batch=draw(factors), priority=draw(factors),
        off_peak=draw(peaks),
    )  # fmt: skip


def by_hand(usage: TokenUsage, card: PriceCard, at: datetime) -> Fraction:
    """The sum as its words say it, a token at a time."""
    parents = {"cached_input": "input", "cache_write": "input", "cache_write_1h": "cache_write", "audio_input": "input"}
    parents |= {"reasoning": "output", "audio_output": "output"}

    def rate(bucket: str, rates: dict[str, Decimal]) -> Fraction:
        return Fraction(rates[bucket]) if bucket in rates else rate(parents[bucket], rates)

    own = {name: getattr(card, name) for name in BUCKETS if getattr(card, name) is not None}
    total = Fraction(0)
    position = 0
    for bucket in ("cached_input", "cache_write", "cache_write_1h", "input", "audio_input", *BUCKETS[5:]):
        for _ in range(getattr(usage, bucket) or 0):
            reach = position if card.marginal else usage.prompt_tokens - 1
            reached = [tier for tier in card.tiers if reach >= tier.above]
            prompt = bucket in PROMPT_BUCKETS
            tiered = reached and (prompt or not card.marginal)
            total += rate(bucket, {**own, **(reached[-1].rates if tiered else {})}) / 1000
            position += prompt
    total += Fraction(card.image or 0) * (usage.images or 0)
    total += Fraction(card.request or 0) * bool(usage.total_tokens or usage.images)
    names = {"batch": card.batch, "flex": card.batch, "priority": card.priority}
    factor = names.get(usage.service_tier or "")
    night = card.off_peak.factor if card.off_peak is not None and (at.hour >= 22 or at.hour < 6) else 1
    return total * Fraction(1 if factor is None else factor) * Fraction(night)


@given(few_tokens, whole_cards(), st.sampled_from([DAY, NIGHT]))
def test_any_card_prices_any_usage_as_its_words_say(usage: TokenUsage, card: PriceCard, at: datetime) -> None:
    cost = price(usage, card, at)
    assert Fraction(cost.amount) == Fraction(cost.digits) == by_hand(usage, card, at)
    lines = sum((Fraction(line.count) * Fraction(line.rate) / line.per for line in cost.lines), Fraction(0))
    assert lines * prod(Fraction(factor) for factor in cost.factors.values()) == Fraction(cost.amount)


@given(few_tokens, whole_cards(), st.integers(0, 30), st.integers(0, 30), st.sampled_from([DAY, NIGHT]))
def test_nothing_within_the_counts_is_dearer_than_the_worst(
    usage: TokenUsage, card: PriceCard, more: int, longer: int, at: datetime
) -> None:
    counts = usage.prompt_tokens + more, usage.completion_tokens + longer
    assert worst(card, *counts, images=usage.images or 0)[0].amount >= price(usage, card, at).amount


@given(usages, usages, cards, st.integers(0, 1000))
def test_a_card_of_rates_alone_is_linear(one: TokenUsage, other: TokenUsage, card: PriceCard, times: int) -> None:
    def combined(*shares: tuple[TokenUsage, int]) -> TokenUsage:
        return TokenUsage(**{name: sum((getattr(u, name) or 0) * by for u, by in shares) for name in BUCKETS})

    def amount(usage: TokenUsage) -> Fraction:
        return Fraction(price(usage, card).amount)

    assert amount(combined((one, 1), (other, 1))) == amount(one) + amount(other)
    assert amount(combined((one, times))) == amount(one) * times
