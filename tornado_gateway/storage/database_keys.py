"""The key store in the ledger's database, whichever of the two it is."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol
from uuid import uuid4

import msgspec

from tornado_gateway.domain.key_store import KeyExists, KeyMissing, StoredKey
from tornado_gateway.domain.ledger import LedgerUnavailable
from tornado_gateway.domain.quotas import Budget, Limits
from tornado_gateway.storage.ledger_table import microseconds

_COLUMNS = "id, sha256, prefix, created_at, expires_at, revoked_at, settings"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Database(Protocol):
    """``SqliteDatabase`` or ``PostgresDatabase``; a connection's ``execute`` takes a text and its parameters."""

    def reading(self) -> AbstractContextManager[Any]: ...

    def writing(self) -> AbstractContextManager[Any]: ...

    def close(self) -> None: ...


class _Settings(msgspec.Struct, frozen=True, omit_defaults=True):
    owner: str | None = None
    tags: Mapping[str, str] = {}
    models: tuple[str, ...] | None = None
    limits: Limits | None = None
    budget: Budget | None = None


class DatabaseKeyStore:
    """A ``domain.key_store.KeyStore``. ``mark`` is what stands for a parameter."""

    def __init__(self, database: Database, mark: str) -> None:
        self._database = database
        self._mark = mark

    def version(self) -> str:
        with self._database.reading() as connection:
            ((version,),) = connection.execute("SELECT version FROM gateway_keys_version").fetchall()
            return str(version)

    def stored(self) -> list[StoredKey]:
        with self._database.reading() as connection:
            found = connection.execute(f"SELECT {_COLUMNS} FROM gateway_keys ORDER BY created_at, sha256").fetchall()
        try:
            return [_key(record) for record in found]
        except ValueError as error:
            raise LedgerUnavailable("a record of gateway_keys is damaged") from error

    def add(self, key: StoredKey) -> None:
        with self._database.writing() as connection:
            self._change(connection)
            if self._good(connection, key):
                raise KeyExists(key.id)
            self._insert(connection, key)

    def rotate(self, key: StoredKey, ends: datetime) -> None:
        with self._database.writing() as connection:
            self._change(connection)
            if not self._good(connection, key):
                raise KeyMissing(key.id)
            self._run(
                connection,
                "UPDATE gateway_keys SET expires_at = ? WHERE id = ? AND (expires_at IS NULL OR expires_at > ?)",
                (microseconds(ends), key.id, microseconds(ends)),
            )
            self._insert(connection, key)

    def revoke(self, key_id: str, at: datetime) -> int:
        with self._database.writing() as connection:
            self._change(connection)
            text = "UPDATE gateway_keys SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL"
            return int(self._run(connection, text, (microseconds(at), key_id)).rowcount)

    def close(self) -> None:
        self._database.close()

    def _change(self, connection: Any) -> None:
        """Waits until no other change is under way. Not a count: an older copy of the database has other versions."""
        self._run(connection, "UPDATE gateway_keys_version SET version = ?", (uuid4().hex,))

    def _good(self, connection: Any, key: StoredKey) -> bool:
        """Whether a key of the same bearer was good when this one was made."""
        text = (
            "SELECT count(*) FROM gateway_keys"
            " WHERE id = ? AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > ?)"
        )
        ((count,),) = self._run(connection, text, (key.id, microseconds(key.created_at))).fetchall()
        return int(count) > 0

    def _insert(self, connection: Any, key: StoredKey) -> None:
        settings = _Settings(key.owner, key.tags, key.models, key.limits, key.budget)
        record = (
            key.id,
            key.sha256,
            key.prefix,
            microseconds(key.created_at),
            None if key.expires is None else microseconds(key.expires),
            None if key.revoked_at is None else microseconds(key.revoked_at),
            msgspec.json.encode(settings).decode(),
        )
        self._run(connection, f"INSERT INTO gateway_keys ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?)", record)

    def _run(self, connection: Any, text: str, parameters: Sequence[Any]) -> Any:
        return connection.execute(text.replace("?", self._mark), parameters)


def _key(record: Sequence[Any]) -> StoredKey:
    identity, sha256, prefix, created_at, expires_at, revoked_at, settings = record
    said = msgspec.json.decode(settings, type=_Settings)
    bytes.fromhex(sha256)
    return StoredKey(
        id=identity,
        sha256=sha256,
        prefix=prefix,
        created_at=_moment(created_at),
        owner=said.owner,
        tags=said.tags,
        models=said.models,
        limits=said.limits,
        budget=said.budget,
        expires=None if expires_at is None else _moment(expires_at),
        revoked_at=None if revoked_at is None else _moment(revoked_at),
    )


def _moment(microseconds_since: int) -> datetime:
    return _EPOCH + timedelta(microseconds=microseconds_since)
