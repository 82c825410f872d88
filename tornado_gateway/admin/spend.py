"""What was asked for and spent: by whatever the ledger's rows tell apart, day by day, and at one look."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from msgspec.structs import replace

from tornado_gateway.admin.documents import told
from tornado_gateway.admin.health import HealthBook
from tornado_gateway.admin.parameters import Parameters
from tornado_gateway.admin.reading import LedgerReader, Patience
from tornado_gateway.admin.requests import FILTERS, query_of
from tornado_gateway.domain.admin_errors import LedgerAway, LedgerSlow
from tornado_gateway.domain.administration import Asked, Told
from tornado_gateway.domain.errors import InvalidRequest
from tornado_gateway.domain.groupings import Group, grouping
from tornado_gateway.domain.ledger import Ledger, LedgerQuery, LedgerTotal
from tornado_gateway.domain.ports import Clock
from tornado_gateway.domain.repricing import ZERO
from tornado_gateway.reports.groups import document, joined, ledger_names
from tornado_gateway.reports.spending import figures, summed

_DAYS = 30
_NAMES = 3
_TOP = 20
_MOST = 200
_FRESH = 2.0
"""Seconds for which a look at the ledger is good, and at least ten times what it took."""


class Spend:
    def __init__(self, *, reader: LedgerReader[Ledger], health: HealthBook, clock: Clock, worker: int | None) -> None:
        self._reader = reader
        self._health = health
        self._clock = clock
        self._worker = worker
        self._known: tuple[float, datetime, dict[str, Any]] | None = None

    async def series(self, asked: Asked) -> Told:
        """Groups by what they cost, the first ``top`` of them and all others as one; each with its days, in UTC."""
        parameters = Parameters(asked, (*FILTERS, "by", "top"), self._clock.now())
        by = _names(parameters.texts("by"))
        top = parameters.number("top", usual=_TOP, most=_MOST)
        query = query_of(parameters)
        if query.since is None:
            query = replace(query, since=self._clock.now() - timedelta(days=_DAYS))
        asked_for = [*ledger_names([name for name in by if name != "day"]), "day"]

        def sums(ledger: Ledger, check: Patience) -> list[LedgerTotal]:
            return ledger.totals(query, asked_for)

        cells = await self._reader.ask(sums)
        return told(
            {
                "since": query.since,
                "until": query.until,
                "currency": "USD",
                "by": by,
                **_series([name for name in by if name != "day"], cells, top),
            }
        )

    async def overview(self, asked: Asked) -> Told:
        """What the ledger has of today and this month, by UTC, and how fast this process was lately."""
        Parameters(asked, (), self._clock.now())
        money = await self._money()
        return told({**money, "worker": self._worker, "lately": self._health.overall()})

    async def _money(self) -> dict[str, Any]:
        now, began = self._clock.now(), self._clock.monotonic()
        today = now.replace(hour=0, minute=0, second=0, microsecond=0)
        known = self._known
        if known is not None and began < known[0] and known[1] == today:
            return known[2]

        def sums(ledger: Ledger, check: Patience) -> dict[str, Any]:
            days = ledger.totals(LedgerQuery(since=today.replace(day=1)), ["day"])
            of_today = [day for day in days if day.group == (today.date().isoformat(),)]
            return {"today": _total(of_today), "month": _total(days), "no_ledger": None}

        try:
            made = await self._reader.ask(sums)
        except (LedgerAway, LedgerSlow) as error:
            return {"today": None, "month": None, "no_ledger": error.message}
        took = self._clock.monotonic() - began
        self._known = began + took + max(_FRESH, 10 * took), today, made
        return made


def _names(said: Sequence[str]) -> list[str]:
    by = list(dict.fromkeys(said or ["model"]))
    if len(by) > _NAMES:
        raise InvalidRequest(f"by takes {_NAMES} names at most.", param="by")
    for name in by:
        try:
            grouping(name)
        except ValueError as error:
            raise InvalidRequest(f"by: {error}.", param="by") from error
    return by


def _series(by: Sequence[str], cells: Sequence[LedgerTotal], top: int) -> dict[str, Any]:
    groups: dict[Group, list[LedgerTotal]] = {}
    for cell in cells:
        groups.setdefault(joined(by, cell.group[:-1]), []).append(cell)
    ordered = sorted(groups.items(), key=lambda item: _rank(*item))
    rest = [cell for _, some in ordered[top:] for cell in some]
    return {
        "groups": [
            {"group": document(by, group), **figures(summed(some)), "days": _days(some)}
            for group, some in ordered[:top]
        ],
        "others": {"groups": len(ordered) - top, **figures(summed(rest)), "days": _days(rest)} if rest else None,
        "days": _days(cells),
        "total": _total(cells),
    }


def _rank(group: Group, some: Sequence[LedgerTotal]) -> tuple[Any, ...]:
    one = summed(some)
    return -one.cost, -one.requests, tuple(value or "" for value in group)


def _days(cells: Sequence[LedgerTotal]) -> list[dict[str, Any]]:
    days: dict[str, list[LedgerTotal]] = {}
    for cell in cells:
        days.setdefault(str(cell.group[-1]), []).append(cell)
    return [{"day": day, **figures(summed(some))} for day, some in sorted(days.items())]


def _total(cells: Sequence[LedgerTotal]) -> dict[str, Any]:
    return figures(summed(cells) if cells else _NOTHING)


_NOTHING = LedgerTotal(
    group=(), requests=0, failed=0, prompt_tokens=0, completion_tokens=0, cost=ZERO, saved=ZERO, unpriced=0
)
