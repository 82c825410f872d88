"""A place -> its ledger and who writes to it: the one place that knows which kinds there are."""

from datetime import timedelta
from functools import partial
from pathlib import Path

from tornado_gateway.domain.ledger import Ledger, LedgerUnavailable
from tornado_gateway.domain.ledger_url import LedgerPlace, SqlitePlace
from tornado_gateway.domain.ports import Clock
from tornado_gateway.storage.journal import Journal
from tornado_gateway.storage.ledger_writer import LedgerWriter
from tornado_gateway.storage.recorder import LedgerRecorder
from tornado_gateway.storage.sqlite_ledger import SqliteLedger


def ledger_at(place: LedgerPlace) -> Ledger:
    """Nothing is opened before the ledger's first call. Raises ``LedgerUnavailable`` where a library is missing."""
    if isinstance(place, SqlitePlace):
        return SqliteLedger(place.path)
    try:
        from tornado_gateway.storage.postgres_ledger import PostgresLedger  # noqa: PLC0415 - an extra's library
    except ImportError as error:
        raise LedgerUnavailable(
            f"{place}: PostgreSQL needs the extra 'postgres': pip install 'tornado-gateway[postgres]'"
        ) from error
    return PostgresLedger(place)


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
