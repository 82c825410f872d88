"""Counters: what calls have taken of their limits and budgets, wherever that is kept.

A call makes all its claims at once: either every one of them is granted or none is counted. What it was granted is
held until it is settled.

- ``requests`` and ``tokens`` count over any 60 seconds, to the second: what came in within a second counts until the
  last moment of that second is 60 seconds old. So no 60 seconds ever hold more than the limit, and a place is free
  again after 60 to 61.
- ``concurrent`` counts calls under way.
- ``budget`` counts nano-dollars of one period, spent and held together.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Literal, Protocol, runtime_checkable

import msgspec

from tornado_gateway.domain.periods import Term
from tornado_gateway.domain.quotas import Budget

WINDOW = 60
"""Seconds that a limit by the minute looks back on."""

What = Literal["requests", "tokens", "concurrent", "budget"]


class Subject(msgspec.Struct, frozen=True):
    """Whose limit or budget it is. ``name`` is for messages and for the counter: ``key team-a``, ``tag team=a``.

    The others tell the ledger's rows that are its own.
    """

    name: str
    key: str | None = None
    route: str | None = None
    tags: Mapping[str, str] = {}


class Claim(msgspec.Struct, frozen=True, gc=False):
    """``amount`` of what ``limit`` allows, granted where ``least`` of it has room.

    Whoever has said how much it may come to at most claims just that. A call that has not is let in where its prompt
    fits, and all that it may come to is held against those that come after.
    """

    counter: str
    """The counter's name: it outlives every revision of the file."""
    subject: Subject
    what: What
    limit: int
    amount: int = 1
    least: int = 1
    budget: Budget | None = None
    term: Term | None = None
    """The budget's period."""


class Reservation(msgspec.Struct, frozen=True, gc=False):
    """What a call holds. ``second`` is the one of the store's clock in which it was granted."""

    id: str
    claims: tuple[Claim, ...]
    second: int = 0


class Standing(msgspec.Struct, frozen=True, gc=False):
    """How one claim fared. ``used`` counts what was granted with it, where it was."""

    claim: Claim
    used: int
    room: bool
    """False where this claim is one for which the call is turned away."""
    reset: float = 0.0
    """Seconds until nothing is counted any more, for requests and tokens."""
    wait: float | None = None
    """Seconds until there may be room; None where there is, where nobody knows, and where there will never be."""

    @property
    def remaining(self) -> int:
        return max(0, self.claim.limit - self.used)


class Verdict(msgspec.Struct, frozen=True, gc=False):
    """``reservation`` is None where the call is turned away. ``standings`` are in the order of the claims, and empty
    where nobody counts.

    ``missing`` are claims on budgets of which the store knows nothing: it must be told what is spent (``seed``) before
    it decides.
    """

    reservation: Reservation | None
    standings: tuple[Standing, ...] = ()
    missing: tuple[Claim, ...] = ()


class CountersUnavailable(Exception):
    """The store can't be reached or refuses; the text holds no password."""


OnSpent = Callable[[Claim, int, int], None]
"""Told what was spent of a budget before and after a call was settled, in nano-dollars; of all stores together once."""


@runtime_checkable
class Counters(Protocol):
    """Used from the event loop's thread alone."""

    async def reserve(self, claims: Sequence[Claim]) -> Verdict:
        """All of ``claims`` or none, in one step. Raises ``CountersUnavailable`` or, to be shown, ``StateUnavailable``.

        Whoever is cancelled while it waits holds nothing.
        """

    def settle(self, reservation: Reservation, used: Sequence[int]) -> None:
        """Ends a call, and returns at once: ``used`` is what it came to, in the order of its claims.

        It counts for tokens and budgets, 0 gives back all that was held; a request stays one, a place is free again.
        """

    async def seed(self, claim: Claim, spent: int) -> bool:
        """Tells a budget's counter what was spent before it was there; False where it was there already."""

    def charge(self, claim: Claim, spent: int) -> None:
        """Adds to what was spent of a budget, held or not, and returns at once."""

    async def close(self) -> None:
        """Brings what was settled to its place, within a bounded time."""
