"""Crosschecks of limits and budgets: whether they can be counted, and mean what they seem to."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from tornado_gateway.config.model_state import MEMORY
from tornado_gateway.config.outline import Outline
from tornado_gateway.config.problems import Problem
from tornado_gateway.config.source import Path, Source

_DIGITS = 9
"""Money is counted in whole nano-dollars."""

_LIMITS = ("requests_per_minute", "tokens_per_minute", "concurrent")

Placed = tuple[Path, dict[str, Any]]


def check_quotas(source: Source, document: Outline) -> Iterator[Problem]:
    if not isinstance(source.value, dict):
        return
    limits = list(_limits(source.value))
    budgets = list(_budgets(source.value))
    for path, entry in budgets:
        yield from _budget(source, path, entry)
    yield from _tags(source)
    yield from _workers(source, document, [path for path, _ in (*limits, *budgets)])


def _limits(document: dict[str, Any]) -> Iterator[Placed]:
    """Every mapping that limits something, and its place."""
    if "limits" in document:
        yield from _mapping(("limits",), document["limits"])
    yield from _listed("tag_limits", document)
    for path, holder in _holders(document):
        yield from _mapping((*path, "limits"), holder.get("limits"))


def _budgets(document: dict[str, Any]) -> Iterator[Placed]:
    yield from _listed("budgets", document)
    for path, holder in _holders(document):
        yield from _mapping((*path, "budget"), holder.get("budget"))


def _holders(document: dict[str, Any]) -> Iterator[Placed]:
    """Routes, keys and the bearers of tokens."""
    routes = document.get("routes")
    for name, route in routes.items() if isinstance(routes, dict) else ():
        yield from _mapping(("routes", name), route)
    auth = document.get("auth")
    keys = auth.get("keys") if isinstance(auth, dict) else None
    for index, key in enumerate(keys if isinstance(keys, list) else ()):
        yield from _mapping(("auth", "keys", index), key)
    if isinstance(auth, dict):
        yield from _mapping(("auth", "jwt"), auth.get("jwt"))


def _listed(name: str, document: dict[str, Any]) -> Iterator[Placed]:
    listed = document.get(name)
    for index, entry in enumerate(listed if isinstance(listed, list) else ()):
        yield from _mapping((name, index), entry)


def _mapping(path: Path, value: Any) -> Iterator[Placed]:
    if isinstance(value, dict):
        yield path, value


def _budget(source: Source, path: Path, entry: dict[str, Any]) -> Iterator[Problem]:
    amount, zone = entry.get("amount"), entry.get("time_zone")
    if isinstance(amount, Decimal) and int(amount.as_tuple().exponent) < -_DIGITS:
        yield source.problem((*path, "amount"), f"at most {_DIGITS} digits behind its point")
    if isinstance(zone, str) and not _known(zone):
        yield source.problem((*path, "time_zone"), f"there is no time zone {zone!r}")


def _known(zone: str) -> bool:
    try:
        ZoneInfo(zone)
    except (OSError, ValueError, KeyError):
        return False
    return True


def _tags(source: Source) -> Iterator[Problem]:
    """One counter for each tag, and for each of its periods."""
    seen: set[tuple[str, str, frozenset[Any]]] = set()
    for name in ("tag_limits", "budgets"):
        for path, entry in _listed(name, source.value):
            tag, period = entry.get("tag"), str(entry.get("period", ""))
            if not isinstance(tag, dict) or not all(isinstance(value, str) for value in tag.values()):
                continue
            same = (name, period, frozenset(tag.items()))
            if same in seen:
                yield source.problem((*path, "tag"), "the same tag twice: one of them would never count", key=True)
            seen.add(same)
            if name == "tag_limits" and not any(limit in entry for limit in _LIMITS):
                yield source.problem(path, f"limits nothing: say one of {', '.join(_LIMITS)}")


def _workers(source: Source, document: Outline, paths: list[Path]) -> Iterator[Problem]:
    workers = document.server.get("workers")
    state = source.value.get("state")
    url = state.get("url", MEMORY) if isinstance(state, dict) else MEMORY
    if url != MEMORY or not (workers == "auto" or (isinstance(workers, int) and workers > 1)):
        return
    auth = source.value.get("auth")
    if isinstance(auth, dict) and auth.get("store") is True:
        what = "each worker counts the limits and budgets of these keys for itself: say state.url redis://host:6379/0"
        yield source.warning(("auth", "store"), what)
    for path in paths[:1]:
        message = (
            f"each of {workers} workers would count for itself: say state.url redis://host:6379/0, or server.workers 1"
            if workers != "auto"
            else "each worker would count for itself: say state.url redis://host:6379/0, or server.workers 1"
        )
        yield source.problem(path, message, key=isinstance(path[-1], str))
