"""OffPeak: the hours of the day in which a provider asks for less, as its own clock shows them."""

from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import msgspec


class OffPeak(msgspec.Struct, frozen=True):
    """``start`` and ``end`` (not included) are minutes of the day in ``time_zone``; an earlier end is tomorrow's."""

    factor: Decimal
    start: int
    end: int
    time_zone: str = "UTC"
    more: tuple[tuple[int, int], ...] = ()
    """Further hours of the same day, each its start and end."""

    def covers(self, at: datetime) -> bool:
        """Whether ``at``, in any zone, lies within the hours."""
        local = at.astimezone(ZoneInfo(self.time_zone))
        minute = local.hour * 60 + local.minute
        return any(
            start <= minute < end if start <= end else minute >= start or minute < end
            for start, end in ((self.start, self.end), *self.more)
        )

    @property
    def hours(self) -> str:
        """``16:30-00:30``, or several such with commas between them."""
        return ", ".join(f"{_clock(start)}-{_clock(end)}" for start, end in ((self.start, self.end), *self.more))


def _clock(minute: int) -> str:
    return f"{minute // 60:02d}:{minute % 60:02d}"
