"""One connection to PostgreSQL: made when first asked for, again when something went wrong."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any
from zlib import crc32

import psycopg
from psycopg.conninfo import conninfo_to_dict
from psycopg.errors import DataError, IntegrityError, ProgramLimitExceeded

from tornado_gateway.domain.ledger import LedgerRefused, LedgerUnavailable
from tornado_gateway.domain.ledger_url import PostgresPlace

_DEFAULTS = {
    "connect_timeout": "3",
    "application_name": "tornado-gateway",
    # A server that vanished without a word is noticed within some ten seconds.
    "keepalives_idle": "5",
    "keepalives_interval": "2",
    "keepalives_count": "3",
    "tcp_user_timeout": "10000",
}
"""What the URL does not say itself."""
_REFUSALS = (DataError, IntegrityError, ProgramLimitExceeded, OverflowError, UnicodeEncodeError)

Connection = psycopg.Connection[tuple[Any, ...]]


class PostgresDatabase:
    """``versions`` are the schema of one ``component`` of the database. Used from one thread at a time.

    Works behind a pooler that hands out another session for each transaction: nothing is kept in the session.
    """

    def __init__(self, place: PostgresPlace, component: str, versions: Sequence[Sequence[str]]) -> None:
        self._place = place
        self._component = component
        self._versions = versions
        self._connection: Connection | None = None

    @contextmanager
    def session(self) -> Iterator[Connection]:
        """Each statement is a transaction of its own, and so one way there and back.

        No statement is timed: one that waits for a lock is not helped by waiting anew. A server that vanished is
        noticed. Raises ``LedgerUnavailable`` for whatever goes wrong, ``LedgerRefused`` for what can't be held.
        """
        with self._translated():
            yield self._connected()

    reading = session
    """By the name that SQLite's has for it."""

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Several statements as one transaction. Raises as ``session`` does."""
        with self._translated():
            connection = self._connected()
            with connection.transaction():
                yield connection

    def close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(psycopg.Error):
                connection.close()

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except _REFUSALS as error:
            raise LedgerRefused(f"{self._place}: {_first_line(error)}") from error
        except psycopg.Error as error:
            self.close()
            # Not ``from error``: with its whole text goes what libpq may have quoted of the URL.
            raise LedgerUnavailable(f"{self._place}: {self._without_password(_first_line(error))}") from None

    def _connected(self) -> Connection:
        if self._connection is not None and not self._connection.closed:
            return self._connection
        # Poolers do not keep a session's prepared statements.
        connection = psycopg.connect(**{**_DEFAULTS, **self._options()}, autocommit=True, prepare_threshold=None)
        try:
            self._migrate(connection)
        except BaseException:
            connection.close()
            raise
        self._connection = connection
        return connection

    def _migrate(self, connection: Connection) -> None:
        if self._version(connection) == len(self._versions):
            return
        with connection.transaction():
            # Two that create at once would trip over each other, IF NOT EXISTS or not.
            connection.execute("SELECT pg_advisory_xact_lock(%s)", (crc32(b"tornado-gateway schema"),))
            connection.execute(
                "CREATE TABLE IF NOT EXISTS gateway_schema (component text PRIMARY KEY, version integer NOT NULL)"
            )
            version = self._version(connection)
            if version > len(self._versions):
                raise LedgerUnavailable(f"{self._place}: a newer version of the gateway has changed it")
            for statements in self._versions[version:]:
                for statement in statements:
                    connection.execute(statement.encode())
            connection.execute(
                "INSERT INTO gateway_schema VALUES (%s, %s)"
                " ON CONFLICT (component) DO UPDATE SET version = excluded.version",
                (self._component, len(self._versions)),
            )

    def _version(self, connection: Connection) -> int:
        known = connection.execute("SELECT to_regclass('gateway_schema')").fetchone()
        if known is None or known[0] is None:
            return 0
        found = connection.execute("SELECT version FROM gateway_schema WHERE component = %s", (self._component,))
        return next((int(version) for (version,) in found), 0)

    def _options(self) -> dict[str, Any]:
        try:
            return conninfo_to_dict(self._place.url)
        except psycopg.Error:
            # Its complaint quotes the URL.
            raise LedgerUnavailable(f"{self._place}: libpq does not take the URL, look at its options") from None

    def _without_password(self, text: str) -> str:
        password = self._options().get("password")
        return text.replace(str(password), "***") if password else text


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0]
