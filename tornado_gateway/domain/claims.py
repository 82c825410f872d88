"""What a call claims, and of whom: everyone's limits, its address's, its route's, its tags' and its key's.

- Whatever is refused counts for nothing; a call that was let in stays one of its minute's, however it ends.
- A route's limits are of the calls that name it. A route's budget is of what its own targets cost, so that a call may
  claim of its fallbacks' budgets too.
- A call that counts tokens claims neither tokens nor money, and one that costs nothing needs no budget.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from tornado_gateway.domain.call import ModelCall
from tornado_gateway.domain.context import RequestContext
from tornado_gateway.domain.counters import Claim, Subject, What
from tornado_gateway.domain.counting import is_count
from tornado_gateway.domain.nano import nano_down
from tornado_gateway.domain.periods import Calendar, Term
from tornado_gateway.domain.ports import Clock
from tornado_gateway.domain.quotas import Budget, Limits, Quotas
from tornado_gateway.domain.reckoning import Reckoned, reckon
from tornado_gateway.domain.remembered import Remembered
from tornado_gateway.domain.routes import RoutePlan, Target

_EVERYONE = "everyone"

_NOTHING = Quotas()
_MOST = 2**53
"""Of a claim: Redis reckons in floats, which are exact up to here. No limit is as high."""
_REMEMBERED = 4096
"""Subjects whose claims are made already: callers and their addresses have no end, beyond it the memory starts anew."""


class _Limited(NamedTuple):
    """What is the same in all claims on ``limits`` of one subject: those that count calls whole."""

    limits: Limits
    fixed: tuple[Claim, ...]
    subject: Subject
    tokens: str
    """The counter."""


class _Budgeted(NamedTuple):
    """A claim on ``budget`` in ``term``, but for its amount."""

    budget: Budget
    term: Term
    counter: str
    limit: int


class Claims:
    """Works out claims; the periods of budgets are those of ``clock``."""

    def __init__(self, clock: Clock) -> None:
        self._calendar = Calendar(clock)
        self._limited: Remembered[str, _Limited] = Remembered(_REMEMBERED)
        self._budgeted: Remembered[tuple[str, str], _Budgeted] = Remembered(_REMEMBERED)

    def of(self, call: ModelCall, plan: RoutePlan, quotas: Quotas | None, context: RequestContext) -> list[Claim]:
        """In the order in which they are told of: whoever is the caller's own comes first."""
        said = quotas or _NOTHING
        tags = tags_of(call, context)
        reckoned = None if is_count(call) else reckon(call)
        claims: list[Claim] = []
        for name, limits in _limits(said, plan, tags, context):
            self._add(claims, name, limits, reckoned)
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
        key = (subject.name, budget.period)
        known = self._budgeted.get(key)
        if known is None or known.term is not term or known.budget != budget:
            counter = f"budget:{term.name}:{subject.name}"
            known = self._budgeted.keep(key, _Budgeted(budget, term, counter, nano_down(budget.amount)))
        return Claim(known.counter, subject, "budget", known.limit, amount, least, budget, term)

    def _add(self, claims: list[Claim], name: str, limits: Limits, reckoned: Reckoned | None) -> None:
        known = self._limited.get(name)
        if known is None or (known.limits is not limits and known.limits != limits):
            known = self._limited.keep(name, _limited(Subject(name), limits))
        claims += known.fixed
        if limits.tokens_per_minute is not None and reckoned is not None:
            most = min(_MOST, reckoned.prompt + reckoned.output)
            least = most if reckoned.bounded else min(_MOST, reckoned.prompt)
            claims.append(Claim(known.tokens, known.subject, "tokens", limits.tokens_per_minute, most, least))

    def _money(
        self, subject: Subject, budget: Budget, targets: Iterable[Target], reckoned: Reckoned
    ) -> Iterator[Claim]:
        ceilings = [target.ceiling for target in targets if target.ceiling is not None]
        most = min(_MOST, max([ceiling.nano(reckoned.prompt, reckoned.output) for ceiling in ceilings], default=0))
        if not most:
            return
        least = most
        if not reckoned.bounded:
            least = min(most, max(1, *[ceiling.nano(reckoned.prompt, 0) for ceiling in ceilings]))
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
) -> Iterator[tuple[str, Limits]]:
    """By the names of the subjects: no limit asks the ledger for anything."""
    principal = context.principal
    if principal is not None and principal.limits is not None:
        yield f"key {principal.id}", principal.limits
    for entry in quotas.tag_limits:
        if entry.tag.items() <= tags.items():
            yield of_tags(entry.tag).name, entry.limits
    if quotas.per_address is not None and context.address is not None:
        yield f"address {context.address}", quotas.per_address
    route = quotas.routes.get(plan.route)
    if route is not None and route.limits is not None:
        yield f"route {plan.route}", route.limits
    if quotas.everyone is not None:
        yield _EVERYONE, quotas.everyone


def _budgets(quotas: Quotas, tags: Mapping[str, str], context: RequestContext) -> Iterator[tuple[Subject, Budget]]:
    principal = context.principal
    if principal is not None and principal.budget is not None:
        yield of_key(principal.id), principal.budget
    for entry in quotas.tag_budgets:
        if entry.tag.items() <= tags.items():
            yield of_tags(entry.tag), entry.budget


def _limited(subject: Subject, limits: Limits) -> _Limited:
    whole: tuple[tuple[What, int | None], ...] = (
        ("requests", limits.requests_per_minute),
        ("concurrent", limits.concurrent),
    )
    fixed = tuple(Claim(f"{what}:{subject.name}", subject, what, limit) for what, limit in whole if limit is not None)
    return _Limited(limits, fixed, subject, f"tokens:{subject.name}")
