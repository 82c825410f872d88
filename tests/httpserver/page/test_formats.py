from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tornado_gateway.httpserver.page import formats


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        (None, "\u2013"),
        (0, "0.00"),
        (3, "3.00"),
        (Decimal("1.2"), "1.20"),
        (Decimal("0.00186"), "0.00186"),
        (Decimal("1E-9"), "0.000000001"),
        (Decimal("1234567.891"), "1,234,567.891"),
        (Decimal("-0.05"), "\u22120.05"),
        (Decimal("-1234.5"), "\u22121,234.50"),
    ],
)
def test_money(amount: Decimal | int | None, text: str) -> None:
    assert formats.money(amount) == text


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**9), max_value=10**9, places=12))
def test_money_keeps_every_digit(amount: Decimal) -> None:
    assert Decimal(formats.money(amount).replace(",", "").replace("\u2212", "-")) == amount


def test_points_stand_under_each_other() -> None:
    column = formats.money_column([Decimal("0.00186"), None, 12])
    assert [each.text for each in column] == ["0.00186", "\u2013", "12.00"]
    assert [each.exact for each in column] == ["0.00186", "", "12"]
    assert [len(each.text.partition(".")[2] + each.pad) for each in column] == [5, 5, 5]
    assert formats.money_column([]) == []


@pytest.mark.parametrize(
    ("part", "whole", "text"),
    [
        (0, 0, "\u2013"),
        (0, 7, "0 %"),
        (7, 7, "100 %"),
        (1, 8, "12.5 %"),
        (1, 100_000, "< 0.1 %"),
        (99_999, 100_000, "> 99.9 %"),
    ],
)
def test_percent(part: int, whole: int, text: str) -> None:
    assert formats.percent(part, whole) == text


@pytest.mark.parametrize(
    ("duration", "text"),
    [
        (None, "\u2013"),
        (Decimal("0.000184"), "0.18 ms"),
        (Decimal("0.0421"), "42.1 ms"),
        (Decimal("0.412"), "412 ms"),
        (Decimal("1.239"), "1.24 s"),
        (0, "0.00 ms"),
        (1200, "1,200 s"),
    ],
)
def test_seconds(duration: Decimal | None, text: str) -> None:
    assert formats.seconds(duration) == text


def test_counts_and_moments() -> None:
    assert (formats.count(1234567), formats.count(None)) == ("1,234,567", "\u2013")
    assert formats.moment("2026-11-24T23:42:25.123Z") == "2026-11-24 23:42:25"
    assert formats.moment("2026-11-25T01:42:25+02:00") == "2026-11-24 23:42:25"
    assert formats.moment("2026-11-25") == "2026-11-25 00:00:00"
    assert formats.moment(None) == "\u2013"
