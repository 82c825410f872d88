from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from tornado_gateway.domain.nano import nano_down, nano_up, usd

AMOUNTS = st.decimals(min_value=0, max_value=5_000_000, allow_nan=False, allow_infinity=False)


def test_costs_are_rounded_up_and_amounts_down() -> None:
    assert nano_up(Decimal("0.00186")) == 1_860_000
    assert nano_up(Decimal("0.0000000001")) == 1
    assert nano_up(Decimal(0)) == 0
    assert nano_down(Decimal("1.9999999999")) == 1_999_999_999
    assert nano_down(Decimal("0.0000000001")) == 1


def test_back_to_dollars() -> None:
    assert usd(1_860_000) == Decimal("0.00186")
    assert str(usd(25_000_000_000)) == "25"
    assert str(usd(0)) == "0"


@given(AMOUNTS)
def test_no_sum_escapes(amount: Decimal) -> None:
    assert usd(nano_up(amount)) >= amount
    assert nano_up(amount) - nano_down(amount) <= 1
    assert usd(nano_up(amount)) - amount < Decimal("0.000000001")
