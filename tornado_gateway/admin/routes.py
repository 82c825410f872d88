"""The routes with each target's condition, and who stands in for whom."""

from collections.abc import Callable, Iterator
from typing import Any

from tornado_gateway.admin.documents import told
from tornado_gateway.admin.health import WINDOW, HealthBook, TargetKey
from tornado_gateway.admin.parameters import Parameters
from tornado_gateway.domain.administration import Asked, Told
from tornado_gateway.domain.breakers import Breakers
from tornado_gateway.domain.endpoints import Provider
from tornado_gateway.domain.ports import Clock
from tornado_gateway.domain.routes import Route, RouteTarget
from tornado_gateway.domain.routing import named
from tornado_gateway.domain.snapshot import Snapshot, SnapshotHolder

Busy = Callable[[TargetKey], int]


class Routes:
    """What is measured is this process's own."""

    def __init__(
        self,
        *,
        snapshots: SnapshotHolder,
        breakers: Breakers,
        busy: Busy,
        health: HealthBook,
        clock: Clock,
        worker: int | None,
    ) -> None:
        self._snapshots = snapshots
        self._breakers = breakers
        self._busy = busy
        self._health = health
        self._clock = clock
        self._worker = worker

    async def answer(self, asked: Asked) -> Told:
        Parameters(asked, (), self._clock.now())
        snapshot = self._snapshots.current
        routes = [self._route(route, snapshot) for route in snapshot.routes]
        return told({"worker": self._worker, "window_seconds": WINDOW, "routes": routes})

    def _route(self, route: Route, snapshot: Snapshot) -> dict[str, Any]:
        return {
            "name": route.name,
            "line": route.line,
            "strategy": route.strategy,
            "targets": [self._target(route, target, snapshot) for target in route.targets],
            "fallbacks": [
                {
                    "route": fallback.route,
                    "served_by": _serves(fallback.route, snapshot),
                    "on": sorted(fallback.on),
                }
                for fallback in route.fallbacks
            ],
            "mirror": None
            if route.mirror is None
            else {
                "route": route.mirror.route,
                "served_by": _serves(route.mirror.route, snapshot),
                "percent": route.mirror.percent,
            },
            "hedged": route.hedge is not None,
            "cached": route.cache is not None,
        }

    def _target(self, route: Route, target: RouteTarget, snapshot: Snapshot) -> dict[str, Any]:
        provider = snapshot.providers[target.provider]
        model = named(route.name, target.model, route.name)
        card = snapshot.prices.find(target.provider, model, self._clock.now())
        keys = list(self._keys(route, target, model))
        endpoints = [self._endpoint(key) for key in (endpoint.key for endpoint in provider.endpoints)]
        return {
            "provider": target.provider,
            "model": model,
            "weight": target.weight,
            "configured": provider.configured,
            "price_row": None if card is None else card.model,
            "circuit": _circuit(provider, endpoints),
            "endpoints": endpoints,
            "in_flight": sum(self._busy(key) for key in keys),
            **self._health.of(keys),
        }

    def _keys(self, route: Route, target: RouteTarget, model: str) -> Iterator[TargetKey]:
        """What a pattern serves goes by the name of its price row, or by its own."""
        if not model.endswith("*"):
            yield target.provider, model
            return
        for label in {route.name, *self._health.labels(target.provider)}:
            if label == route.name or label.startswith(model[:-1]):
                yield target.provider, label

    def _endpoint(self, key: tuple[str, int]) -> dict[str, Any]:
        rest = self._breakers.retry_in(key)
        return {
            "endpoint": key[1],
            "circuit": self._breakers.state(key),
            "retry_in": None if rest is None else round(rest, 3),
        }


def _serves(name: str, snapshot: Snapshot) -> str | None:
    """The route that takes calls of ``name``: a pattern may."""
    found = snapshot.routes.find(name)
    return None if found is None else found.name


def _circuit(provider: Provider, endpoints: list[dict[str, Any]]) -> str | None:
    """The best of them: so long as one is closed, calls are served. None where nobody can be asked."""
    states = {endpoint["circuit"] for endpoint in endpoints}
    return next((state for state in ("closed", "half_open", "open") if state in states), None)
