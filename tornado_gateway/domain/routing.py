"""name -> RoutePlan: who is to be asked, in which order. Worked out once a name and revision, then looked up."""

from collections.abc import Iterator
from difflib import get_close_matches

from tornado_gateway.domain.errors import ModelNotFound, ModelNotPriced, ProviderNotConfigured
from tornado_gateway.domain.routes import Route, RoutePlan, RouteTable, RouteTarget, Stage, Target
from tornado_gateway.domain.snapshot import Snapshot

_REMEMBERED = 4096
"""Wildcard routes make plans for names that callers invent: beyond this many the memory starts anew."""


def plan(snapshot: Snapshot, model: str) -> RoutePlan:
    """The plan for the caller's ``model``.

    Raises ``ModelNotFound``, ``ModelNotPriced`` or ``ProviderNotConfigured`` where nothing is left to ask.
    """
    known = snapshot.plans.get(model)
    if known is not None:
        return known
    made = _make(snapshot, model)
    if len(snapshot.plans) >= _REMEMBERED:
        snapshot.plans.clear()
    snapshot.plans[model] = made
    return made


def _make(snapshot: Snapshot, model: str) -> RoutePlan:
    route = snapshot.routes.match(model)
    if route is None:
        raise ModelNotFound(_not_found(snapshot, model), param="model")
    priced = [
        (route, model, target)
        for route, model, target in chain(snapshot.routes, route, model)
        if snapshot.prices.allow_unpriced or snapshot.prices.find(target.provider, target.model or model) is not None
    ]
    if not priced:
        raise ModelNotPriced(f"Model {model!r} has no price in gateway.yaml, and unpriced models are refused.")
    ready = [item for item in priced if snapshot.providers[item[2].provider].configured]
    if not ready:
        names = ", ".join(repr(name) for name in dict.fromkeys(target.provider for _, _, target in priced))
        raise ProviderNotConfigured(f"Model {model!r} is served by provider {names}, which has no API key set.")
    stages: dict[str, Stage] = {}
    for route_of, wanted, target in ready:
        made = _target(snapshot, route_of, wanted, target)
        before = stages[route_of.name].targets if route_of.name in stages else ()
        stages[route_of.name] = Stage(route_of.name, route_of.strategy, (*before, made))
    return RoutePlan(route=route.name, stages=tuple(stages.values()))


def chain(routes: RouteTable, route: Route, model: str) -> Iterator[tuple[Route, str, RouteTarget]]:
    """A route's targets, then its fallbacks' and theirs, each with the model's name that goes with it."""
    seen: set[str] = set()
    waiting = [(route, model)]
    while waiting:
        route, model = waiting.pop()
        if route.name in seen:
            continue
        seen.add(route.name)
        for target in route.targets:
            yield route, model, target
        for name in reversed(route.fallbacks):
            fallback = routes.get(name) or routes.match(name)
            if fallback is not None:
                waiting.append((fallback, model if name.endswith("*") else name))


def _target(snapshot: Snapshot, route: Route, model: str, target: RouteTarget) -> Target:
    upstream_model = target.model or model
    card = snapshot.prices.find(target.provider, upstream_model)
    label = upstream_model
    if target.model is None and route.wildcard:
        label = route.name if card is None else card.model.removeprefix(f"{target.provider}/")
    return Target(
        route=route.name,
        provider=snapshot.providers[target.provider],
        model=upstream_model,
        model_label=label,
        weight=target.weight,
        card=card,
    )


def _not_found(snapshot: Snapshot, model: str) -> str:
    near = get_close_matches(model, [route.name for route in snapshot.routes], n=3, cutoff=0.5)
    message = f"There is no model {model!r}."
    if not near:
        return message
    return f"{message} Did you mean {' or '.join(repr(name) for name in near)}?"
