"""Routes: the deployments of one ``model_name``, its aliases, and who comes next where it fails. Pure.

Source: docs.litellm.ai, "Router - Load Balancing" and "Fallbacks".
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from math import gcd, lcm
from typing import Any, Final

from tornado_gateway.cli.litellm.document import Part
from tornado_gateway.cli.litellm.providers import Named

_STRATEGIES: Final = {
    "simple-shuffle": "weighted",
    "latency-based-routing": "least_latency",
    "least-busy": "least_busy",
    "usage-based-routing": "least_busy",
    "usage-based-routing-v2": "least_busy",
    "cost-based-routing": "cheapest",
}
_KINDS: Final = {
    "fallbacks": None,
    "context_window_fallbacks": "context_length",
    "content_policy_fallbacks": "content_filter",
}
_MOST_WEIGHT: Final = 1_000_000

Routes = dict[str, dict[str, Any]]


def make_routes(named: Sequence[Named], router: Part) -> Routes:
    """One route for each ``model_name``, by the router's strategy where several serve it."""
    said = router.take("routing_strategy") or "simple-shuffle"
    strategy = _STRATEGIES.get(said) if isinstance(said, str) else None
    if strategy is None:
        router.note("has no counterpart: weighted instead", "routing_strategy")
    elif isinstance(said, str) and said.startswith("usage-based"):
        router.note("has no counterpart: least_busy instead", "routing_strategy")
    groups: dict[str, list[Named]] = {}
    for each in named:
        groups.setdefault(each.deployment.group, []).append(each)
    return {name: _route(name, members, strategy or "weighted") for name, members in groups.items()}


def _route(name: str, members: list[Named], strategy: str) -> dict[str, Any]:
    merged = list(_merged(members))
    targets = [_target(name, each) for each, _ in merged]
    if len(targets) == 1:
        return targets[0]
    orders = [each.deployment.order for each, _ in merged]
    if any(order is not None for order in orders):
        places = sorted(range(len(merged)), key=lambda index: (orders[index] is None, orders[index]))
        return {"targets": [targets[index] for index in places]}
    weights = [weight for _, weight in merged]
    if strategy == "weighted" and any(weight is not None for weight in weights):
        for target, weight in zip(targets, _shares(weights), strict=True):
            target["weight"] = weight
    return {"strategy": strategy, "targets": targets}


def _target(name: str, each: Named) -> dict[str, Any]:
    model = each.deployment.model
    return {"provider": each.provider, **({} if model == name else {"model": model})}


def _merged(members: Iterable[Named]) -> Iterator[tuple[Named, Decimal | None]]:
    """Each target once, with the weights of all its deployments together."""
    found: dict[tuple[str, str], tuple[Named, Decimal | None]] = {}
    for each in members:
        same = (each.provider, each.deployment.model)
        weight = each.deployment.weight
        if same in found:
            each.deployment.part.note("the same target as one before: its weight is added there")
            first, before = found[same]
            weight = None if weight is None or before is None else weight + before
            found[same] = (first, weight)
        else:
            found[same] = (each, weight)
    yield from found.values()


def _shares(weights: Sequence[Decimal | None]) -> list[int]:
    """Whole numbers in the same proportion; who says nothing counts as the least of the others."""
    given = [Fraction(weight) for weight in weights if weight is not None]
    parts = [min(given) if weight is None else Fraction(weight) for weight in weights]
    common = lcm(*(part.denominator for part in parts))
    whole = [int(part * common) for part in parts]
    least = gcd(*whole)
    shrink = max(1, -(-max(whole) // (least * _MOST_WEIGHT)))
    return [max(1, share // (least * shrink)) for share in whole]


def aliases_of(routes: Routes, router: Part) -> dict[str, str]:
    """``model_group_alias``: other names for routes; they go before a route of that name, as in LiteLLM."""
    aliases = router.part("model_group_alias")
    found: dict[str, str] = {}
    for alias in list(aliases.members()):
        given = aliases.take(alias)
        if isinstance(given, dict):
            aliases.note("shown in /v1/models: a route can't be hidden", alias)
            given = given.get("model")
        if not isinstance(given, str) or given not in routes:
            aliases.note("leads to no route: left out", alias)
            continue
        if alias in routes:
            aliases.note("is a model_name as well: the alias goes before it", alias)
        found[alias] = given
    return found


def add_aliases(routes: Routes, aliases: Mapping[str, str]) -> None:
    """Once everything else of the routes is said."""
    made = {alias: _spelled_out(name, routes[name]) for alias, name in aliases.items()}
    routes.update(made)


def _spelled_out(name: str, route: Mapping[str, Any]) -> dict[str, Any]:
    """A copy whose targets name their models, for another route's name would stand for them."""
    if "targets" not in route:
        return {"model": name, **route}
    targets = [{"model": name, **target} for target in route["targets"]]
    return {**route, "targets": [_ordered(target) for target in targets]}


def _ordered(target: Mapping[str, Any]) -> dict[str, Any]:
    return {key: target[key] for key in ("provider", "model", "weight") if key in target}


def add_fallbacks(routes: Routes, sections: Sequence[Part], aliases: Mapping[str, str]) -> None:
    """Those of every section, then ``default_fallbacks``. One that would lead back in a circle is left out."""
    for section in sections:
        for member, kind in _KINDS.items():
            for entry in section.parts(member):
                for name in list(entry.members()):
                    _add(routes, name, entry, _names(entry.take(name), aliases), kind, aliases)
    for section in sections:
        for name in _names(section.take("default_fallbacks"), aliases):
            for route in list(routes):
                if route != name:
                    _link(routes, route, name, None, section, "default_fallbacks")


def _add(
    routes: Routes, name: str, entry: Part, others: Iterable[str], kind: str | None, aliases: Mapping[str, str]
) -> None:
    own = aliases.get(name, name)
    if own != "*" and own not in routes:
        entry.note("is the fallback of no route: left out", name)
        return
    for other in others:
        for route in [own] if own in routes else list(routes):
            if route != other:
                _link(routes, route, other, kind, entry, name)


def _names(value: Any, aliases: Mapping[str, str]) -> Iterator[str]:
    for each in value if isinstance(value, list) else ():
        name = str(each.get("model", "")) if isinstance(each, dict) else str(each)
        yield aliases.get(name, name)


def _link(routes: Routes, route: str, other: str, kind: str | None, part: Part, name: str) -> None:
    if other not in routes:
        part.note(f"{other!r} is no route: left out", name)
        return
    if route in _reached(routes, other):
        part.note(f"from {route!r} to {other!r} closes a circle: left out", name)
        return
    listed = routes[route].setdefault("fallbacks", [])
    if other not in [_name(each) for each in listed]:
        listed.append(other if kind is None else {"route": other, "on": [kind]})


def _reached(routes: Routes, start: str) -> set[str]:
    found: set[str] = set()
    waiting = [start]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += [_name(each) for each in routes[name].get("fallbacks", ())]
    return found


def _name(fallback: Any) -> str:
    return fallback if isinstance(fallback, str) else str(fallback["route"])
