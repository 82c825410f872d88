"""What a page is asked to show: which groups, of which period, by which measure; and the addresses of the others."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from urllib.parse import urlencode

BY = ("model", "key", "route", "provider", "status")

MEASURES = {"cost": "Spend", "requests": "Requests", "tokens": "Tokens"}

AGES = {"7d": "7 days", "30d": "30 days", "90d": "90 days", "365d": "A year"}

FILTERS = ("model", "key", "route", "provider", "status", "tag")
"""Parameters that the API takes too."""

_USUAL = "30d"


@dataclass(frozen=True, slots=True)
class Chosen:
    """``age`` is empty where ``first`` and ``last`` say the period: days, the last one included."""

    by: str
    tag: str
    measure: str
    age: str
    first: str
    last: str
    filters: Mapping[str, Sequence[str]]

    @property
    def grouped(self) -> str:
        """As the API names it."""
        return f"tag:{self.tag}" if self.by == "tag" and self.tag else "model" if self.by == "tag" else self.by

    def parameters(self) -> dict[str, list[str]]:
        """For the API. What can't be a day goes there as it is: it has a word for that."""
        asked = {"by": [self.grouped], **{name: list(values) for name, values in self.filters.items()}}
        if self.age:
            asked["since"] = [self.age]
        if self.first:
            asked["since"] = [self.first]
        if self.last:
            asked["until"] = [_day_after(self.last)]
        return asked

    def address(self, **changes: str) -> str:
        """The page's, with what is given changed."""
        now = {"by": self.by, "tag_name": self.tag, "measure": self.measure, "since": self.age}
        now |= {"from": self.first, "to": self.last}
        pairs = [(name, value) for name, value in {**now, **changes}.items() if value]
        pairs += [(name, value) for name, values in self.filters.items() for value in values if name not in changes]
        return "/admin/spend?" + urlencode(pairs)


def chosen(given: Mapping[str, Sequence[str]]) -> Chosen:
    """What the address's parameters say; nonsense is what is usual."""
    one = {name: values[0] for name, values in given.items() if values}
    first, last, age = one.get("from", ""), one.get("to", ""), one.get("since", "")
    if age in AGES or not (first or last):
        first, last, age = "", "", age if age in AGES else _USUAL
    else:
        age = ""
    by, measure = one.get("by", "model"), one.get("measure", "cost")
    return Chosen(
        by=by if by in (*BY, "tag") else "model",
        tag=one.get("tag_name", ""),
        measure=measure if measure in MEASURES else "cost",
        age=age,
        first=first,
        last=last,
        filters={name: given[name] for name in FILTERS if name in given},
    )


def _day_after(text: str) -> str:
    try:
        return (date.fromisoformat(text) + timedelta(days=1)).isoformat()
    except (ValueError, OverflowError):
        return text
