"""Crosschecks of ``pricing``: rows against providers and routes. What a row says is for ``crosscheck_cards``."""

from collections.abc import Iterator

from tornado_gateway.config.crosscheck_cards import check_row
from tornado_gateway.config.outline import Outline
from tornado_gateway.config.problems import Problem
from tornado_gateway.config.source import Path, Source
from tornado_gateway.domain.nearest import Adviser
from tornado_gateway.domain.routes import Route
from tornado_gateway.domain.routing import Step, chain


def check_prices(source: Source, document: Outline) -> Iterator[Problem]:
    of_provider = Adviser(document.providers)
    for name, row in document.prices.items():
        path: Path = ("pricing", "models", name)
        provider = name.partition("/")[0]
        if "/" in name and provider not in document.providers:
            yield source.problem(path, f"there is no provider {provider!r}{of_provider(provider)}", key=True)
        yield from check_row(source, path, row)
    yield from _against_routes(source, document)


def _against_routes(source: Source, document: Outline) -> Iterator[Problem]:
    """Reachable models without a price, and rows that nothing reaches."""
    reached: set[str] = set()
    unpriced: dict[tuple[Path, str], None] = {}
    for root in document.table:
        for step in _steps(document, root):
            target, model = step.target, step.model
            if "*" in model:
                # A pattern's models are known only when a caller names them: they are priced, or refused, then.
                reached |= _rows_within(document, f"{target.provider}/{model.partition('*')[0]}")
                continue
            card = document.cards.find(target.provider, model)
            if card is not None:
                reached.add(card.model)
            elif target.provider in document.providers and not document.allow_unpriced:
                place = _place(document, root, step)
                unpriced[place, f"{target.provider}/{model}"] = None
    advice = Adviser(document.prices)
    for place, name in unpriced:
        message = f"{name!r} has no price under pricing.models{advice(name)}: give it one, or say free: true"
        yield source.problem(place, message)
    for name in document.prices:
        if name not in reached:
            yield source.warning(("pricing", "models", name), "no route leads to this price", key=True)


def _steps(document: Outline, root: Route) -> Iterator[Step]:
    """Whom the root's calls and their copies may reach."""
    yield from chain(document.table, root, root.name)
    if root.mirror is not None:
        name = root.mirror.route
        mirror = document.table.find(name)
        if mirror is not None and mirror.wildcard:  # any other is a root of its own
            yield from chain(document.table, mirror, root.name if name.endswith("*") else name)


def _rows_within(document: Outline, prefix: str) -> set[str]:
    """Rows that some name beginning with ``prefix`` would find."""
    return {
        name
        for name in document.prices
        if name.startswith(prefix) or (name.endswith("*") and prefix.startswith(name[:-1]))
    }


def _place(document: Outline, root: Route, step: Step) -> Path:
    """Where to say that a model has no price: at the word of the file that brought its name in."""
    route, wanted, target = step.route, step.wanted, step.target
    if route.wildcard and (target.model is None or "*" in target.model):
        if root.mirror is not None and wanted == root.mirror.route:
            return ("routes", root.name, "mirror", "route")
        names = [fallback.route for fallback in root.fallbacks]
        ways = document.ways[root.name]
        return ways[names.index(wanted)] if wanted in names else ("routes", root.name, "fallbacks")
    index = next(index for index, other in enumerate(route.targets) if other is target)
    return (*document.places[route.name][index], "provider" if target.model is None else "model")
