from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tornado_gateway.cli.charts import bar, columns, days, merged, over_days


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


def test_spend_over_days() -> None:
    spent = {date(2026, 1, 1): Decimal(32), date(2026, 1, 3): Decimal("16.00001")}
    assert list(over_days(spent, date(2026, 1, 1), date(2026, 1, 3), width=80)) == [
        "USD for each day, the most 32.00 from 2026-01-01",
        "█",
        "█",
        "█ █",
        "█ █",
        "2026-01-01 to 2026-01-03",
    ]
    month = list(over_days(spent, date(2026, 1, 1), date(2026, 1, 31), width=80))
    assert month[-1] == "2026-01-01           2026-01-31"
    narrow = list(over_days(spent, date(2025, 12, 31), date(2026, 1, 3), width=2, ascii_only=True))
    assert narrow == [
        "USD for 2 days at a time, the most 32.00 from 2025-12-31",
        "#",
        "#",
        "##",
        "##",
        "2025-12-31 to 2026-01-03",
    ]


def test_no_chart_of_a_single_day_or_of_nothing() -> None:
    day = date(2026, 1, 1)
    assert list(over_days({day: Decimal(1)}, day, day, width=80)) == []
    assert list(over_days({}, day, date(2026, 1, 9), width=80)) == []
