"""The ledger in memory: for tests, and what the others are measured against."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from decimal import Decimal

from tornado_gateway.domain.ledger import LedgerQuery, LedgerRow, LedgerTotal
from tornado_gateway.domain.money import EXACT
from tornado_gateway.domain.usage import TokenUsage
from tornado_gateway.storage.ledger_query import group_names, sort_key
from tornado_gateway.storage.pages import pages

_FIELDS = ("request_id", "kind", "key", "route", "provider", "model", "status")
_PAGE = 1000
_PRUNED = 2000
_NOTHING = TokenUsage()
_ZERO = Decimal(0)


class MemoryLedger:
    """A ``domain.ledger.Ledger``."""

    def __init__(self) -> None:
        self._rows: dict[str, LedgerRow] = {}

    def append(self, rows: Sequence[LedgerRow]) -> None:
        self._rows = {row.id: row for row in reversed(rows)} | self._rows

    def rows(self, query: LedgerQuery) -> Iterator[LedgerRow]:
        return pages(query, self._page, size=_PAGE)

    def totals(self, query: LedgerQuery, by: Sequence[str]) -> list[LedgerTotal]:
        groups: dict[tuple[str | None, ...], list[LedgerRow]] = {}
        names = group_names(by)
        for row in self._matching(query):
            groups.setdefault(tuple(_value(row, name) for name in names), []).append(row)
        return sorted((_total(group, rows) for group, rows in groups.items()), key=sort_key)

    def count(self, query: LedgerQuery) -> int:
        return len(self._matching(query))

    def prune(self, before: datetime) -> int:
        old = [row for row in sorted(self._rows.values(), key=_place) if row.finished_at < before][:_PRUNED]
        gone = {row.id for row in old}
        # Never changed in place: a test may look while another thread writes.
        self._rows = {identity: row for identity, row in self._rows.items() if identity not in gone}
        return len(old)

    def close(self) -> None:
        pass

    def _page(self, query: LedgerQuery, after: tuple[datetime, str] | None, size: int) -> list[LedgerRow]:
        rows = sorted(self._matching(query), key=_place, reverse=query.newest_first)
        if after is not None and query.newest_first:
            rows = [row for row in rows if _place(row) < after]
        elif after is not None:
            rows = [row for row in rows if _place(row) > after]
        return rows[:size]

    def _matching(self, query: LedgerQuery) -> list[LedgerRow]:
        return [row for row in self._rows.values() if _matches(row, query)]


def _place(row: LedgerRow) -> tuple[datetime, str]:
    return row.finished_at, row.id


def _matches(row: LedgerRow, query: LedgerQuery) -> bool:
    return (
        (query.since is None or row.finished_at >= query.since)
        and (query.until is None or row.finished_at < query.until)
        and all(getattr(query, name) in (None, getattr(row, name)) for name in _FIELDS)
        and query.tags.items() <= row.tags.items()
    )


def _value(row: LedgerRow, name: str) -> str | None:
    kind, _, tag = name.partition(":")
    if kind == "tag":
        return row.tags.get(tag)
    if name == "day":
        return f"{row.finished_at.astimezone(UTC):%Y-%m-%d}"
    value = getattr(row, name)
    return None if value is None else str(value)


def _total(group: tuple[str | None, ...], rows: Sequence[LedgerRow]) -> LedgerTotal:
    requests = [row for row in rows if row.kind == "request"]
    cost, saved = _ZERO, _ZERO
    for row in rows:
        cost = EXACT.add(cost, row.cost or _ZERO)
        saved = EXACT.add(saved, row.saved or _ZERO)
    return LedgerTotal(
        group=group,
        requests=len(requests),
        failed=sum(row.status >= 400 for row in requests),
        prompt_tokens=sum((row.usage or _NOTHING).prompt_tokens for row in rows),
        completion_tokens=sum((row.usage or _NOTHING).completion_tokens for row in rows),
        cost=cost,
        saved=saved,
        unpriced=sum(row.cost is None and row.usage is not None for row in rows),
    )
