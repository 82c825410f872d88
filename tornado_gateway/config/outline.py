"""What a document says of routes and prices, as far as it has the right shape: what the crosschecks walk."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from tornado_gateway.config.source import Path
from tornado_gateway.domain.money import PriceCard
from tornado_gateway.domain.policies import FALLBACK_KINDS, USUAL_KINDS, Fallback, Mirror
from tornado_gateway.domain.prices import PriceTable
from tornado_gateway.domain.routes import Route, RouteTable, RouteTarget


@dataclass(frozen=True, slots=True)
class Outline:
    """Raw sections by name, and the domain's own tables over their names, so that both find alike.

    ``places`` are the paths of a route's targets, in their order; ``ways`` those of its fallbacks' names.
    """

    server: dict[str, Any]
    cors: dict[str, Any]
    ledger: dict[str, Any]
    otel: dict[str, Any]
    providers: dict[str, Any]
    routes: dict[str, Any]
    prices: dict[str, Any]
    allow_unpriced: bool
    table: RouteTable
    places: dict[str, tuple[Path, ...]]
    ways: dict[str, tuple[Path, ...]]
    cards: PriceTable


def outline(document: Any) -> Outline:
    """Parts of a wrong shape are left out: the schema has its say on them."""
    routes = _mapping(document, "routes")
    pricing = _mapping(document, "pricing")
    prices = _mapping(pricing, "models")
    targets = {name: list(_targets(name, route)) for name, route in routes.items() if isinstance(route, dict)}
    fallbacks = {name: list(_fallbacks(name, routes[name])) for name in targets}
    return Outline(
        server=_mapping(document, "server"),
        cors=_mapping(document, "cors"),
        ledger=_mapping(document, "ledger"),
        otel=_mapping(document, "otel"),
        providers=_mapping(document, "providers"),
        routes=routes,
        prices=prices,
        allow_unpriced=pricing.get("allow_unpriced") is True,
        table=RouteTable(
            Route(
                name,
                tuple(target for _, target in found),
                fallbacks=tuple(fallback for _, fallback in fallbacks[name]),
                mirror=_mirror(routes[name]),
            )
            for name, found in targets.items()
        ),
        places={name: tuple(place for place, _ in found) for name, found in targets.items()},
        ways={name: tuple(way for way, _ in found) for name, found in fallbacks.items()},
        cards=PriceTable(PriceCard(name, Decimal(0), Decimal(0)) for name in prices),
    )


def _mapping(parent: Any, name: str) -> dict[str, Any]:
    value = parent.get(name) if isinstance(parent, dict) else None
    return value if isinstance(value, dict) else {}


def _targets(name: str, route: dict[str, Any]) -> Iterator[tuple[Path, RouteTarget]]:
    listed = route.get("targets")
    entries: list[tuple[Path, Any]] = [(("routes", name), route)] if "provider" in route else []
    if isinstance(listed, list):
        entries = [(("routes", name, "targets", index), entry) for index, entry in enumerate(listed)]
    for place, entry in entries:
        if not isinstance(entry, dict) or not isinstance(entry.get("provider"), str):
            continue
        model = entry.get("model")
        if model is None or isinstance(model, str):
            yield place, RouteTarget(entry["provider"], model)


def _fallbacks(name: str, route: dict[str, Any]) -> Iterator[tuple[Path, Fallback]]:
    listed = route.get("fallbacks")
    for index, entry in enumerate(listed if isinstance(listed, list) else ()):
        place: Path = ("routes", name, "fallbacks", index)
        if isinstance(entry, str):
            yield place, Fallback(entry)
        elif isinstance(entry, dict) and isinstance(entry.get("route"), str):
            kinds = entry.get("on", list(USUAL_KINDS))
            known = [kind for kind in kinds if isinstance(kind, str)] if isinstance(kinds, list) else ()
            yield (*place, "route"), Fallback(entry["route"], FALLBACK_KINDS.intersection(known))


def _mirror(route: dict[str, Any]) -> Mirror | None:
    name = _mapping(route, "mirror").get("route")
    return Mirror(name, 100.0) if isinstance(name, str) else None
