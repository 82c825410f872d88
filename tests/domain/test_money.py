from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tornado_gateway.domain.money import Cost, PriceCard, decimal_digits


@pytest.mark.parametrize(
    ("value", "digits"),
    [("0.00186", "0.00186"), ("1.860E-3", "0.00186"), ("0", "0"), ("0E-9", "0"), ("100", "100"), ("1E+3", "1000")],
)
def test_digits_are_written_out(value: str, digits: str) -> None:
    assert decimal_digits(Decimal(value)) == digits
    assert Cost(Decimal(value)).digits == digits


@given(st.decimals(0, 10**12, allow_nan=False, allow_infinity=False, places=20))
def test_digits_are_the_value_and_have_no_exponent(value: Decimal) -> None:
    digits = decimal_digits(value)
    assert Decimal(digits) == value
    assert "E" not in digits.upper()
    assert digits == "0" or not (digits.endswith(".") or ("." in digits and digits.endswith("0")))


def test_a_bucket_without_a_rate_costs_what_its_parent_costs() -> None:
    card = PriceCard("p/m", Decimal(1), Decimal(2))
    rates = {bucket: card.rate(bucket) for bucket in ("cached_input", "cache_write", "cache_write_1h", "audio_input")}
    assert set(rates.values()) == {Decimal(1)}
    assert card.rate("reasoning") == card.rate("audio_output") == Decimal(2)
    written = PriceCard("p/m", Decimal(1), Decimal(2), cache_write=Decimal(3), reasoning=Decimal(0))
    assert (written.rate("cache_write"), written.rate("cache_write_1h")) == (3, 3)
    assert written.rate("reasoning") == 0
