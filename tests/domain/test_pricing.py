from decimal import Decimal
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from tornado_gateway.domain.money import PriceCard
from tornado_gateway.domain.pricing import price
from tornado_gateway.domain.usage import TokenUsage

GPT4 = PriceCard("openai/gpt-4", Decimal("0.03"), Decimal("0.06"))

rates = st.decimals(0, 10**6, allow_nan=False, allow_infinity=False, places=24)
counts = st.integers(0, 10**9)
usages = st.builds(TokenUsage, counts, counts, *[st.none() | counts] * 6)
cards = st.builds(PriceCard, st.just("p/m"), rates, rates, *[st.none() | rates] * 6)


def test_the_contracts_example() -> None:
    cost = price(TokenUsage(12, 25), GPT4)
    assert cost.digits == "0.00186"
    assert [(line.bucket, line.tokens, str(line.rate)) for line in cost.lines] == [
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
