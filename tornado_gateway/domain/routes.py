"""RouteTable: the names callers may use, and the targets behind each."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from tornado_gateway.domain.caching import CachePlan, CachePolicy
from tornado_gateway.domain.ceilings import Ceiling
from tornado_gateway.domain.endpoints import Provider
from tornado_gateway.domain.guardrails.rules import RouteGuards
from tornado_gateway.domain.money import PriceCard
from tornado_gateway.domain.policies import Fallback, Hedge, Mirror, Timeouts


@dataclass(frozen=True, slots=True)
class RouteTarget:
    """``model`` is the provider's name for it; None takes the name that the caller used."""

    provider: str
    model: str | None = None
    weight: int = 1


@dataclass(frozen=True, slots=True)
class Route:
    """``name`` is an exact name or a pattern ``prefix*``; ``retries`` and ``timeouts`` go before the provider's."""

    name: str
    targets: tuple[RouteTarget, ...]
    strategy: str = "priority"
    fallbacks: tuple[Fallback, ...] = ()
    retries: int | None = None
    timeouts: Timeouts = field(default_factory=Timeouts)
    hedge: Hedge | None = None
    mirror: Mirror | None = None
    cache: CachePolicy | None = None
    guards: RouteGuards | None = None
    line: int | None = field(default=None, compare=False)

    @property
    def wildcard(self) -> bool:
        return self.name.endswith("*")


@dataclass(frozen=True, slots=True)
class Target:
    """One provider to ask for one model. ``card`` is None only for an unpriced model under ``allow_unpriced``.

    ``route`` and ``model_label`` are names of gateway.yaml: a wildcard's model is a caller's text, so that its label
    is the price row's name or the route's. ``retries`` is how many times it may be asked again.
    """

    route: str
    provider: Provider
    model: str
    model_label: str
    weight: int
    card: PriceCard | None
    retries: int = 0
    timeouts: Timeouts = field(default_factory=Timeouts)
    ceiling: Ceiling | None = None
    """What a call may cost there, None where it costs nothing."""


@dataclass(frozen=True, slots=True)
class Stage:
    """The targets of one route, told apart by its strategy. ``on``: the failures after which a fallback is asked, None
    for the route that the caller named."""

    route: str
    strategy: str
    targets: tuple[Target, ...]
    on: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class RoutePlan:
    """A route's own stage first, then those of its fallbacks in order. ``total``: seconds for the whole call."""

    route: str
    stages: tuple[Stage, ...]
    hedge: Hedge | None = None
    total: float | None = None
    cache: CachePlan | None = None
    guards: RouteGuards | None = None
    """The rules for what is asked and answered, None where there are none."""


class RouteTable:
    """An exact name wins, then the longest pattern; the order of the file decides nothing."""

    def __init__(self, routes: Iterable[Route] = ()) -> None:
        self._routes = {route.name: route for route in routes}
        self.caching = any(route.cache is not None for route in self._routes.values())
        """Whether any route has a cache."""
        patterns = [route for route in self._routes.values() if route.wildcard]
        self._patterns = tuple(
            (route.name[:-1], route) for route in sorted(patterns, key=lambda route: len(route.name), reverse=True)
        )

    def match(self, model: str) -> Route | None:
        """The route that serves the caller's ``model``, None where there is none."""
        route = self._routes.get(model)
        if route is not None and not route.wildcard:
            return route
        return next((route for prefix, route in self._patterns if model.startswith(prefix)), None)

    def get(self, name: str) -> Route | None:
        """The route of exactly this name, pattern or not."""
        return self._routes.get(name)

    def find(self, name: str) -> Route | None:
        """The route that a fallback or a mirror means by ``name``: the one of exactly this name, else who serves it."""
        return self.get(name) or self.match(name)

    def __iter__(self) -> Iterator[Route]:
        return iter(self._routes.values())

    def __len__(self) -> int:
        return len(self._routes)
