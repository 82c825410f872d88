from datetime import UTC, datetime
from decimal import Decimal

import pytest

from tornado_gateway.domain.peaks import OffPeak

HALF = Decimal("0.5")


@pytest.mark.parametrize(
    ("time", "covered"), [("16:29", False), ("16:30", True), ("23:59", True), ("00:29", True), ("00:30", False)]
)
def test_hours_may_go_over_midnight(time: str, covered: bool) -> None:
    peak = OffPeak(HALF, 16 * 60 + 30, 30)
    assert peak.covers(datetime.fromisoformat(f"2026-03-01T{time}:00+00:00")) is covered
    assert peak.hours == "16:30-00:30"


def test_hours_of_one_day() -> None:
    peak = OffPeak(HALF, 60, 120)
    assert [peak.covers(datetime(2026, 3, 1, hour, tzinfo=UTC)) for hour in (0, 1, 2)] == [False, True, False]


def test_the_zones_own_clock_counts_summer_time_too() -> None:
    peak = OffPeak(HALF, 0, 60, "Europe/Berlin")
    assert peak.covers(datetime(2026, 1, 10, 23, 30, tzinfo=UTC))
    assert peak.covers(datetime(2026, 7, 10, 22, 30, tzinfo=UTC))
    assert not peak.covers(datetime(2026, 7, 10, 23, 30, tzinfo=UTC))


def test_a_day_may_have_several_such_hours() -> None:
    peak = OffPeak(HALF, 4 * 60, 6 * 60, more=((10 * 60, 60),))
    hours = (0, 1, 3, 4, 5, 6, 9, 10, 23)
    covered = [hour for hour in hours if peak.covers(datetime(2026, 3, 1, hour, tzinfo=UTC))]
    assert covered == [0, 4, 5, 10, 23]
    assert peak.hours == "04:00-06:00, 10:00-01:00"
