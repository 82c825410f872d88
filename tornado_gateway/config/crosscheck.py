"""What a schema can't say: whether the parts of the file fit each other."""

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Any

from tornado_gateway.config.problems import Problem, did_you_mean
from tornado_gateway.config.source import Path, Source
from tornado_gateway.domain.usage import BUCKETS

_MAX_DIGITS = 24
"""Digits of a price on either side of its point: what exact arithmetic has room for, with any count of tokens."""

_RATES = set(BUCKETS)
_ROUTE_KEYS = {"provider", "model", "targets", "strategy", "fallbacks"}

_OWN_KEYS = {
    "echo": {"pause"},
    "openai": {"base_url", "api_key", "timeout", "max_retries"},
    "anthropic": {"base_url", "api_key", "timeout", "max_retries", "version"},
    "gemini": {"base_url", "api_key", "timeout", "max_retries"},
    "azure_openai": {"base_url", "api_key", "timeout", "max_retries", "api_version"},
    "openai_compatible": {"base_url", "api_key", "timeout", "max_retries", "vendor"},
}


def crosscheck(source: Source) -> Iterator[Problem]:
    """Problems and warnings, over whatever parts of the document have the right shape."""
    document = source.value if isinstance(source.value, dict) else {}
    providers = _mapping(document, "providers")
    routes = _mapping(document, "routes")
    pricing = _mapping(document, "pricing")
    prices = _mapping(pricing, "models")
    yield from _server(source, _mapping(document, "server"))
    yield from _cors(source, _mapping(document, "cors"))
    yield from _providers(source, providers)
    yield from _prices(source, prices, providers)
    for name, route in routes.items():
        if isinstance(route, dict):
            yield from _route(source, name, route, routes, providers)
    yield from _circles(source, routes)
    yield from _shadowed(source, routes)
    if not pricing.get("allow_unpriced"):
        yield from _unpriced(source, routes, providers, prices)
    yield from _unused(source, routes, providers, prices)


def _mapping(parent: Any, name: str) -> dict[str, Any]:
    value = parent.get(name) if isinstance(parent, dict) else None
    return value if isinstance(value, dict) else {}


def _server(source: Source, server: dict[str, Any]) -> Iterator[Problem]:
    workers = server.get("workers")
    if isinstance(workers, int) and workers > 1:
        yield source.problem(("server", "workers"), f"this version serves with one worker, not {workers}")


def _cors(source: Source, cors: dict[str, Any]) -> Iterator[Problem]:
    origins = cors.get("allowed_origins")
    if not isinstance(origins, list):
        return
    for index, origin in enumerate(origins):
        path = ("cors", "allowed_origins", index)
        if origin == "*" and len(origins) > 1:
            yield source.problem(path, "* stands alone: beside it, other origins mean nothing")
        elif isinstance(origin, str) and origin not in ("*", "null"):
            scheme, separator, host = origin.partition("://")
            if not separator or not scheme or not host or "/" in host or "*" in host:
                yield source.problem(path, f"{origin!r} is no origin: write https://host or https://host:port")


def _providers(source: Source, providers: dict[str, Any]) -> Iterator[Problem]:
    for name, provider in providers.items():
        kind = provider.get("kind") if isinstance(provider, dict) else None
        own = _OWN_KEYS.get(kind) if isinstance(kind, str) else None
        if own is None:
            continue
        everywhere = set().union(*_OWN_KEYS.values())
        for key in provider:
            if key in everywhere and key not in own:
                yield source.problem(("providers", name, key), f"a provider of kind {kind} has no such key", key=True)
        if kind == "azure_openai" and not provider.get("base_url"):
            yield source.problem(("providers", name), "kind azure_openai needs a base_url", key=True)
        if kind == "openai_compatible" and not provider.get("base_url") and not provider.get("vendor"):
            yield source.problem(("providers", name), "kind openai_compatible needs a base_url or a vendor", key=True)


def _prices(source: Source, prices: dict[str, Any], providers: dict[str, Any]) -> Iterator[Problem]:
    for name, card in prices.items():
        path: Path = ("pricing", "models", name)
        provider = name.partition("/")[0]
        if "/" in name and provider not in providers:
            advice = did_you_mean(provider, providers)
            yield source.problem(path, f"there is no provider {provider!r}{advice}", key=True)
        if not isinstance(card, dict):
            continue
        rates = {bucket: rate for bucket, rate in card.items() if bucket != "free"}
        if card.get("free") is True and rates:
            yield source.problem(path, "free and priced at once: say one of the two", key=True)
        if "free" not in card and card.keys() <= _RATES:
            for bucket in ("input", "output"):
                if bucket not in card:
                    yield source.problem(path, f"the price of {bucket!r} is missing (or say free: true)", key=True)
        for bucket, rate in rates.items():
            if isinstance(rate, Decimal) and (
                -_exponent(rate) > _MAX_DIGITS or len(rate.as_tuple().digits) > 2 * _MAX_DIGITS
            ):
                yield source.problem((*path, bucket), f"a price has at most {_MAX_DIGITS} digits behind its point")


def _exponent(rate: Decimal) -> int:
    exponent = rate.as_tuple().exponent
    return exponent if isinstance(exponent, int) else 0


def _route(
    source: Source, name: str, route: dict[str, Any], routes: dict[str, Any], providers: dict[str, Any]
) -> Iterator[Problem]:
    path: Path = ("routes", name)
    if "targets" in route and ("provider" in route or "model" in route):
        yield source.problem(path, "either provider (and model) or targets, not both", key=True)
    if "targets" not in route and "provider" not in route and set(route) <= _ROUTE_KEYS:
        yield source.problem(path, "a route needs a provider or targets", key=True)
    seen: set[tuple[object, object]] = set()
    for target_path, target in _targets(path, route):
        provider = target.get("provider")
        if isinstance(provider, str) and provider not in providers:
            advice = did_you_mean(provider, providers)
            yield source.problem((*target_path, "provider"), f"there is no provider {provider!r}{advice}")
        same = (provider, target.get("model"))
        if same in seen:
            yield source.problem(target_path, "the same target twice: raise its weight instead")
        seen.add(same)
    fallbacks = route.get("fallbacks")
    for index, fallback in enumerate(fallbacks if isinstance(fallbacks, list) else ()):
        if isinstance(fallback, str) and fallback not in routes and not _matches(fallback, routes):
            advice = did_you_mean(fallback, routes)
            yield source.problem((*path, "fallbacks", index), f"there is no route {fallback!r}{advice}")


def _targets(path: Path, route: dict[str, Any]) -> Iterator[tuple[Path, dict[str, Any]]]:
    targets = route.get("targets")
    if isinstance(targets, list):
        for index, target in enumerate(targets):
            if isinstance(target, dict):
                yield (*path, "targets", index), target
    elif "provider" in route:
        yield path, route


def _matches(name: str, routes: dict[str, Any]) -> bool:
    return any(pattern.endswith("*") and name.startswith(pattern[:-1]) for pattern in routes)


def _circles(source: Source, routes: dict[str, Any]) -> Iterator[Problem]:
    """Each circle once, at the fallback that closes it."""
    done: set[str] = set()

    def walk(name: str, way: list[str]) -> Iterator[Problem]:
        route = routes.get(name)
        fallbacks = route.get("fallbacks") if isinstance(route, dict) else None
        for index, fallback in enumerate(fallbacks if isinstance(fallbacks, list) else ()):
            if fallback in way:
                circle = " -> ".join([*way[way.index(fallback) :], fallback])
                yield source.problem(("routes", name, "fallbacks", index), f"fallbacks make a circle: {circle}")
            elif isinstance(fallback, str) and fallback not in done:
                yield from walk(fallback, [*way, fallback])
        done.add(name)

    for name in routes:
        if name not in done:
            yield from walk(name, [name])


def _shadowed(source: Source, routes: dict[str, Any]) -> Iterator[Problem]:
    # An exact name that a pattern also matches is how exceptions are made; one that is told apart from another only
    # by case or white space is how a caller gets the wrong model.
    seen: dict[str, str] = {}
    for name in routes:
        plain = name.strip().lower()
        other = seen.setdefault(plain, name)
        if other != name:
            problem = source.problem(("routes", name), f"differs from route {other!r} only by case", key=True)
            yield replace(problem, severity="warning")


def _unpriced(
    source: Source, routes: dict[str, Any], providers: dict[str, Any], prices: dict[str, Any]
) -> Iterator[Problem]:
    for name, route in routes.items():
        if not isinstance(route, dict):
            continue
        for path, target in _targets(("routes", name), route):
            provider = target.get("provider")
            model = target.get("model") or (None if name.endswith("*") else name)
            # A pattern's models are known only when a caller names them: they are priced, or refused, then.
            if provider not in providers or not isinstance(model, str):
                continue
            wanted = f"{provider}/{model}"
            if wanted in prices or any(p.endswith("*") and wanted.startswith(p[:-1]) for p in prices):
                continue
            advice = did_you_mean(wanted, prices)
            message = f"{wanted!r} has no price under pricing.models{advice}: give it one, or say free: true"
            where = (*path, "model") if "model" in target else (*path, "provider")
            yield source.problem(where, message)


def _unused(
    source: Source, routes: dict[str, Any], providers: dict[str, Any], prices: dict[str, Any]
) -> Iterator[Problem]:
    used = {
        target.get("provider")
        for name, route in routes.items()
        if isinstance(route, dict)
        for _, target in _targets(("routes", name), route)
    }
    for name in providers:
        if name not in used:
            problem = source.problem(("providers", name), "no route uses this provider", key=True)
            yield replace(problem, severity="warning")
