"""One SQLite file, shared by all processes of the gateway: opened when first asked for, and again after a failure."""

import os
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from tornado_gateway.domain.ledger import LedgerRefused, LedgerUnavailable

BUSY_TIMEOUT = 5.0
"""Seconds that one process waits for another's write."""

_REFUSALS = (sqlite3.IntegrityError, sqlite3.DataError, sqlite3.InterfaceError, OverflowError, UnicodeEncodeError)
_AGAIN = 0.02


class SqliteDatabase:
    """In WAL mode, so that readers and the one writer do not wait for each other; a commit is on disk.

    ``versions`` are the schema of one ``component`` of the file: others may keep theirs beside it. ``prepare`` is for
    functions of one's own. Used from one thread at a time. A file that was removed or replaced meanwhile is noticed:
    what is written to it would be gone.
    """

    def __init__(
        self,
        path: Path,
        component: str,
        versions: Sequence[Sequence[str]],
        *,
        busy: float = BUSY_TIMEOUT,
        prepare: Callable[[sqlite3.Connection], None] = lambda connection: None,
    ) -> None:
        self._path = path
        self._component = component
        self._versions = versions
        self._busy = busy
        self._prepare = prepare
        self._connection: sqlite3.Connection | None = None
        self._identity: tuple[int, int] | None = None

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Raises ``LedgerUnavailable`` for whatever goes wrong with the database."""
        with self._translated():
            yield self._connected()

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """A transaction that has the write lock from its beginning. Raises ``LedgerRefused`` too."""
        with self._translated():
            connection = self._connected()
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
            except BaseException:
                with suppress(sqlite3.Error):
                    connection.rollback()
                raise
            connection.commit()

    def close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(sqlite3.Error):
                connection.close()

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except _REFUSALS as error:
            raise LedgerRefused(f"{self._path}: {error}") from error
        except (sqlite3.Error, OSError) as error:
            self.close()
            reason = error.strerror if isinstance(error, OSError) else error
            raise LedgerUnavailable(f"{self._path}: {reason}") from error

    def _connected(self) -> sqlite3.Connection:
        if self._connection is not None:
            if self._identity == self._found():
                return self._connection
            self.close()
        # A file that is opened and closed again loses this process's locks on it: this is for a new one alone.
        with suppress(FileExistsError):
            os.close(os.open(self._path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        # No statements are cached: each batch has a length of its own, and so a text of its own.
        connection = sqlite3.connect(
            self._path, timeout=self._busy, isolation_level=None, check_same_thread=False, cached_statements=4
        )
        try:
            self._switch_to_wal(connection)
            connection.execute("PRAGMA synchronous = FULL")
            self._migrate(connection)
            self._prepare(connection)
        except BaseException:
            connection.close()
            raise
        self._identity = self._found()
        self._connection = connection
        return connection

    def _found(self) -> tuple[int, int] | None:
        try:
            status = self._path.stat()
        except FileNotFoundError:
            return None
        return status.st_dev, status.st_ino

    def _switch_to_wal(self, connection: sqlite3.Connection) -> None:
        deadline = time.monotonic() + self._busy
        while connection.execute("PRAGMA journal_mode").fetchone() != ("wal",):
            # Two that switch at once: one is told at once that the file is locked, however long it would wait.
            try:
                connection.execute("PRAGMA journal_mode = WAL")
            except sqlite3.OperationalError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(_AGAIN)

    def _migrate(self, connection: sqlite3.Connection) -> None:
        if self._version(connection) == len(self._versions):
            return
        connection.execute("BEGIN IMMEDIATE")
        connection.execute(
            "CREATE TABLE IF NOT EXISTS gateway_schema (component TEXT PRIMARY KEY, version INTEGER NOT NULL)"
        )
        # Asked again: another process may have been quicker, and waited for was its commit.
        version = self._version(connection)
        if version > len(self._versions):
            raise LedgerUnavailable(f"{self._path}: a newer version of the gateway has changed it")
        for statements in self._versions[version:]:
            for statement in statements:
                connection.execute(statement)
        connection.execute(
            "INSERT INTO gateway_schema VALUES (?, ?) ON CONFLICT (component) DO UPDATE SET version = excluded.version",
            (self._component, len(self._versions)),
        )
        connection.commit()

    def _version(self, connection: sqlite3.Connection) -> int:
        if connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'gateway_schema'").fetchone() is None:
            return 0
        found = connection.execute("SELECT version FROM gateway_schema WHERE component = ?", (self._component,))
        return next((int(version) for (version,) in found), 0)
