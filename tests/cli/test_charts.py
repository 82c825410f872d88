from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tornado_gateway.cli.charts import bar, columns, days, merged


@pytest.mark.parametrize(
    ("value", "drawn", "plain"),
    [
        ("8", "████", "####"),
        ("4", "██", "##"),
        ("5", "██▌", "##"),
        ("0.0001", "▏", "#"),
        ("0", "", ""),
        ("-1", "", ""),
    ],
)
def test_bars(value: str, drawn: str, plain: str) -> None:
    assert bar(Decimal(value), Decimal(8), 4) == drawn
    assert bar(Decimal(value), Decimal(8), 4, ascii_only=True) == plain


def test_a_bar_of_nothing() -> None:
    assert bar(Decimal(0), Decimal(0), 4) == ""


def test_columns_over_days() -> None:
    values = [Decimal(value) for value in ("32", "16", "9", "0.001", "0", "20")]
    assert columns(values) == [
        "█     ",
        "█    ▄",
        "██▁  █",
        "███▁ █",
    ]
    assert columns(values, ascii_only=True) == [
        "#     ",
        "#     ",
        "##   #",
        "#### #",
    ]
    assert columns([Decimal(0)]) == columns([]) == []


def test_days_without_a_call_are_there() -> None:
    assert days(date(2026, 2, 27), date(2026, 3, 1)) == [date(2026, 2, 27), date(2026, 2, 28), date(2026, 3, 1)]
    assert days(date(2026, 3, 1), date(2026, 3, 1)) == [date(2026, 3, 1)]


@given(st.lists(st.decimals(0, 10, places=3), max_size=400), st.integers(1, 80))
def test_many_days_are_summed_and_lose_nothing(values: list[Decimal], width: int) -> None:
    found, at_once = merged(values, width)
    assert len(found) <= width
    assert sum(found) == sum(values)
    assert at_once == 1 or len(values) > width
