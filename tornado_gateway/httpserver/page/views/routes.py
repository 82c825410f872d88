"""The routes as a table: what the picture shows, for whoever reads or listens, and the figures."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tornado_gateway.httpserver.page.views.conditions import Condition, of_route, of_target
from tornado_gateway.httpserver.page.views.picture import Picture, picture_of
from tornado_gateway.httpserver.page.views.reasons import reasons


@dataclass(frozen=True, slots=True)
class TargetRow:
    name: str
    condition: Condition
    figures: Mapping[str, Any]
    """As ``GET routes`` tells them."""


@dataclass(frozen=True, slots=True)
class RouteRow:
    name: str
    line: int | None
    words: Sequence[str]
    """Strategy, who stands in for it and when, and what else is special."""
    condition: Condition
    targets: Sequence[TargetRow]


@dataclass(frozen=True, slots=True)
class RoutesView:
    picture: Picture | None
    alone: Sequence[RouteRow]
    rows: Sequence[RouteRow]
    minutes: int
    worker: int | None


def routes_view(document: Mapping[str, Any]) -> RoutesView:
    """Of what ``GET routes`` answers."""
    routes = document["routes"]
    rows = [_row(route) for route in routes]
    picture = picture_of(routes)
    drawn = set() if picture is None else {box.whole for box in picture.boxes}
    return RoutesView(
        picture=picture,
        alone=[row for row in rows if row.name not in drawn],
        rows=rows,
        minutes=document["window_seconds"] // 60,
        worker=document["worker"],
    )


def _row(route: Mapping[str, Any]) -> RouteRow:
    targets = [
        TargetRow(f"{target['provider']}/{target['model']}", of_target(target), target) for target in route["targets"]
    ]
    return RouteRow(
        name=route["name"],
        line=route["line"],
        words=_words(route),
        condition=of_route([target.condition for target in targets]),
        targets=targets,
    )


def _words(route: Mapping[str, Any]) -> list[str]:
    words = [route["strategy"].replace("_", " ")] if len(route["targets"]) > 1 else []
    for number, each in enumerate(route["fallbacks"], 1):
        served = each["served_by"]
        by = f" (served by {served})" if served not in (None, each["route"]) else ""
        nobody = ", which no route serves" if served is None else ""
        words.append(f"{'then' if number == 1 else 'and then'} {each['route']}{by}{reasons(each['on'])}{nobody}")
    if route["mirror"] is not None:
        words.append(f"{float(route['mirror']['percent']):g} % copied to {route['mirror']['route']}")
    if route["hedged"]:
        words.append("hedged")
    if route["cached"]:
        words.append("cached")
    return words
