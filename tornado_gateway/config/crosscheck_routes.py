"""Crosschecks of ``routes``: targets and names."""

from collections.abc import Iterator
from typing import Any

from tornado_gateway.config.outline import Outline
from tornado_gateway.config.problems import Problem
from tornado_gateway.config.source import Path, Source
from tornado_gateway.domain.nearest import did_you_mean
from tornado_gateway.domain.routes import Route, RouteTable

_KEYS = {"provider", "model", "targets", "strategy", "fallbacks", "retry", "timeouts", "hedge", "mirror"}


def check_routes(source: Source, document: Outline) -> Iterator[Problem]:
    for name, route in document.routes.items():
        if isinstance(route, dict):
            yield from _form(source, ("routes", name), route)
    for entry in document.table:
        yield from _targets(source, document, entry)
        yield from _hidden(source, document, entry)
    yield from _alike(source, document.table)


def _form(source: Source, path: Path, route: dict[str, Any]) -> Iterator[Problem]:
    if "targets" in route and ("provider" in route or "model" in route):
        yield source.problem(path, "either provider (and model) or targets, not both", key=True)
    if "targets" not in route and "provider" not in route and set(route) <= _KEYS:
        yield source.problem(path, "a route needs a provider or targets", key=True)
    targets = route.get("targets")
    if route.get("strategy") != "weighted" and isinstance(targets, list):
        for index, target in enumerate(targets):
            if isinstance(target, dict) and "weight" in target:
                where = (*path, "targets", index, "weight")
                yield source.warning(where, "a weight counts under strategy weighted alone", key=True)


def _targets(source: Source, document: Outline, route: Route) -> Iterator[Problem]:
    seen: set[tuple[str, str]] = set()
    for place, target in zip(document.places[route.name], route.targets, strict=True):
        if target.provider not in document.providers:
            advice = did_you_mean(target.provider, document.providers)
            yield source.problem((*place, "provider"), f"there is no provider {target.provider!r}{advice}")
        if target.model is not None and "*" in target.model:
            yield from _pattern(source, route, (*place, "model"), target.model)
        same = (target.provider, target.model or route.name)
        if same in seen:
            yield source.problem(place, "the same target twice: raise its weight instead")
        seen.add(same)


def _pattern(source: Source, route: Route, path: Path, model: str) -> Iterator[Problem]:
    if not route.wildcard:
        yield source.problem(path, f"a * in a model is for a route whose name ends in one: {route.name!r} does not")
    elif model.count("*") > 1:
        yield source.problem(path, "at most one * in a model: what the route's stands for takes its place")


def _hidden(source: Source, document: Outline, route: Route) -> Iterator[Problem]:
    """A name that shadows the model of that name: who asks for it gets another one."""
    models = [target.model for target in route.targets]
    if route.wildcard or None in models or route.name in models:
        return
    hidden = [target.provider for target in route.targets if f"{target.provider}/{route.name}" in document.prices]
    if hidden:
        others = ", ".join(repr(model) for model in dict.fromkeys(models))
        message = f"shadows {hidden[0]}'s own model of that name: who asks for {route.name!r} gets {others}"
        yield source.warning(("routes", route.name), message, key=True)


def _alike(source: Source, table: RouteTable) -> Iterator[Problem]:
    # An exact name that a pattern also matches is how exceptions are made; one that is told apart from another only
    # by case is how a caller gets the wrong model.
    seen: dict[str, str] = {}
    for route in table:
        other = seen.setdefault(route.name.lower(), route.name)
        if other != route.name:
            yield source.warning(("routes", route.name), f"differs from route {other!r} only by case", key=True)
