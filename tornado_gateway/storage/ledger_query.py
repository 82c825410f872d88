"""A ``LedgerQuery`` as SQL, for both databases: conditions, pages and sums."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from msgspec.structs import replace

from tornado_gateway.domain.ledger import LedgerQuery, LedgerTotal
from tornado_gateway.storage.ledger_table import COLUMNS, COMPLETION_COLUMNS, PROMPT_COLUMNS, TABLE

_TAG = "tag:"
_GROUPS = {"key": "key_id", "route": "route", "provider": "provider", "model": "model", "status": "status"}
_FIELDS = ("request_id", "kind", "route", "provider", "model", "status")

Statement = tuple[str, list[Any]]


@dataclass(frozen=True, slots=True)
class Dialect:
    """What the two say differently. ``tag`` and ``sum`` are functions or operators, with a ``{}`` for their operand."""

    mark: str
    """What stands for a parameter."""
    time: Callable[[datetime], Any]
    """A moment as a parameter."""
    read: Mapping[str, str]
    """Columns that do not come as ``row_of_record`` takes them: what to select instead."""
    day: str
    tag: str
    """The tag that a parameter names, NULL where there is none."""
    exact_sum: str
    """Of a column of money; its value is a text or a ``Decimal``."""


def page(query: LedgerQuery, dialect: Dialect, after: tuple[datetime, str] | None, size: int) -> Statement:
    """The next ``size`` records behind ``after``."""
    texts, parameters = _conditions(_beyond(query, after), dialect)
    mark = dialect.mark
    if after is not None:
        texts.append(f"(finished_at, id) {'<' if query.newest_first else '>'} ({mark}, {mark})")
        parameters += [dialect.time(after[0]), after[1]]
    columns = ", ".join(dialect.read.get(name, name) for name in COLUMNS)
    order = " DESC" if query.newest_first else ""
    text = f"SELECT {columns} FROM {TABLE}{_where(texts)} ORDER BY {TABLE}.finished_at{order}, id{order} LIMIT {mark}"
    return text, [*parameters, size]


def _beyond(query: LedgerQuery, after: tuple[datetime, str] | None) -> LedgerQuery:
    """The query without the bound that lies behind ``after`` anyway: a database that starts from it reads all pages
    so far once more for each one."""
    if after is None:
        return query
    if query.newest_first:
        return replace(query, until=None) if query.until is not None and after[0] < query.until else query
    return replace(query, since=None) if query.since is not None and after[0] >= query.since else query


def count(query: LedgerQuery, dialect: Dialect) -> Statement:
    texts, parameters = _conditions(query, dialect)
    return f"SELECT count(*) FROM {TABLE}{_where(texts)}", parameters


def totals(query: LedgerQuery, by: Sequence[str], dialect: Dialect) -> Statement:
    """A record for each group: its values, then the sums in the order of ``LedgerTotal``."""
    texts, parameters = _conditions(query, dialect)
    groups = [_group(name, dialect) for name in group_names(by)]
    sums = (
        "sum(CASE WHEN kind = 'request' THEN 1 ELSE 0 END)",
        "sum(CASE WHEN kind = 'request' AND status >= 400 THEN 1 ELSE 0 END)",
        _tokens(PROMPT_COLUMNS),
        _tokens(COMPLETION_COLUMNS),
        dialect.exact_sum.format("cost"),
        dialect.exact_sum.format("saved"),
        "sum(CASE WHEN cost IS NULL AND input_tokens IS NOT NULL THEN 1 ELSE 0 END)",
    )
    columns = ", ".join([*(text for text, _ in groups), *sums])
    places = ", ".join(str(place) for place in range(1, len(groups) + 1))
    text = f"SELECT {columns} FROM {TABLE}{_where(texts)}" + (f" GROUP BY {places}" if groups else "")
    return text, [*(name for _, names in groups for name in names), *parameters]


def totals_of(records: Sequence[Sequence[Any]], groups: int) -> list[LedgerTotal]:
    """What ``totals`` found; nothing, where there was no row at all."""
    found = [
        LedgerTotal(
            group=tuple(None if value is None else str(value) for value in record[:groups]),
            requests=int(record[groups]),
            failed=int(record[groups + 1]),
            prompt_tokens=int(record[groups + 2]),
            completion_tokens=int(record[groups + 3]),
            cost=Decimal(record[groups + 4]),
            saved=Decimal(record[groups + 5]),
            unpriced=int(record[groups + 6]),
        )
        for record in records
        if record[groups] is not None
    ]
    return sorted(found, key=sort_key)


def group_names(by: Sequence[str]) -> Sequence[str]:
    """``by`` as it is. Raises ``ValueError`` for a name that rows have no value of."""
    for name in by:
        if name not in _GROUPS and name != "day" and not name.startswith(_TAG):
            raise ValueError(f"rows are not grouped by {name!r}: key, route, provider, model, status, day or tag:NAME")
    return by


def sort_key(total: LedgerTotal) -> tuple[tuple[bool, str], ...]:
    """What has no value comes first."""
    return tuple((value is not None, value or "") for value in total.group)


def _conditions(query: LedgerQuery, dialect: Dialect) -> tuple[list[str], list[Any]]:
    mark = dialect.mark
    asked: list[tuple[str, list[Any]]] = []
    if query.since is not None:
        asked.append((f"finished_at >= {mark}", [dialect.time(query.since)]))
    if query.until is not None:
        asked.append((f"finished_at < {mark}", [dialect.time(query.until)]))
    if query.key is not None:
        asked.append((f"key_id = {mark}", [query.key]))
    for name in _FIELDS:
        value = getattr(query, name)
        if value is not None:
            asked.append((f"{name} = {mark}", [value]))
    for name, value in query.tags.items():
        asked.append((f"{dialect.tag.format(mark)} = {mark}", [name, value]))
    return [text for text, _ in asked], [value for _, values in asked for value in values]


def _where(texts: Sequence[str]) -> str:
    return f" WHERE {' AND '.join(texts)}" if texts else ""


def _group(name: str, dialect: Dialect) -> Statement:
    if name == "day":
        return dialect.day, []
    if name.startswith(_TAG):
        return dialect.tag.format(dialect.mark), [name.removeprefix(_TAG)]
    return _GROUPS[name], []


def _tokens(columns: Sequence[str]) -> str:
    return f"coalesce(sum({' + '.join(f'coalesce({name}, 0)' for name in columns)}), 0)"
