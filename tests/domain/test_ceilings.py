from decimal import Decimal
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from tornado_gateway.domain.ceilings import ceiling_of
from tornado_gateway.domain.money import PriceCard, Tier
from tornado_gateway.domain.nano import nano_up
from tornado_gateway.domain.peaks import OffPeak
from tornado_gateway.domain.pricing import price, worst
from tornado_gateway.domain.usage import COMPLETION_BUCKETS, PROMPT_BUCKETS, TokenUsage

GPT4 = PriceCard("openai/gpt-4", Decimal("0.03"), Decimal("0.06"))
rates = st.decimals(0, 100, allow_nan=False, allow_infinity=False, places=12)
tokens = st.integers(0, 10**7)
factors = st.decimals(Decimal("0.1"), 3, places=2)


@st.composite
def cards(draw: st.DrawFn) -> PriceCard:
    bounds = sorted(draw(st.lists(st.integers(1, 10**6), max_size=3, unique=True)))
    tiers = tuple(
        Tier(above, draw(st.dictionaries(st.sampled_from(("input", "output", "cached_input", "reasoning")), rates)))
        for above in bounds
    )
    peak = st.none() | st.builds(OffPeak, factors, st.just(0), st.just(60), st.just("UTC"))
    return PriceCard(
        "p/m",
        draw(rates),
        draw(rates),
        *[draw(st.none() | rates) for _ in range(6)],
        image=draw(st.none() | rates),
        request=draw(st.none() | rates),
        tiers=tiers,
        marginal=draw(st.booleans()),
        priority=draw(st.none() | factors),
        batch=draw(st.none() | st.just(Decimal("0.5"))),
        off_peak=draw(peak),
    )


def test_the_contracts_example() -> None:
    ceiling = ceiling_of(GPT4)
    assert ceiling is not None
    assert ceiling.nano(12, 25) == 1_860_000
    assert ceiling.nano(0, 0) == 0
    assert ceiling.nano(1, 0) == 30_000


def test_what_costs_nothing_has_none() -> None:
    assert ceiling_of(None) is None
    assert ceiling_of(PriceCard("echo/echo4", Decimal(0), Decimal(0), free=True)) is None


def test_dollars_of_a_few_digits_lose_nothing() -> None:
    ceiling = ceiling_of(PriceCard("a/m", Decimal("0.000075"), Decimal("0.0003")))
    assert ceiling is not None
    assert ceiling.nano(1000, 1000) == 375_000
    assert ceiling.nano(1, 0) == 75
    assert ceiling.nano(1, 1) == 375


@given(cards(), tokens, tokens)
def test_never_below_the_worst_case_and_hardly_above(card: PriceCard, prompt: int, completion: int) -> None:
    ceiling = ceiling_of(card)
    assert ceiling is not None
    held = ceiling.nano(prompt, completion)
    exact, _ = worst(card, prompt, completion)
    assert held >= nano_up(exact.amount)
    if card.marginal or card.image is not None or card.request is not None or not prompt:
        return
    assert held - nano_up(exact.amount) <= 1 + (prompt + completion) // 10**6


@given(cards(), st.lists(st.integers(0, 10**6), min_size=8, max_size=8), st.booleans())
def test_no_mixture_of_buckets_costs_more(card: PriceCard, counts: list[int], one_image: bool) -> None:
    usage = TokenUsage(**dict(zip(PROMPT_BUCKETS + COMPLETION_BUCKETS, counts, strict=True)), images=int(one_image))
    ceiling = ceiling_of(card)
    assert ceiling is not None
    cost = price(usage, card)
    assert Fraction(ceiling.nano(usage.prompt_tokens, usage.completion_tokens), 10**9) >= Fraction(cost.amount)
