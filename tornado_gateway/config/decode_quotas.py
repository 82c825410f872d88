"""Limits and budgets of a valid document: of a key, a route, a tag or everyone, wherever an entry holds them."""

from decimal import Decimal
from typing import Any

from tornado_gateway.domain.quotas import Budget, Limits


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
