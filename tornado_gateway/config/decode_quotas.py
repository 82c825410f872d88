"""Limits and budgets of a valid document: of a key, a route, a tag or everyone, wherever an entry holds them."""

from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any

from tornado_gateway.domain.quotas import Budget, Limits, Quotas, RouteQuota, TagBudget, TagLimits


def limits(entry: dict[str, Any]) -> Limits | None:
    """What ``entry`` says under ``limits``; None where nothing is limited."""
    said = entry.get("limits")
    return None if said is None else limits_of(said)


def limits_of(said: dict[str, Any]) -> Limits | None:
    """The limits among the members of ``said``, which may have others."""
    found = {name: said[name] for name in Limits.__struct_fields__ if name in said}
    return Limits(**found) if found else None


def budget(entry: dict[str, Any]) -> Budget | None:
    """What ``entry`` says under ``budget``; None where nothing bounds what is spent."""
    said = entry.get("budget")
    return None if said is None else budget_of(said)


def budget_of(said: dict[str, Any]) -> Budget:
    """The budget that the members of ``said`` tell; it may have others."""
    usual = Budget(Decimal(said["amount"]), said["period"])
    return Budget(
        amount=usual.amount,
        period=usual.period,
        time_zone=said.get("time_zone", usual.time_zone),
        warn_at=tuple(sorted(set(said.get("warn_at", usual.warn_at)))),
    )


def quotas(document: dict[str, Any]) -> Quotas | None:
    """All that the document bounds, keys aside; None where it bounds nothing."""
    said = document.get("limits") or {}
    found = Quotas(
        everyone=limits_of(said),
        per_address=limits_of(said.get("per_address") or {}),
        routes={name: quota for name, route in document["routes"].items() if (quota := _route(route)) is not None},
        tag_limits=tuple(_tag_limits(document.get("tag_limits") or ())),
        tag_budgets=tuple(TagBudget(dict(entry["tag"]), budget_of(entry)) for entry in document.get("budgets") or ()),
    )
    return None if found == Quotas() else found


def _route(entry: dict[str, Any]) -> RouteQuota | None:
    found = RouteQuota(limits(entry), budget(entry))
    return None if found == RouteQuota() else found


def _tag_limits(entries: Iterable[dict[str, Any]]) -> Iterator[TagLimits]:
    for entry in entries:
        found = limits_of(entry)
        if found is not None:
            yield TagLimits(dict(entry["tag"]), found)
