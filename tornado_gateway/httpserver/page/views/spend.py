"""Spend as a page shows it: a row for each group, and the days of the largest of them side by side."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from tornado_gateway.domain.money import EXACT
from tornado_gateway.httpserver.page.formats import Amount, count, money_column
from tornado_gateway.httpserver.page.views.calendar import Calendar, calendar

SERIES = 8
"""Groups with a colour and a column of their own; all others are one."""

TAG = "tag:"

_NOBODY = "(none)"


@dataclass(frozen=True, slots=True)
class Row:
    """``series`` is the number of its colour, 0 where it has none. ``share`` is of all cost, in thousandths."""

    name: str
    series: int
    address: str | None
    requests: int
    failed: int
    prompt_tokens: int
    completion_tokens: int
    cost: Amount
    share: int


@dataclass(frozen=True, slots=True)
class Cell:
    """``exact`` is what a chart is drawn by."""

    text: str
    exact: str
    pad: str


@dataclass(frozen=True, slots=True)
class Day:
    day: str
    cells: tuple[Cell, ...]
    total: Cell


@dataclass(frozen=True, slots=True)
class Days:
    """``names`` are those of the columns; ``rest`` says whether the last is of all others. ``unit`` is what a row is:
    a day, or a week or month where days would be too many."""

    unit: str
    names: tuple[str, ...]
    rest: bool
    rows: tuple[Day, ...]


@dataclass(frozen=True, slots=True)
class SpendView:
    by: str
    heading: str
    since: str
    until: str | None
    rows: tuple[Row, ...]
    total: Row
    saved: Decimal | int
    unpriced: int
    days: Days


def spend_view(document: Mapping[str, Any], measure: str, now: datetime) -> SpendView:
    """``measure`` is ``cost``, ``requests`` or ``tokens``, and what ``days`` are of."""
    (by,) = document["by"] or ["day"]
    groups = document["groups"]
    others = document["others"]
    total = document["total"]
    everything = [*groups, *([others] if others else []), total]
    costs = money_column(each["cost"] for each in everything)
    rows = [
        _row(
            name_of(each["group"].get(by)),
            each,
            amount,
            total["cost"],
            series=place if place <= SERIES else 0,
            address=requests_of(by, each["group"].get(by), document),
        )
        for place, (each, amount) in enumerate(zip(groups, costs, strict=False), start=1)
    ]
    if others:
        rows.append(_row(f"{count(others['groups'])} more", others, costs[-2], total["cost"]))
    return SpendView(
        by=by,
        heading=by.removeprefix(TAG) if by.startswith(TAG) else by.capitalize(),
        since=document["since"],
        until=document["until"],
        rows=tuple(rows),
        total=_row("Total", total, costs[-1], total["cost"]),
        saved=total["saved"],
        unpriced=total["unpriced"],
        days=_days(document, by, measure, now),
    )


def name_of(value: str | None) -> str:
    return _NOBODY if value is None else value or '""'


def requests_of(by: str, value: str | None, period: Mapping[str, Any]) -> str | None:
    """Where the calls of a group are listed; None where they can't be told apart there."""
    if value is None:
        return None
    wanted: dict[str, str] = {}
    if by == "model":
        wanted["provider"], _, wanted["model"] = value.partition("/")
    elif by.startswith(TAG):
        wanted["tag"] = f"{by.removeprefix(TAG)}={value}"
    else:
        wanted[by] = value
    times = {name: period[name] for name in ("since", "until") if period[name]}
    return "/admin/requests?" + urlencode({**wanted, **times})


def _row(
    name: str,
    figures: Mapping[str, Any],
    cost: Amount,
    whole: Decimal | int,
    series: int = 0,
    address: str | None = None,
) -> Row:
    return Row(
        name=name,
        series=series,
        address=address,
        requests=figures["requests"],
        failed=figures["failed"],
        prompt_tokens=figures["prompt_tokens"],
        completion_tokens=figures["completion_tokens"],
        cost=cost,
        share=round(figures["cost"] * 1000 / whole) if whole else 0,
    )


def _days(document: Mapping[str, Any], by: str, measure: str, now: datetime) -> Days:
    groups = document["groups"][:SERIES]
    rest = len(document["groups"]) > SERIES or document["others"] is not None
    known = [date.fromisoformat(day["day"]) for day in document["days"]]
    if not known:
        return Days("day", (), rest=False, rows=())
    rows = calendar(*_bounds(document, now), known)
    columns = [_summed(group["days"], rows, measure) for group in groups]
    totals = _summed(document["days"], rows, measure)
    if rest:
        columns.append([EXACT.subtract(total, _sum(cells)) for total, *cells in zip(totals, *columns, strict=True)])
    shown = [_cells(column, measure) for column in columns]
    whole = _cells(totals, measure)
    return Days(
        unit=rows.unit,
        names=(*(name_of(group["group"].get(by)) for group in groups), *(["All others"] if rest else [])),
        rest=rest,
        rows=tuple(
            Day(name, tuple(column[index] for column in shown), whole[index]) for index, name in enumerate(rows.names)
        ),
    )


def _summed(days: Sequence[Mapping[str, Any]], rows: Calendar, measure: str) -> list[Decimal]:
    """A sum for each row."""
    sums = dict.fromkeys(rows.names, Decimal(0))
    for day in days:
        name = rows.name(date.fromisoformat(day["day"]))
        sums[name] = EXACT.add(sums[name], _measured(day, measure))
    return list(sums.values())


def _measured(figures: Mapping[str, Any], measure: str) -> Decimal:
    if measure == "tokens":
        return Decimal(figures["prompt_tokens"] + figures["completion_tokens"])
    return Decimal(figures[measure])


def _sum(values: Iterable[Decimal]) -> Decimal:
    total = Decimal(0)
    for value in values:
        total = EXACT.add(total, value)
    return total


def _cells(values: Sequence[Decimal], measure: str) -> list[Cell]:
    if measure == "cost":
        return [Cell(amount.text, amount.exact, amount.pad) for amount in money_column(values)]
    return [Cell(count(int(value)), str(int(value)), "") for value in values]


def _bounds(document: Mapping[str, Any], now: datetime) -> tuple[date, date]:
    """The period's first day and its last, by UTC."""
    first = datetime.fromisoformat(document["since"]).astimezone(UTC)
    until = document["until"]
    last = datetime.fromisoformat(until).astimezone(UTC) - timedelta(microseconds=1) if until else now.astimezone(UTC)
    return min(first, last).date(), last.date()
