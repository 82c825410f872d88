"""Where many keys are kept: in the ledger's database, beside its rows."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from tornado_gateway.domain.keys import GatewayKey
from tornado_gateway.domain.principal import Principal
from tornado_gateway.domain.quotas import Budget, Limits


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredKey:
    """One key as it is kept. Several of one ``id`` are one bearer's: a new one, and that which it takes the place of.

    ``prefix`` is what lists show of the key. All times are in UTC, and aware of it.
    """

    id: str
    sha256: str = field(repr=False)
    prefix: str
    created_at: datetime
    owner: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    models: tuple[str, ...] | None = None
    limits: Limits | None = None
    budget: Budget | None = None
    expires: datetime | None = None
    revoked_at: datetime | None = None

    def good(self, at: datetime) -> bool:
        """Whether it lets its bearer in."""
        return self.revoked_at is None and (self.expires is None or at < self.expires)

    def as_key(self) -> GatewayKey:
        principal = Principal(self.id, self.tags, self.models, self.limits, self.budget)
        return GatewayKey(principal, self.sha256, self.owner, self.expires, self.revoked_at is not None)


class KeyExists(Exception):
    """There is a good key of this id: it can be rotated or revoked."""


class KeyMissing(Exception):
    """There is no good key of this id."""


class KeyStore(Protocol):
    """Used from one thread at a time; every call may block. Raises ``LedgerUnavailable`` and ``LedgerRefused``.

    A change is made as a whole or not at all, and is durable when the call returns.
    """

    def version(self) -> str:
        """Another one after each change, whoever made it."""

    def stored(self) -> list[StoredKey]:
        """All keys there ever were, the oldest first."""

    def add(self, key: StoredKey) -> None:
        """Raises ``KeyExists``."""

    def rotate(self, key: StoredKey, ends: datetime) -> None:
        """Adds ``key`` for the bearer whose other keys end at ``ends``, or when they did before.

        Raises ``KeyMissing`` where none of them was good when ``key`` was made.
        """

    def revoke(self, key_id: str, at: datetime) -> int:
        """Refuses all keys of this id from now on; says how many were not refused yet."""

    def close(self) -> None: ...
