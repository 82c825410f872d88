from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tornado_gateway.cli.litellm.cards import Card, card_of
from tornado_gateway.domain.money import decimal_digits

from .conftest import Opened

Open = Callable[[str], Opened]


def card(text: str) -> Card | None:
    return card_of(Opened(text).part)


def test_a_price_for_a_token_is_a_thousandth_of_ours() -> None:
    found = card("input_cost_per_token: 0.00003\noutput_cost_per_token: 6e-05\ncache_read_input_token_cost: 1.5e-6\n")
    assert found is not None
    assert {name: decimal_digits(price) for name, price in found.items()} == {
        "input": "0.03",
        "output": "0.06",
        "cached_input": "0.0015",
    }


@given(st.decimals(0, 1, places=15))
def test_no_digit_is_lost(price: Decimal) -> None:
    found = card(f"input_cost_per_token: {price:f}\noutput_cost_per_token: 1\n")
    assert found is not None
    assert Fraction(found["input"]) == Fraction(f"{price:f}") * 1000


def test_prices_above_a_bound_are_tiers() -> None:
    found = card(
        "input_cost_per_token: 0.000003\ninput_cost_per_token_above_200k_tokens: 0.000006\n"
        "input_cost_per_token_above_128k_tokens: 0.000004\noutput_cost_per_token_above_200k_tokens: 0.00002\n"
    )
    assert found == {
        "input": Decimal("0.003"),
        "output": 0,
        "tiers": [
            {"above": 128000, "input": Decimal("0.004")},
            {"above": 200000, "input": Decimal("0.006"), "output": Decimal("0.02")},
        ],
    }


def test_zeros_that_somebody_wrote_down_are_free_and_nothing_is_not() -> None:
    assert card("input_cost_per_token: 0\noutput_cost_per_token: 0.0\n") == {"free": True}
    assert card("mode: chat\n") is None


def test_what_a_deployment_says_goes_before_its_model_info(opened: Open) -> None:
    file = opened(
        "a: {input_cost_per_token: 0.000001}\nb: {input_cost_per_token: 1, output_cost_per_token: 0.000002}\n"
    )
    found = card_of(file.part.part("a"), file.part.part("b"))
    assert found == {"input": Decimal("0.001"), "output": Decimal("0.002")}


@pytest.mark.parametrize("price", ["-1", "cheap", "true", "[]"])
def test_what_is_no_price_is_told_of_and_none(price: str, opened: Open) -> None:
    file = opened(f"input_cost_per_token: {price}\n")
    assert card_of(file.part) is None
    assert file.said == ["1:1: input_cost_per_token: is no price"]


def test_images_and_calls_are_priced_each() -> None:
    assert card("output_cost_per_image: 0.04\ninput_cost_per_request: 0.001\n") == {
        "input": 0,
        "output": 0,
        "image": Decimal("0.04"),
        "request": Decimal("0.001"),
    }
