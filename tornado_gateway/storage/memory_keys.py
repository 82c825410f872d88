"""The key store in memory: for tests, and what the other is measured against."""

from dataclasses import replace
from datetime import datetime

from tornado_gateway.domain.key_store import KeyExists, KeyMissing, StoredKey
from tornado_gateway.domain.ledger import LedgerRefused


class MemoryKeyStore:
    """A ``domain.key_store.KeyStore``."""

    def __init__(self) -> None:
        self._keys: dict[str, StoredKey] = {}
        self._version = 0

    def version(self) -> str:
        return str(self._version)

    def stored(self) -> list[StoredKey]:
        return sorted(self._keys.values(), key=lambda key: (key.created_at, key.sha256))

    def add(self, key: StoredKey) -> None:
        if self._good(key):
            raise KeyExists(key.id)
        self._insert(key)

    def rotate(self, key: StoredKey, ends: datetime) -> None:
        if not self._good(key):
            raise KeyMissing(key.id)
        before = self._keys.copy()
        for each in before.values():
            if each.id == key.id and (each.expires is None or each.expires > ends):
                self._keys[each.sha256] = replace(each, expires=ends)
        try:
            self._insert(key)
        except LedgerRefused:
            self._keys = before
            raise

    def revoke(self, key_id: str, at: datetime) -> int:
        found = [key for key in self._keys.values() if key.id == key_id and key.revoked_at is None]
        self._keys.update({key.sha256: replace(key, revoked_at=at) for key in found})
        self._version += 1
        return len(found)

    def close(self) -> None:
        pass

    def _good(self, key: StoredKey) -> bool:
        return any(each.id == key.id and each.good(key.created_at) for each in self._keys.values())

    def _insert(self, key: StoredKey) -> None:
        if key.sha256 in self._keys:
            raise LedgerRefused("this key is there already")
        self._keys[key.sha256] = key
        self._version += 1
