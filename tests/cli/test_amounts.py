from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tornado_gateway.cli.amounts import count, exact, known, percent, short, signed

AMOUNTS = st.decimals(min_value=-(10**9), max_value=10**9, places=15, allow_nan=False, allow_infinity=False)


@pytest.mark.parametrize(
    ("amount", "digits", "rounded", "sign"),
    [
        ("0", "0", "0", "0"),
        ("5", "5", "5.00", "+5.00"),
        ("12.5", "12.5", "12.50", "+12.50"),
        ("0.00186", "0.00186", "0.00186", "+0.00186"),
        ("1234567.891", "1,234,567.891", "~1,234,567.89", "~+1,234,567.89"),
        ("0.0001234567", "0.0001234567", "~0.0001235", "~+0.0001235"),
        ("-3.45678", "-3.45678", "~-3.457", "~-3.457"),
        ("-0.5", "-0.5", "-0.50", "-0.50"),
        ("1E+3", "1,000", "1,000.00", "+1,000.00"),
        ("1E-12", "0.000000000001", "0.000000000001", "+0.000000000001"),
    ],
)
def test_amounts(amount: str, digits: str, rounded: str, sign: str) -> None:
    value = Decimal(amount)
    assert (exact(value), short(value), signed(value)) == (digits, rounded, sign)


@given(AMOUNTS)
def test_what_is_rounded_says_so_and_is_near(amount: Decimal) -> None:
    assert Decimal(exact(amount).replace(",", "")) == amount
    text = short(amount)
    shown = Decimal(text.lstrip("~").replace(",", ""))
    assert (shown != amount) == text.startswith("~")
    assert abs(shown - amount) <= max(abs(amount) / 1000, 0)
    assert bool(shown) == bool(amount)


@pytest.mark.parametrize(
    ("old", "new", "text"),
    [("0", "5", ""), ("4", "5", "+25.0 %"), ("3", "2", "-33.3 %"), ("5", "5", "0 %"), ("1E+6", "1000000.1", "~0 %")],
)
def test_percent(old: str, new: str, text: str) -> None:
    assert percent(Decimal(old), Decimal(new)) == text


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0, "0"),
        (999_999, "999,999"),
        (1_000_000, "1.00M"),
        (12_345_678, "~12.35M"),
        (10**13, "10.00T"),
        (5 * 10**9 + 1, "~5.00G"),
    ],
)
def test_counts(number: int, text: str) -> None:
    assert count(number) == text


def test_nothing_is_not_unknown() -> None:
    assert [known(Decimal(cost), unpriced) for cost, unpriced in (("0", 0), ("0", 3), ("1.5", 3))] == [
        "0",
        "unknown",
        "1.50",
    ]
