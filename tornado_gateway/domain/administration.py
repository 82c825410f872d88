"""What operators ask the gateway and are told: the values and ports between the HTTP side and whoever answers."""

import hmac
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Protocol, runtime_checkable


@dataclass(frozen=True, slots=True)
class AdminPolicy:
    """Who may ask, and whether they may change anything. ``digest`` is None where nobody may."""

    digest: bytes | None = field(default=None, repr=False)
    write: bool = False

    @classmethod
    def of(cls, token: str, *, write: bool) -> "AdminPolicy":
        return cls(_digest(token) if token else None, write)

    def key_for(self, purpose: str) -> bytes | None:
        """A key that whoever has the token can make, every worker alike; None where nobody may."""
        return None if self.digest is None else hmac.digest(self.digest, purpose.encode(), "sha256")

    def knows(self, token: str) -> bool:
        """In constant time, whatever the token's length."""
        return self.digest is not None and hmac.compare_digest(self.digest, _digest(token))


def _digest(token: str) -> bytes:
    return sha256(token.encode("utf-8", "surrogatepass")).digest()


@dataclass(frozen=True, slots=True)
class Asked:
    """``path`` is what follows ``/admin/api/``; ``match`` is the ``If-Match`` header's value."""

    method: str
    path: str
    parameters: Mapping[str, Sequence[str]] = field(default_factory=dict)
    body: bytes = field(default=b"", repr=False)
    match: str | None = None


@dataclass(frozen=True, slots=True)
class Told:
    """``document`` is JSON."""

    document: bytes = field(repr=False)
    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()


class Watching(Protocol):
    """One who watches what happens. Used from the event loop's thread."""

    def messages(self) -> AsyncIterator[bytes]:
        """Frames of server-sent events as they come; an empty one at least every second, when nothing does."""

    def close(self) -> None: ...


@runtime_checkable
class AdminDesk(Protocol):
    """Answers operators; who they are has been found out before. Raises ``GatewayError``."""

    async def answer(self, asked: Asked) -> Told: ...

    def watch(self) -> Watching: ...
