"""The periods of budgets, by the calendar of a time zone: when one began and when the next will."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from zoneinfo import ZoneInfo

from tornado_gateway.domain.ports import Clock


@dataclass(frozen=True)
class Term:
    """One period of a budget, in UTC: ``start`` belongs to it and ``end`` does not. None: it has no such bound."""

    period: str
    """One of ``quotas.PERIODS``."""
    start: datetime | None = None
    end: datetime | None = None

    @cached_property
    def name(self) -> str:
        """Tells it from every other, whatever calendar it is of."""
        return self.period if self.start is None else f"{self.period} {self.start:%Y-%m-%dT%H:%MZ}"


class Calendar:
    """The term that is running, looked up until it ends."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._running: dict[tuple[str, str], Term] = {}

    def term(self, period: str, time_zone: str) -> Term:
        """Raises ``zoneinfo.ZoneInfoNotFoundError`` for a time zone that is none."""
        known = self._running.get((period, time_zone))
        if known is not None and (known.end is None or self._clock.now() < known.end):
            return known
        made = self._running[period, time_zone] = term_at(self._clock.now(), period, time_zone)
        return made


def term_at(moment: datetime, period: str, time_zone: str) -> Term:
    """The term that ``moment`` is in."""
    zone = ZoneInfo(time_zone)
    today = moment.astimezone(zone).date()
    match period:
        case "day":
            first, last = today, today + timedelta(days=1)
        case "week":
            first = today - timedelta(days=today.weekday())
            last = first + timedelta(days=7)
        case "month":
            first = today.replace(day=1)
            last = (first + timedelta(days=31)).replace(day=1)
        case _:
            return Term(period)
    return Term(period, _midnight(first, zone), _midnight(last, zone))


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone).astimezone(UTC)
