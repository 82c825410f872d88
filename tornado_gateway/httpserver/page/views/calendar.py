"""Days, or where those would be too many weeks or months: what stands in a row of its own."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

_DAYS = 100
"""Up to so many days each has a row; up to so many weeks each week has."""

_WEEKS = 160


@dataclass(frozen=True, slots=True)
class Calendar:
    """``unit`` is ``day``, ``week`` (from Monday) or ``month``."""

    unit: str
    names: tuple[str, ...]
    """Each with or without a call, in their order: ``2026-11-25``, a week by its Monday, ``2026-11``."""

    def name(self, day: date) -> str:
        return _name(self.unit, day)


def calendar(first: date, last: date, known: Iterable[date] = ()) -> Calendar:
    """From ``first`` to ``last``, both included, and what is ``known`` beyond them."""
    first, last = min([first, *known]), max([last, *known])
    days = (last - first).days + 1
    unit = "day" if days <= _DAYS else "week" if days <= _WEEKS * 7 else "month"
    stride = 1 if unit == "day" else 7 if unit == "week" else 28
    met = (first + timedelta(days=index) for index in range(0, days, stride))
    return Calendar(unit, tuple(dict.fromkeys(_name(unit, day) for day in (*met, last))))


def _name(unit: str, day: date) -> str:
    if unit == "month":
        return day.isoformat()[:7]
    return (day - timedelta(days=day.weekday()) if unit == "week" else day).isoformat()
