"""Keys as ``keys list`` shows them, and as gateway.yaml lists them."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import msgspec

from tornado_gateway.cli.tables import Column
from tornado_gateway.domain.key_store import StoredKey
from tornado_gateway.domain.money import decimal_digits
from tornado_gateway.reports.key_lists import ListedKey, budget_said, limits_said

_NAMES = ("id", "prefix", "state", "kept in", "owner", "models", "limits", "budget", "tags", "created", "expires")
COLUMNS = tuple(Column(name) for name in _NAMES)


def cells(listed: ListedKey) -> tuple[str, ...]:
    """For people, by ``COLUMNS``."""
    key, who = listed.key, listed.key.principal
    return (
        key.id,
        "" if listed.prefix is None else f"{listed.prefix}...",
        listed.state,
        listed.kept_in,
        key.owner or "",
        "all" if who.models is None else ", ".join(who.models) or "none",
        "" if who.limits is None else ", ".join(f"{name} {count}" for name, count in limits_said(who.limits).items()),
        "" if who.budget is None else f"{decimal_digits(who.budget.amount)}/{who.budget.period}",
        ", ".join(f"{name}={value}" for name, value in who.tags.items()),
        _minute(listed.created_at),
        _minute(key.expires),
    )


def entry(key: StoredKey) -> Iterator[str]:
    """The lines that list ``key`` in gateway.yaml: JSON, which is YAML too."""
    said: dict[str, Any] = {
        "id": key.id,
        "sha256": key.sha256,
        "owner": key.owner,
        "models": key.models,
        "limits": None if key.limits is None else limits_said(key.limits),
        "budget": None if key.budget is None else budget_said(key.budget),
        "tags": dict(key.tags) or None,
        "expires": None if key.expires is None else key.expires.strftime("%Y-%m-%dT%H:%M:%SZ"),
    }
    yield "auth:"
    yield "  keys:"
    yield f"    - {msgspec.json.encode({name: value for name, value in said.items() if value is not None}).decode()}"


def _minute(at: datetime | None) -> str:
    return "" if at is None else f"{at:%Y-%m-%d %H:%M}"
