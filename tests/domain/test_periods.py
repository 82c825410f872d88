from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support import FakeClock
from tornado_gateway.domain.periods import Calendar, Term, term_at
from tornado_gateway.domain.quotas import PERIODS

ZONES = sorted(available_timezones())


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("period", "zone", "start", "end"),
    [
        ("day", "UTC", utc(2024, 1, 31), utc(2024, 2, 1)),
        ("week", "UTC", utc(2024, 1, 29), utc(2024, 2, 5)),
        ("month", "UTC", utc(2024, 1, 1), utc(2024, 2, 1)),
        ("day", "Asia/Tokyo", utc(2024, 1, 31, 15), utc(2024, 2, 1, 15)),
        ("week", "Asia/Tokyo", utc(2024, 1, 28, 15), utc(2024, 2, 4, 15)),
        ("month", "Asia/Tokyo", utc(2024, 1, 31, 15), utc(2024, 2, 29, 15)),
        ("day", "America/New_York", utc(2024, 1, 31, 5), utc(2024, 2, 1, 5)),
    ],
)
def test_the_calendar_of_a_place(period: str, zone: str, start: datetime, end: datetime) -> None:
    assert term_at(utc(2024, 1, 31, 23, 30), period, zone) == Term(period, start, end)


def test_a_day_of_twenty_three_hours_and_one_of_twenty_five() -> None:
    spring = term_at(utc(2024, 3, 31, 12), "day", "Europe/Berlin")
    autumn = term_at(utc(2024, 10, 27, 12), "day", "Europe/Berlin")
    for term, hours in ((spring, 23), (autumn, 25)):
        assert term.start is not None
        assert term.end is not None
        assert term.end - term.start == timedelta(hours=hours)


def test_for_ever() -> None:
    term = term_at(utc(2024, 1, 31), "total", "Europe/Berlin")
    assert term == Term("total")
    assert term.name == "total"


def test_names_tell_terms_apart() -> None:
    names = {
        term_at(moment, period, zone).name
        for moment in (utc(2024, 1, 31), utc(2024, 3, 1))
        for period in ("day", "week", "month")
        for zone in ("UTC", "Asia/Tokyo")
    }
    assert len(names) == 12
    assert term_at(utc(2024, 1, 31), "month", "UTC").name == "month 2024-01-01T00:00Z"


@settings(max_examples=300, deadline=None)
@given(
    st.datetimes(datetime(1990, 1, 1), datetime(2060, 1, 1)),
    st.sampled_from(PERIODS[:3]),
    st.sampled_from(ZONES),
)
def test_every_moment_is_in_its_term_and_terms_follow_each_other(naive: datetime, period: str, zone: str) -> None:
    moment = naive.replace(tzinfo=UTC)
    term = term_at(moment, period, zone)
    assert term.start is not None
    assert term.end is not None
    assert term.start <= moment < term.end
    assert term_at(term.end, period, zone).start == term.end
    assert term_at(term.start, period, zone) == term
    assert term.start.astimezone(ZoneInfo(zone)).time().hour <= 3  # where clocks are put forward at midnight


class Moving(FakeClock):
    moment = utc(2024, 1, 31, 23, 59, 59)

    def now(self) -> datetime:
        return self.moment


def test_a_term_is_looked_up_until_it_ends() -> None:
    clock = Moving()
    calendar = Calendar(clock)
    term = calendar.term("day", "UTC")
    assert calendar.term("day", "UTC") is term
    assert calendar.term("total", "UTC") is calendar.term("total", "UTC")
    clock.moment = utc(2024, 2, 1)
    assert calendar.term("day", "UTC") == Term("day", utc(2024, 2, 1), utc(2024, 2, 2))
