"""Crosschecks of what providers and routes say for a bad day: whether the times and counts fit each other."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from tornado_gateway.config.outline import Outline
from tornado_gateway.config.problems import Problem
from tornado_gateway.config.source import Path, Source
from tornado_gateway.domain.policies import BreakerPolicy
from tornado_gateway.domain.routes import Route

_MOST_CALLS = 1000
"""Calls a second to one endpoint that a breaker's window may count on."""


def check_policies(source: Source, document: Outline) -> Iterator[Problem]:
    for name, provider in document.providers.items():
        if isinstance(provider, dict):
            path: Path = ("providers", name)
            yield from _timeouts(source, path, provider)
            yield from _breaker(source, path, provider.get("breaker"))
            if "queue" in provider and "max_concurrency" not in provider:
                yield source.problem((*path, "queue"), "nobody waits without a max_concurrency: say one", key=True)
    for route in document.table:
        raw = document.routes[route.name]
        yield from _timeouts(source, ("routes", route.name), raw)
        if "hedge" in raw and _alone(document, route):
            message = "nobody to hedge with: one target, one endpoint, no fallback"
            yield source.warning(("routes", route.name, "hedge"), message, key=True)


def _timeouts(source: Source, path: Path, entry: dict[str, Any]) -> Iterator[Problem]:
    said = entry.get("timeouts")
    if not isinstance(said, dict) or not _number(said.get("total")):
        return
    total = said["total"]
    for name in ("connect", "first_token"):
        if _number(said.get(name)) and said[name] > total:
            message = f"longer than total: {said[name]} seconds never pass in {total}"
            yield source.problem((*path, "timeouts", name), message)


def _breaker(source: Source, path: Path, said: Any) -> Iterator[Problem]:
    if not isinstance(said, dict):
        return
    usual = BreakerPolicy()
    minimum, window = said.get("minimum", usual.minimum), said.get("window", usual.window)
    if not _number(minimum) or not _number(window) or window <= 0:
        return
    if minimum == 1:
        where: Path = (*path, "breaker", "minimum")
        yield source.warning(where, "a share of one call: the first that fails in a quiet window opens the circuit")
    elif minimum > Decimal(window) * _MOST_CALLS:
        where = (*path, "breaker", "minimum" if "minimum" in said else "window")
        message = f"{minimum} calls in {window} seconds never happen: the ratio will not open the circuit"
        yield source.warning(where, message)


def _number(value: Any) -> bool:
    return isinstance(value, int | Decimal | float) and not isinstance(value, bool)


def _alone(document: Outline, route: Route) -> bool:
    if len(route.targets) != 1 or route.fallbacks:
        return False
    provider = document.providers.get(route.targets[0].provider)
    endpoints = provider.get("endpoints") if isinstance(provider, dict) else None
    return not isinstance(endpoints, list) or len(endpoints) < 2
