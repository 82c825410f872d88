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

    def covers(self, at: datetime) -> bool:
        """Whether ``at``, in any zone, lies within the hours."""
        local = at.astimezone(ZoneInfo(self.time_zone))
        minute = local.hour * 60 + local.minute
        if self.start <= self.end:
            return self.start <= minute < self.end
        return minute >= self.start or minute < self.end

    @property
    def hours(self) -> str:
        """``16:30-00:30``"""
        return "-".join(f"{minute // 60:02d}:{minute % 60:02d}" for minute in (self.start, self.end))
