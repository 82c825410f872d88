"""A place -> its ledger: the one place that knows which kinds there are."""

from tornado_gateway.domain.ledger import Ledger, LedgerUnavailable
from tornado_gateway.domain.ledger_url import LedgerPlace, SqlitePlace
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
