"""The parts of a day between which a model of the public list may change its prices. Pure."""

from datetime import UTC, date, datetime, time
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from genai_prices.types import ModelInfo

_DAY = 24 * 60


class Span(NamedTuple):
    """``begin`` and ``end`` (not included) are minutes of the day in UTC; ``at`` is its first moment."""

    begin: int
    end: int
    at: datetime


def spans(model: "ModelInfo", day: date) -> list[Span]:
    """One for the whole day with most models."""
    conditional = model.prices if isinstance(model.prices, list) else []
    edges: set[int] = set()
    for each in (*conditional, *(model.price_variants or ())):
        for name in ("start_time", "end_time"):
            at = getattr(each.constraint, name, None)
            if at is not None:
                edges.add(_minute(day, at))
    begins = sorted(edges) or [0]
    ends = [*begins[1:], begins[0] if edges else _DAY]
    return [
        Span(begin, end, datetime.combine(day, time(begin // 60, begin % 60), UTC))
        for begin, end in zip(begins, ends, strict=True)
    ]


def clock(minute: int) -> str:
    """``16:30``"""
    return f"{minute // 60:02d}:{minute % 60:02d}"


def _minute(day: date, at: time) -> int:
    moment = datetime.combine(day, at)
    utc = moment if moment.tzinfo is None else moment.astimezone(UTC)
    return utc.hour * 60 + utc.minute
