"""What holds while the store that everybody shares is away: a bounded wait, then calls go on as the file says.

- ``open``: every call is let in.
- ``closed``: every call that is limited is turned away with 503.
- ``local``: each process counts in its own memory, and holds each limit whole: several processes together let in as
  many times as much. A budget begins there with what was last heard of it.

What is spent meanwhile is added to the shared budgets once their store is back; requests and tokens are not, for they
are forgotten within a minute anyway.
"""

from collections.abc import Callable, Sequence
from itertools import count
from typing import Literal

from tornado_gateway.domain.breakers import Breakers
from tornado_gateway.domain.counters import Claim, Counters, CountersUnavailable, Reservation, Verdict
from tornado_gateway.domain.errors import StateUnavailable
from tornado_gateway.domain.events import StateChanged
from tornado_gateway.domain.policies import BreakerPolicy
from tornado_gateway.domain.ports import Clock, Publisher
from tornado_gateway.domain.remembered import Remembered

Fail = Literal["open", "closed", "local"]

POLICY = BreakerPolicy(consecutive=3, cooldown=1.0)
"""One call in a second asks whether the store is back; the longer it is away, the fewer."""

_STORE = "state"
_REMEMBERED = 100_000
"""Budgets whose last standing is known; beyond it the memory starts anew."""


class GuardedCounters:
    """Counts in ``shared``, else in what ``make_local`` makes. Never raises ``CountersUnavailable``."""

    def __init__(
        self,
        shared: Counters,
        *,
        fail: Fail,
        make_local: Callable[[], Counters],
        clock: Clock,
        publisher: Publisher,
    ) -> None:
        self._shared = shared
        self._fail = fail
        self._make_local = make_local
        self._local = make_local()
        self._publisher = publisher
        self._breakers = Breakers(clock, self._turned)
        self._away = False
        self._counted_here = False
        self._elsewhere: dict[str, Counters | None] = {}
        """Calls under way that the shared store knows nothing of, and where they are counted."""
        self._known: Remembered[str, int] = Remembered(_REMEMBERED)
        """What was last heard of each budget."""
        self._owed: dict[str, tuple[Claim, int]] = {}
        """What was spent of each budget without its store."""
        self._names = count()

    async def reserve(self, claims: Sequence[Claim]) -> Verdict:
        if not self._breakers.allow(_STORE, POLICY):
            return await self._without(claims)
        try:
            verdict = await self._shared.reserve(claims)
        except CountersUnavailable:
            self._breakers.failed(_STORE, POLICY)
            return await self._without(claims)
        except BaseException:
            self._breakers.released(_STORE)
            raise
        self._heard(verdict)
        return verdict

    def settle(self, reservation: Reservation, used: Sequence[int]) -> None:
        if reservation.id not in self._elsewhere:
            self._shared.settle(reservation, used)
            return
        local = self._elsewhere.pop(reservation.id)
        if local is not None:
            local.settle(reservation, used)
        for claim, came_to in zip(reservation.claims, used, strict=True):
            if claim.what == "budget" and came_to:
                _, owed = self._owed.get(claim.counter, (claim, 0))
                self._owed[claim.counter] = claim, owed + came_to
        if not self._away:
            self._pay()

    async def seed(self, claim: Claim, spent: int) -> bool:
        if not self._away:
            try:
                return await self._shared.seed(claim, spent)
            except CountersUnavailable:
                self._breakers.failed(_STORE, POLICY)
        return await self._local.seed(claim, spent)

    def charge(self, claim: Claim, spent: int) -> None:
        self._shared.charge(claim, spent)

    async def close(self) -> None:
        self._pay()
        await self._shared.close()

    def _heard(self, verdict: Verdict) -> None:
        self._breakers.succeeded(_STORE, POLICY)
        if self._counted_here and not self._away:
            self._begin_anew()  # it was one call that failed: at the next outage all that is known now is to count
        for standing in verdict.standings:
            if standing.claim.what == "budget":
                self._known.keep(standing.claim.counter, standing.used)

    async def _without(self, claims: Sequence[Claim]) -> Verdict:
        if self._fail == "closed":
            raise StateUnavailable("The gateway can't tell what is left of a limit right now.", retry_after=1)
        local = None
        verdict = Verdict(Reservation(f"uncounted-{next(self._names)}", tuple(claims)))
        if self._fail == "local":
            local = self._local
            self._counted_here = True
            for claim in claims:
                if claim.what == "budget" and claim.counter in self._known:
                    await local.seed(claim, self._known[claim.counter])
            verdict = await local.reserve(claims)
        if verdict.reservation is not None:
            self._elsewhere[verdict.reservation.id] = local
        return verdict

    def _turned(self, _key: object, _before: str, state: str) -> None:
        if state == "open" and not self._away:
            self._away = True
            self._publisher.publish(StateChanged(available=False, fail=self._fail))
        elif state == "closed" and self._away:
            self._away = False
            self._begin_anew()
            self._publisher.publish(StateChanged(available=True, fail=self._fail))
            self._pay()

    def _begin_anew(self) -> None:
        """What was counted here is of no use to the next time."""
        self._local = self._make_local()
        self._counted_here = False

    def _pay(self) -> None:
        owed, self._owed = self._owed, {}
        for claim, spent in owed.values():
            self._shared.charge(claim, spent)
