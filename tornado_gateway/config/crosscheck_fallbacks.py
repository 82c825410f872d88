"""Crosschecks of ``routes.*.fallbacks`` and ``mirror``: whether they lead anywhere, and to anybody new."""

from collections.abc import Iterator

from tornado_gateway.config.outline import Outline
from tornado_gateway.config.problems import Problem
from tornado_gateway.config.source import Path, Source
from tornado_gateway.domain.nearest import did_you_mean
from tornado_gateway.domain.routes import Route, RouteTarget
from tornado_gateway.domain.routing import Step, chain


def check_fallbacks(source: Source, document: Outline) -> Iterator[Problem]:
    for route in document.table:
        for way, problem in _fallbacks(document, route):
            yield source.problem(way, problem)
        yield from _help(source, document, route)
        yield from _mirror(source, document, route)
    yield from _circles(source, document)


def _fallbacks(document: Outline, route: Route) -> Iterator[tuple[Path, str]]:
    names = [fallback.route for fallback in route.fallbacks]
    for index, (way, name) in enumerate(zip(document.ways[route.name], names, strict=True)):
        if name in names[:index]:
            yield way, f"the fallback {name!r} twice: it is tried once"
        elif _missing(document, name):
            yield way, _no_route(document, name)


def _missing(document: Outline, name: str) -> bool:
    # A route of the wrong shape is in no table: the schema has its say on it.
    return bool(name) and document.table.find(name) is None and name not in document.routes


def _no_route(document: Outline, name: str) -> str:
    return f"there is no route {name!r}{did_you_mean(name, document.routes)}"


def _help(source: Source, document: Outline, route: Route) -> Iterator[Problem]:
    """Fallbacks that lead to nobody but those who have failed already."""
    own = {_asked(route, route.name, target) for target in route.targets}
    for way, fallback in zip(document.ways[route.name], route.fallbacks, strict=True):
        other = document.table.find(fallback.route)
        if other is None or other.name == route.name:
            continue
        wanted = route.name if fallback.route.endswith("*") else fallback.route
        if all(f"{step.target.provider}/{step.model}" in own for step in chain(document.table, other, wanted)):
            yield source.warning(way, "adds nobody: each of its targets is one of this route's own")
            continue
        same = [asked for target in other.targets if (asked := _asked(other, wanted, target)) in own]
        if same and "context_length" in fallback.on:
            message = f"what is too long for {same[0]} is too long there as well: it is one of its targets"
            yield source.warning(way, message)


def _asked(route: Route, wanted: str, target: RouteTarget) -> str:
    return f"{target.provider}/{Step(route, wanted, target).model}"


def _mirror(source: Source, document: Outline, route: Route) -> Iterator[Problem]:
    if route.mirror is None:
        return
    name = route.mirror.route
    path: Path = ("routes", route.name, "mirror", "route")
    other = document.table.find(name)
    if _missing(document, name):
        yield source.problem(path, _no_route(document, name))
    elif other is not None and other.name == route.name:
        yield source.problem(path, "a route can't mirror itself")
    elif other is not None and other.mirror is not None:
        yield source.warning(path, f"route {other.name!r} has a mirror itself: a copy is not copied again")


def _circles(source: Source, document: Outline) -> Iterator[Problem]:
    """Each circle once, at the fallback that closes it. A stack of its own: a chain may be longer than Python's."""
    done: set[str] = set()
    for start in document.table:
        way = [start]
        turns = [0]
        while way:
            route, turn = way[-1], turns[-1]
            if route.name in done or turn == len(route.fallbacks):
                done.add(way.pop().name)
                turns.pop()
                continue
            turns[-1] += 1
            fallback = document.table.find(route.fallbacks[turn].route)
            if fallback is None:
                continue
            names = [each.name for each in way]
            if fallback.name in names:
                circle = " -> ".join([*names[names.index(fallback.name) :], fallback.name])
                yield source.problem(document.ways[route.name][turn], f"fallbacks make a circle: {circle}")
                continue
            way.append(fallback)
            turns.append(0)
