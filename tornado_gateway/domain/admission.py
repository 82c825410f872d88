"""Admission: whether a call may be made, asked once its plan is known and before anybody is asked.

What a call may come to is held from then on, and settled once with what it came to, whichever way it ends: one that
its client left with what was used by then, one that failed with nothing unless its provider had worked on it. The
slower one of two tries at once and a mirror's copies are the operator's wish: they count against nobody.
"""

from collections.abc import Sequence
from dataclasses import replace

from tornado_gateway.domain.call import ModelCall
from tornado_gateway.domain.claims import Claims
from tornado_gateway.domain.context import RequestContext, Trail
from tornado_gateway.domain.counters import Claim, Counters, Reservation, Standing, Verdict
from tornado_gateway.domain.errors import StateUnavailable
from tornado_gateway.domain.events import CallRefused
from tornado_gateway.domain.money import Cost
from tornado_gateway.domain.nano import nano_up
from tornado_gateway.domain.ports import Publisher
from tornado_gateway.domain.principal import Principal
from tornado_gateway.domain.quotas import Quotas
from tornado_gateway.domain.rates import rates
from tornado_gateway.domain.refusals import refusal
from tornado_gateway.domain.routes import RoutePlan
from tornado_gateway.domain.seeding import Seeds
from tornado_gateway.domain.usage import TokenUsage

_ROUNDS = 3
"""Times that a store is asked: it may have to be told first what is spent."""


class Admitted:
    """What a call holds; ``settle`` must follow once. ``plan`` is where it may go."""

    __slots__ = ("_counters", "_reservation", "_trail", "plan")

    def __init__(self, plan: RoutePlan, counters: Counters, reservation: Reservation | None, trail: Trail) -> None:
        self.plan = plan
        self._counters = counters
        self._reservation = reservation
        self._trail = trail

    def settle(self, usage: TokenUsage | None, cost: Cost | None) -> None:
        """Returns at once."""
        if self._reservation is None:
            return
        tokens = 0 if usage is None else usage.total_tokens
        money = 0 if cost is None else nano_up(cost.amount)
        used = [self._used(claim, tokens, money) for claim in self._reservation.claims]
        self._counters.settle(self._reservation, used)

    def _used(self, claim: Claim, tokens: int, money: int) -> int:
        if claim.what == "tokens":
            return tokens
        route = claim.subject.route
        return money if claim.what == "budget" and (route is None or route == self._trail.route) else 0


class Admission:
    """Used from the event loop's thread alone."""

    def __init__(self, *, counters: Counters, seeds: Seeds, claims: Claims, publisher: Publisher) -> None:
        self._counters = counters
        self._seeds = seeds
        self._claims = claims
        self._publisher = publisher

    @staticmethod
    def concerns(quotas: Quotas | None, principal: Principal | None) -> bool:
        """Whether anything bounds a call of ``principal``."""
        if quotas is not None:
            return True
        return principal is not None and (principal.limits is not None or principal.budget is not None)

    async def admit(self, call: ModelCall, plan: RoutePlan, quotas: Quotas | None, context: RequestContext) -> Admitted:
        """What the call holds, and where it may go: a fallback whose budget is used up is left out of the plan.

        Raises ``RateLimitExceeded``, ``BudgetExceeded`` or ``StateUnavailable``.
        """
        trail = context.trail
        while True:
            claims = self._claims.of(call, plan, quotas, context)
            if not claims:
                return Admitted(plan, self._counters, None, trail)
            verdict = await self._reserve(claims)
            trail.rates = rates(verdict.standings)
            if verdict.reservation is not None:
                return Admitted(plan, self._counters, verdict.reservation, trail)
            refused = [standing for standing in verdict.standings if not standing.room]
            smaller = _without(plan, refused)
            if smaller is None:
                trail.route = plan.route
                self._publisher.publish(CallRefused(plan.route, _kind(refused[0]), refused[0].claim.what))
                raise refusal(refused)
            plan = smaller

    async def _reserve(self, claims: Sequence[Claim]) -> Verdict:
        for _ in range(_ROUNDS):
            verdict = await self._counters.reserve(claims)
            if not verdict.missing:
                return verdict
            for claim in verdict.missing:
                await self._seeds.sow(claim)
        raise StateUnavailable("The store of budgets does not keep what it is told.")


def _without(plan: RoutePlan, refused: Sequence[Standing]) -> RoutePlan | None:
    """The plan without the fallbacks that have no money left; None where anything else is in the way."""
    broke = {standing.claim.subject.route for standing in refused if standing.claim.what == "budget"}
    fallbacks = {stage.route for stage in plan.stages[1:]}
    if len(broke) != len(refused) or not broke <= fallbacks:
        return None
    return replace(plan, stages=tuple(stage for stage in plan.stages if stage.route not in broke))


def _kind(standing: Standing) -> str:
    """``key``, ``route``, ``tag``, ``address`` or ``everyone``: no name, which may be a caller's text."""
    return standing.claim.subject.name.partition(" ")[0]
