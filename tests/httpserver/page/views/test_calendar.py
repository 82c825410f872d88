from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from tornado_gateway.httpserver.page.views.calendar import calendar

DAYS = st.dates(date(1970, 1, 1), date(2100, 1, 1))


def test_days_weeks_and_months() -> None:
    first = date(2026, 11, 25)
    assert calendar(first, first).names == ("2026-11-25",)
    assert len(calendar(first - timedelta(days=99), first).names) == 100
    weeks = calendar(first - timedelta(days=100), first)
    assert (weeks.unit, weeks.names[0], weeks.names[-1], len(weeks.names)) == ("week", "2026-08-17", "2026-11-23", 15)
    months = calendar(date(2001, 1, 31), first)
    assert (months.unit, months.names[:3], months.names[-1]) == ("month", ("2001-01", "2001-02", "2001-03"), "2026-11")


def test_what_is_known_beyond_has_its_place() -> None:
    assert calendar(date(2026, 1, 2), date(2026, 1, 2), [date(2026, 1, 3)]).names == ("2026-01-02", "2026-01-03")


@given(DAYS, st.integers(0, 3000), st.integers(0, 3000))
def test_every_day_has_a_row_and_rows_are_in_order(first: date, length: int, met: int) -> None:
    made = calendar(first, first + timedelta(days=length))
    assert made.name(first + timedelta(days=min(met, length))) in made.names
    assert list(made.names) == sorted(set(made.names))
