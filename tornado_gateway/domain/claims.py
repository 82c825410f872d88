"""What a call claims, and of whom: everyone's limits, its address's, its route's, its tags' and its key's.

- Whatever is refused counts for nothing; a call that was let in stays one of its minute's, however it ends.
- A route's limits are of the calls that name it. A route's budget is of what its own targets cost, so that a call may
  claim of its fallbacks' budgets too.
- A call that counts tokens claims neither tokens nor money, and one that costs nothing needs no budget.
"""

from collections.abc import Iterator, Mapping

from tornado_gateway.domain.call import ModelCall
from tornado_gateway.domain.context import RequestContext
from tornado_gateway.domain.counters import Claim, Subject, What
from tornado_gateway.domain.counting import is_count
from tornado_gateway.domain.nano import nano_down
from tornado_gateway.domain.periods import Calendar
from tornado_gateway.domain.ports import Clock
from tornado_gateway.domain.quotas import Budget, Limits, Quotas
from tornado_gateway.domain.reckoning import Reckoned, reckon
from tornado_gateway.domain.routes import RoutePlan, Target

EVERYONE = Subject("everyone")

_NOTHING = Quotas()


class Claims:
    """Works out claims; the periods of budgets are those of ``clock``."""

    def __init__(self, clock: Clock) -> None:
        self._calendar = Calendar(clock)

    def of(self, call: ModelCall, plan: RoutePlan, quotas: Quotas | None, context: RequestContext) -> list[Claim]:
        """In the order in which they are told of: whoever is the caller's own comes first."""
        said = quotas or _NOTHING
        tags = tags_of(call, context)
        reckoned = None if is_count(call) else reckon(call)
        claims: list[Claim] = []
        for subject, limits in _limits(said, plan, tags, context):
            claims += _claims(subject, limits, reckoned)
        if reckoned is None:
            return claims
        everywhere = [target for stage in plan.stages for target in stage.targets]
        for subject, budget in _budgets(said, tags, context):
            claims += self._money(subject, budget, everywhere, reckoned)
        for stage in plan.stages:
            quota = said.routes.get(stage.route)
            if quota is not None and quota.budget is not None:
                claims += self._money(of_route(stage.route), quota.budget, stage.targets, reckoned)
        return claims

    def of_budget(self, subject: Subject, budget: Budget, amount: int = 0, least: int = 0) -> Claim:
        """A claim on the period that is running."""
        term = self._calendar.term(budget.period, budget.time_zone)
        return Claim(
            counter=f"budget:{term.name}:{subject.name}",
            subject=subject,
            what="budget",
            limit=nano_down(budget.amount),
            amount=amount,
            least=least,
            budget=budget,
            term=term,
        )

    def _money(
        self, subject: Subject, budget: Budget, targets: "list[Target] | tuple[Target, ...]", reckoned: Reckoned
    ) -> Iterator[Claim]:
        ceilings = [target.ceiling for target in targets if target.ceiling is not None]
        most = max((ceiling.nano(reckoned.prompt, reckoned.output) for ceiling in ceilings), default=0)
        if not most:
            return
        least = most
        if not reckoned.bounded:
            least = max(1, *(ceiling.nano(reckoned.prompt, 0) for ceiling in ceilings))
        yield self.of_budget(subject, budget, most, least)


def of_key(name: str) -> Subject:
    return Subject(f"key {name}", key=name)


def of_route(name: str) -> Subject:
    return Subject(f"route {name}", route=name)


def of_tags(tags: Mapping[str, str]) -> Subject:
    return Subject(f"tag {' '.join(f'{name}={value}' for name, value in sorted(tags.items()))}", tags=tags)


def tags_of(call: ModelCall, context: RequestContext) -> Mapping[str, str]:
    """The key's and, where it has none of that name, those of the request's metadata: as in the ledger."""
    own = {} if context.principal is None else context.principal.tags
    return {**call.metadata, **own} if call.metadata else own


def _limits(
    quotas: Quotas, plan: RoutePlan, tags: Mapping[str, str], context: RequestContext
) -> Iterator[tuple[Subject, Limits]]:
    principal = context.principal
    if principal is not None and principal.limits is not None:
        yield of_key(principal.id), principal.limits
    for entry in quotas.tag_limits:
        if entry.tag.items() <= tags.items():
            yield of_tags(entry.tag), entry.limits
    if quotas.per_address is not None and context.address is not None:
        yield Subject(f"address {context.address}"), quotas.per_address
    route = quotas.routes.get(plan.route)
    if route is not None and route.limits is not None:
        yield of_route(plan.route), route.limits
    if quotas.everyone is not None:
        yield EVERYONE, quotas.everyone


def _budgets(quotas: Quotas, tags: Mapping[str, str], context: RequestContext) -> Iterator[tuple[Subject, Budget]]:
    principal = context.principal
    if principal is not None and principal.budget is not None:
        yield of_key(principal.id), principal.budget
    for entry in quotas.tag_budgets:
        if entry.tag.items() <= tags.items():
            yield of_tags(entry.tag), entry.budget


def _claims(subject: Subject, limits: Limits, reckoned: Reckoned | None) -> Iterator[Claim]:
    if limits.requests_per_minute is not None:
        yield _claim(subject, "requests", limits.requests_per_minute)
    if limits.tokens_per_minute is not None and reckoned is not None:
        most = reckoned.prompt + reckoned.output
        least = most if reckoned.bounded else reckoned.prompt
        yield _claim(subject, "tokens", limits.tokens_per_minute, most, least)
    if limits.concurrent is not None:
        yield _claim(subject, "concurrent", limits.concurrent)


def _claim(subject: Subject, what: What, limit: int, amount: int = 1, least: int = 1) -> Claim:
    return Claim(counter=f"{what}:{subject.name}", subject=subject, what=what, limit=limit, amount=amount, least=least)
