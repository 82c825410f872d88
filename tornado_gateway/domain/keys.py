"""Gateway keys: what a caller shows to be known. The gateway keeps their hashes alone, and can't tell a key again."""

import hmac
import secrets
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256

from tornado_gateway.domain.principal import Principal

BEGIN = "sk-tgw-"
"""How a key that was made here begins, so that people and scanners of leaked secrets know it for what it is."""

ID_FORM = r"^[A-Za-z0-9][A-Za-z0-9_.@:-]{0,127}$"
"""What an id looks like: fit for a log line, a counter's name and a command line."""

_RANDOM_BYTES = 32
_SHOWN = len(BEGIN) + 4


@dataclass(frozen=True, slots=True)
class GatewayKey:
    """``sha256`` is 64 hex digits; ``owner`` is a note for people; from ``expires`` on it is refused."""

    principal: Principal
    sha256: str = field(repr=False)
    owner: str | None = None
    expires: datetime | None = None
    disabled: bool = False

    @property
    def id(self) -> str:
        """What events, limits and the ledger call it; never a secret."""
        return self.principal.id


class KeyRing:
    """Keys by their hashes: whatever their number, a look costs one hash."""

    def __init__(self, keys: Iterable[GatewayKey] = ()) -> None:
        self._keys = {bytes.fromhex(key.sha256): key for key in keys}

    def find(self, secret: str) -> GatewayKey | None:
        """The key that ``secret`` is, None where it is none of these.

        How long the dictionary takes depends on the hash of a guess, which tells nothing of a key whose hash is
        another one; what it found is compared in constant time all the same.
        """
        digest = sha256(secret.encode("utf-8", "surrogatepass")).digest()
        key = self._keys.get(digest)
        if key is None or not hmac.compare_digest(bytes.fromhex(key.sha256), digest):
            return None
        return key

    def __iter__(self) -> Iterator[GatewayKey]:
        return iter(self._keys.values())

    def __len__(self) -> int:
        return len(self._keys)


def new_secret() -> str:
    """A key of 256 random bits: ``sk-tgw-`` and 43 characters that are safe in a URL and a header."""
    return BEGIN + secrets.token_urlsafe(_RANDOM_BYTES)


def hash_of(secret: str) -> str:
    """The 64 hex digits that stand for a key. One plain hash is enough: nobody guesses 256 random bits."""
    return sha256(secret.encode()).hexdigest()


def shown(secret: str) -> str:
    """The beginning that lists show of a key, too little to guess the rest."""
    return secret[:_SHOWN]
