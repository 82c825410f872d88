"""The ledger in a SQLite file: nothing to set up, for one machine."""

import sqlite3
from collections.abc import Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import msgspec

from tornado_gateway.domain.ledger import LedgerQuery, LedgerRow, LedgerTotal
from tornado_gateway.domain.money import EXACT
from tornado_gateway.storage import ledger_query
from tornado_gateway.storage.ledger_query import Dialect
from tornado_gateway.storage.ledger_schema import SQLITE
from tornado_gateway.storage.ledger_table import COLUMNS, TABLE, microseconds, record_of, row_of_record
from tornado_gateway.storage.pages import pages
from tornado_gateway.storage.sqlite_database import BUSY_TIMEOUT, SqliteDatabase

_PAGE = 2000
_PRUNED = 2000
_PARAMETERS = 16_000
"""In one statement, of the 32,766 that SQLite takes."""

_DIALECT = Dialect(
    mark="?",
    time=microseconds,
    read={},
    day="date(finished_at / 1000000, 'unixepoch')",
    tag="tag_of(tags, {})",
    exact_sum="exact_sum({})",
)


class SqliteLedger:
    """A ``domain.ledger.Ledger``. ``path`` counts from the working directory."""

    def __init__(self, path: Path, *, busy: float = BUSY_TIMEOUT) -> None:
        self._database = SqliteDatabase(path, "ledger", SQLITE, busy=busy, prepare=_prepare)

    def append(self, rows: Sequence[LedgerRow]) -> None:
        at_once = _PARAMETERS // len(COLUMNS)
        with self._database.writing() as connection:
            # Many rows a statement: the interpreter's lock is let go and fought for again once for each of them.
            for begin in range(0, len(rows), at_once):
                part = rows[begin : begin + at_once]
                connection.execute(_insert(len(part)), [value for row in part for value in record_of(row)])

    def rows(self, query: LedgerQuery) -> Iterator[LedgerRow]:
        return pages(query, self._page, size=_PAGE)

    def totals(self, query: LedgerQuery, by: Sequence[str]) -> list[LedgerTotal]:
        text, parameters = ledger_query.totals(query, by, _DIALECT)
        with self._database.reading() as connection:
            return ledger_query.totals_of(connection.execute(text, parameters).fetchall(), len(by))

    def count(self, query: LedgerQuery) -> int:
        text, parameters = ledger_query.count(query, _DIALECT)
        with self._database.reading() as connection:
            return int(connection.execute(text, parameters).fetchone()[0])

    def prune(self, before: datetime) -> int:
        old = f"SELECT id FROM {TABLE} WHERE finished_at < ? ORDER BY finished_at LIMIT ?"
        with self._database.writing() as connection:
            deleted = connection.execute(f"DELETE FROM {TABLE} WHERE id IN ({old})", (microseconds(before), _PRUNED))
            return deleted.rowcount

    def close(self) -> None:
        self._database.close()

    def _page(self, query: LedgerQuery, after: tuple[datetime, str] | None, size: int) -> list[LedgerRow]:
        text, parameters = ledger_query.page(query, _DIALECT, after, size)
        with self._database.reading() as connection:
            return [row_of_record(record) for record in connection.execute(text, parameters)]


def _insert(rows: int) -> str:
    values = f"({', '.join('?' * len(COLUMNS))})"
    return f"INSERT INTO {TABLE} ({', '.join(COLUMNS)}) VALUES {', '.join([values] * rows)} ON CONFLICT (id) DO NOTHING"


def _prepare(connection: sqlite3.Connection) -> None:
    connection.create_aggregate("exact_sum", 1, _ExactSum)  # type: ignore[arg-type]
    connection.create_function("tag_of", 2, _tag_of, deterministic=True)


class _ExactSum:
    """An aggregate over money in text: SQLite's own sum reckons in floats."""

    def __init__(self) -> None:
        self._sum = Decimal(0)

    def step(self, value: str | None) -> None:
        if value is not None:
            self._sum = EXACT.add(self._sum, Decimal(value))

    def finalize(self) -> str:
        return str(self._sum)


def _tag_of(tags: str, name: str) -> str | None:
    """As a function of SQLite's: its own path language has no way to name each tag that there may be."""
    found: dict[str, str] = msgspec.json.decode(tags)
    return found.get(name)
