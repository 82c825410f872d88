"""A place -> its ledger and who writes to it: the one place that knows which kinds there are."""

from datetime import timedelta
from functools import partial
from pathlib import Path

from tornado_gateway.domain.key_store import KeyStore
from tornado_gateway.domain.ledger import Ledger, LedgerUnavailable
from tornado_gateway.domain.ledger_url import LedgerPlace, SqlitePlace
from tornado_gateway.domain.ports import Clock
from tornado_gateway.storage.database_keys import DatabaseKeyStore
from tornado_gateway.storage.journal import Journal
from tornado_gateway.storage.key_schema import KEYS
from tornado_gateway.storage.ledger_writer import LedgerWriter
from tornado_gateway.storage.recorder import LedgerRecorder
from tornado_gateway.storage.sqlite_database import SqliteDatabase
from tornado_gateway.storage.sqlite_ledger import SqliteLedger


def ledger_at(place: LedgerPlace) -> Ledger:
    """Nothing is opened before the ledger's first call. Raises ``LedgerUnavailable`` where a library is missing."""
    if isinstance(place, SqlitePlace):
        return SqliteLedger(place.path)
    try:
        from tornado_gateway.storage.postgres_ledger import PostgresLedger  # noqa: PLC0415 - an extra's library
    except ImportError as error:
        raise LedgerUnavailable(_wanted(place)) from error
    return PostgresLedger(place)


def key_store_at(place: LedgerPlace) -> KeyStore:
    """The keys beside the ledger's rows, over a connection of its own. As lazy as ``ledger_at``, and as demanding."""
    if isinstance(place, SqlitePlace):
        return DatabaseKeyStore(SqliteDatabase(place.path, "keys", KEYS), "?")
    try:
        from tornado_gateway.storage.postgres_database import PostgresDatabase  # noqa: PLC0415 - an extra's library
    except ImportError as error:
        raise LedgerUnavailable(_wanted(place)) from error
    return DatabaseKeyStore(PostgresDatabase(place, "keys", KEYS), "%s")


def _wanted(place: LedgerPlace) -> str:
    return f"{place}: PostgreSQL needs the extra 'postgres': pip install 'tornado-gateway[postgres]'"


def recorder_at(
    place: LedgerPlace, clock: Clock, *, interval: float, days: int | None = None, journal: str | None = None
) -> LedgerRecorder:
    """Keeps rows for ``days``, or for ever; ``journal`` is a folder, where it is not to be the place's own."""
    journals = Journal(place.folder if journal is None else Path(journal), place.label)
    writer = LedgerWriter(
        open=partial(ledger_at, place),
        journal=journals,
        clock=clock,
        retention=None if days is None else timedelta(days),
    )
    return LedgerRecorder(writer=writer, journal=journals, clock=clock, interval=interval)
