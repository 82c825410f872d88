"""Spend as a page shows it: a row for each group, and the days of the largest of them side by side."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from tornado_gateway.domain.money import EXACT
from tornado_gateway.httpserver.page.formats import Amount, count, money_column

SERIES = 8
"""Groups with a colour and a column of their own; all others are one."""

MOST_DAYS = 400
"""That are filled up where nothing was spent."""

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
    """``names`` are those of the columns; ``rest`` says whether the last is of all others."""

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
    columns = [{day["day"]: _measured(day, measure) for day in group["days"]} for group in groups]
    totals = {day["day"]: _measured(day, measure) for day in document["days"]}
    names = _all_days(document, totals, now)
    if rest:
        columns.append({day: EXACT.subtract(totals[day], _sum(each.get(day) for each in columns)) for day in totals})
    shown = [_cells([column.get(day, Decimal(0)) for day in names], measure) for column in columns]
    whole = _cells([totals.get(day, Decimal(0)) for day in names], measure)
    return Days(
        names=(*(name_of(group["group"].get(by)) for group in groups), *(["All others"] if rest else [])),
        rest=rest,
        rows=tuple(Day(day, tuple(column[index] for column in shown), whole[index]) for index, day in enumerate(names)),
    )


def _measured(figures: Mapping[str, Any], measure: str) -> Decimal:
    if measure == "tokens":
        return Decimal(figures["prompt_tokens"] + figures["completion_tokens"])
    return Decimal(figures[measure])


def _sum(values: Any) -> Decimal:
    total = Decimal(0)
    for value in values:
        if value is not None:
            total = EXACT.add(total, value)
    return total


def _cells(values: Sequence[Decimal], measure: str) -> list[Cell]:
    if measure == "cost":
        return [Cell(amount.text, amount.exact, amount.pad) for amount in money_column(values)]
    return [Cell(count(int(value)), str(int(value)), "") for value in values]


def _all_days(document: Mapping[str, Any], known: Mapping[str, Any], now: datetime) -> list[str]:
    """From the period's first day to its last, those without a call too."""
    if not known:
        return []
    first = _date(document["since"])
    last = _date(document["until"], less=timedelta(microseconds=1)) if document["until"] else now.astimezone(UTC).date()
    first, last = max(first, last - timedelta(days=MOST_DAYS - 1)), max(last, date.fromisoformat(max(known)))
    filled = {(first + timedelta(days=index)).isoformat() for index in range((last - first).days + 1)}
    return sorted(filled | set(known))


def _date(text: str, less: timedelta = timedelta()) -> date:
    return (datetime.fromisoformat(text).astimezone(UTC) - less).date()
