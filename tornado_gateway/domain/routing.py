"""name -> RoutePlan: who is to be asked, in which order. Worked out once a name and revision, then looked up."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from tornado_gateway.domain.cache_keys import fingerprint
from tornado_gateway.domain.caching import CachePlan
from tornado_gateway.domain.ceilings import ceiling_of
from tornado_gateway.domain.context import RequestContext
from tornado_gateway.domain.errors import GatewayError, ModelNotFound, ModelNotPriced, ProviderNotConfigured
from tornado_gateway.domain.listing import usable
from tornado_gateway.domain.nearest import in_words, nearest
from tornado_gateway.domain.principal import Principal, check_model
from tornado_gateway.domain.routes import Route, RoutePlan, RouteTable, RouteTarget, Stage, Target
from tornado_gateway.domain.snapshot import Snapshot


def plan(snapshot: Snapshot, model: str, at: datetime, principal: Principal | None = None) -> RoutePlan:
    """The plan for the caller's ``model``, with the prices that hold at ``at``.

    Raises ``ModelNotFound``, which offers what ``principal`` may use, ``ModelNotPriced`` or ``ProviderNotConfigured``
    where nothing is left to ask.
    """
    key = snapshot.prices.era(at), model
    known = snapshot.plans.get(key)
    if known is not None:
        return known
    return snapshot.plans.keep(key, _make(snapshot, model, at, principal))


def enter(snapshot: Snapshot, model: str, context: RequestContext, at: datetime) -> RoutePlan:
    """``plan`` for a caller who may name ``model``. Whatever becomes of the call, from here on it is its route's.

    Raises ``ModelNotAllowed`` too.
    """
    context.trail.revision = snapshot.revision
    try:
        check_model(context.principal, model)
        made = plan(snapshot, model, at, context.principal)
    except GatewayError:
        route = snapshot.routes.match(model)
        if route is not None:
            context.trail.route = route.name
        raise
    context.trail.route = made.route
    return made


def find(routes: RouteTable, model: str, principal: Principal | None) -> Route:
    """The route that serves ``model``. Raises ``ModelNotFound``, which offers what ``principal`` may use."""
    route = routes.match(model)
    if route is None:
        near = nearest(model, [name for name, _ in usable(routes, principal)])
        hint = f" Did you mean {in_words(near)}?" if near else ""
        raise ModelNotFound(f"There is no model {model!r}.{hint}", param="model")
    return route


def _make(snapshot: Snapshot, model: str, at: datetime, principal: Principal | None) -> RoutePlan:
    route = find(snapshot.routes, model, principal)
    priced = [
        step
        for step in chain(snapshot.routes, route, model)
        if snapshot.prices.allow_unpriced or snapshot.prices.find(step.target.provider, step.model, at) is not None
    ]
    if not priced:
        raise ModelNotPriced(f"Model {model!r} has no price in gateway.yaml, and unpriced models are refused.")
    ready = [step for step in priced if snapshot.providers[step.target.provider].configured]
    if not ready:
        names = ", ".join(repr(name) for name in dict.fromkeys(step.target.provider for step in priced))
        raise ProviderNotConfigured(f"Model {model!r} is served by provider {names}, which has no API key set.")
    stages: dict[str, Stage] = {}
    for step in ready:
        made = _target(snapshot, step, at)
        known = stages.get(step.route.name)
        before = () if known is None else known.targets
        stages[step.route.name] = Stage(step.route.name, step.route.strategy, (*before, made), step.on)
    plan = _beginning(tuple(stages.values()))
    if not plan:
        raise ProviderNotConfigured(f"Model {model!r} is served by a provider that has no API key set.")
    total = route.timeouts.total
    cache = None if route.cache is None else CachePlan(route.cache, fingerprint(plan, route.guards))
    return RoutePlan(route=route.name, stages=plan, hedge=route.hedge, total=total, cache=cache, guards=route.guards)


def _beginning(stages: tuple[Stage, ...]) -> tuple[Stage, ...]:
    """Where the route itself has nobody to ask, the first fallback that stands in for that begins."""
    if stages[0].on is None:
        return stages
    for position, stage in enumerate(stages):
        if stage.on is not None and "not_configured" in stage.on:
            return (replace(stage, on=None), *stages[position + 1 :])
    return ()


def named(route: str, target: str | None, wanted: str) -> str:
    """The provider's name for the model: the target's own, what its ``*`` stands for put in, or the caller's."""
    if target is None:
        return wanted
    if "*" not in target or not route.endswith("*"):
        return target
    return target.replace("*", wanted.removeprefix(route[:-1]), 1)


@dataclass(frozen=True, slots=True)
class Step:
    """One target on the way through a route and its fallbacks, and the model's name that goes with it.

    ``on``: the failures that lead there, None on the route itself.
    """

    route: Route
    wanted: str
    target: RouteTarget
    on: frozenset[str] | None = None

    @property
    def model(self) -> str:
        """The provider's name for the model."""
        return named(self.route.name, self.target.model, self.wanted)


def chain(routes: RouteTable, route: Route, model: str) -> Iterator[Step]:
    """A route's targets, then its fallbacks' and theirs."""
    seen: set[str] = set()
    waiting: list[tuple[Route, str, frozenset[str] | None]] = [(route, model, None)]
    while waiting:
        route, model, on = waiting.pop()
        if route.name in seen:
            continue
        seen.add(route.name)
        for target in route.targets:
            yield Step(route, model, target, on)
        for fallback in reversed(route.fallbacks):
            name = fallback.route
            found = routes.find(name)
            if found is not None:
                waiting.append((found, model if name.endswith("*") else name, fallback.on))


def _target(snapshot: Snapshot, step: Step, at: datetime) -> Target:
    route, target, upstream_model = step.route, step.target, step.model
    card = snapshot.prices.find(target.provider, upstream_model, at)
    label = upstream_model
    if route.wildcard and (target.model is None or "*" in target.model):
        label = route.name if card is None else card.model.removeprefix(f"{target.provider}/")
    provider = snapshot.providers[target.provider]
    return Target(
        route=route.name,
        provider=provider,
        model=upstream_model,
        model_label=label,
        weight=target.weight,
        card=card,
        retries=provider.retries if route.retries is None else route.retries,
        timeouts=route.timeouts.over(provider.timeouts),
        ceiling=ceiling_of(card),
    )
