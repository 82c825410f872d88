"""Crosschecks of ``pricing``: each row by itself, and rows against routes."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from tornado_gateway.config.outline import Outline
from tornado_gateway.config.problems import Problem, did_you_mean
from tornado_gateway.config.source import Path, Source
from tornado_gateway.domain.routes import Route
from tornado_gateway.domain.routing import Step, chain
from tornado_gateway.domain.usage import BUCKETS

_MAX_DIGITS = 24
"""Digits of a price on either side of its point: what exact arithmetic has room for, with any count of tokens."""


def check_prices(source: Source, document: Outline) -> Iterator[Problem]:
    for name, card in document.prices.items():
        path: Path = ("pricing", "models", name)
        provider = name.partition("/")[0]
        if "/" in name and provider not in document.providers:
            advice = did_you_mean(provider, document.providers)
            yield source.problem(path, f"there is no provider {provider!r}{advice}", key=True)
        if isinstance(card, dict):
            yield from _row(source, path, card)
    yield from _against_routes(source, document)


def _row(source: Source, path: Path, card: dict[str, Any]) -> Iterator[Problem]:
    rates = {bucket: rate for bucket, rate in card.items() if bucket != "free"}
    if card.get("free") is True and rates:
        yield source.problem(path, "free and priced at once: say one of the two", key=True)
    # A key that nobody knows is probably the one that is missing: the schema has said so.
    if card.get("free", False) is False and rates.keys() <= set(BUCKETS):
        for bucket in ("input", "output"):
            if bucket not in card:
                yield source.problem(path, f"the price of {bucket!r} is missing (or say free: true)", key=True)
    for bucket, rate in rates.items():
        if isinstance(rate, Decimal) and _too_long(rate):
            yield source.problem((*path, bucket), f"a price has at most {_MAX_DIGITS} digits behind its point")


def _too_long(rate: Decimal) -> bool:
    _, digits, exponent = rate.as_tuple()
    return not isinstance(exponent, int) or abs(exponent) > _MAX_DIGITS or len(digits) > 2 * _MAX_DIGITS


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
    for place, name in unpriced:
        advice = did_you_mean(name, document.prices)
        message = f"{name!r} has no price under pricing.models{advice}: give it one, or say free: true"
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
