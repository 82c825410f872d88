"""The answer cache: what a route and a caller want of it, where answers are kept, and what became of a call there."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Final, Literal, Protocol, runtime_checkable

Wish = Literal["usual", "fresh", "never"]
"""What a caller wants: ``fresh`` is asked anew and kept (``Cache-Control: no-cache``), ``never`` neither is answered
from the cache nor kept in it (``no-store``)."""

MEMORY_BYTES: Final = 67_108_864
"""What all answers kept in memory may take, where the file does not say."""


@dataclass(frozen=True, slots=True)
class CachePolicy:
    """How long an answer is kept (``ttl``, in seconds), for whom, and how large one may be.

    ``scope`` is ``key`` (each caller has its own answers, one without a key has none) or ``shared``.
    """

    ttl: float
    scope: str = "key"
    max_bytes: int = 1_048_576


@dataclass(frozen=True, slots=True)
class CachePlan:
    """A route's policy in one revision. ``fingerprint`` tells who answers, and at which prices: an answer that somebody
    else gave, or that cost something else, is not found."""

    policy: CachePolicy
    fingerprint: bytes


@dataclass(frozen=True, slots=True)
class CacheMark:
    """What became of one call on a route with a cache: ``outcome`` is ``hit``, ``miss`` or ``bypass``.

    A hit has the ``age`` of its answer in whole seconds, and what the answer had cost is ``saved`` (USD; 0 where it had
    no price).
    """

    outcome: str
    age: int | None = None
    saved: Decimal | None = None


MISS: Final = CacheMark("miss")
BYPASS: Final = CacheMark("bypass")


class CacheUnavailable(Exception):
    """The place where answers are kept can't be reached: calls go on without it."""


@runtime_checkable
class AnswerCache(Protocol):
    """Kept answers, sealed (see ``kept``), by key. Used from the event loop's thread alone."""

    async def get(self, key: bytes) -> bytes | None:
        """None where there is none, or none any more. Raises ``CacheUnavailable`` soon rather than wait."""

    def put(self, key: bytes, value: bytes, ttl: float) -> None:
        """Keeps ``value`` for ``ttl`` seconds, or as long as there is room. Returns at once, and ``get`` finds it."""

    async def close(self) -> None: ...
