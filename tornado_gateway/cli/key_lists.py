"""Keys as ``keys list`` shows them: where each is kept and whether it is good, and never a hash."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from tornado_gateway.cli.documents import number
from tornado_gateway.cli.tables import Column
from tornado_gateway.domain.key_store import StoredKey
from tornado_gateway.domain.keys import GatewayKey
from tornado_gateway.domain.money import decimal_digits
from tornado_gateway.domain.quotas import Budget, Limits

_NAMES = ("id", "prefix", "state", "kept in", "owner", "models", "limits", "budget", "tags", "created", "expires")
COLUMNS = tuple(Column(name) for name in _NAMES)


@dataclass(frozen=True, slots=True)
class ListedKey:
    """``prefix`` and ``created_at`` are None for a key of gateway.yaml, which has its hash alone."""

    key: GatewayKey
    state: str
    kept_in: str
    prefix: str | None = None
    created_at: datetime | None = None

    def document(self) -> dict[str, Any]:
        """For programs."""
        key, who = self.key, self.key.principal
        return {
            "id": key.id,
            "prefix": self.prefix,
            "state": self.state,
            "kept_in": self.kept_in,
            "owner": key.owner,
            "models": who.models,
            "limits": None if who.limits is None else _limits(who.limits),
            "budget": None if who.budget is None else _budget(who.budget),
            "tags": dict(who.tags),
            "created_at": None if self.created_at is None else self.created_at.isoformat(),
            "expires": None if key.expires is None else key.expires.isoformat(),
        }

    def cells(self) -> tuple[str, ...]:
        """For people, by ``COLUMNS``."""
        key, who = self.key, self.key.principal
        return (
            key.id,
            "" if self.prefix is None else f"{self.prefix}...",
            self.state,
            self.kept_in,
            key.owner or "",
            "all" if who.models is None else ", ".join(who.models) or "none",
            "" if who.limits is None else ", ".join(f"{name} {count}" for name, count in _limits(who.limits).items()),
            "" if who.budget is None else f"{decimal_digits(who.budget.amount)}/{who.budget.period}",
            ", ".join(f"{name}={value}" for name, value in who.tags.items()),
            _minute(self.created_at),
            _minute(key.expires),
        )


def of_store(key: StoredKey, now: datetime) -> ListedKey:
    state = "revoked" if key.revoked_at is not None else "good" if key.good(now) else "expired"
    return ListedKey(key.as_key(), state, "store", key.prefix, key.created_at)


def of_file(key: GatewayKey, now: datetime) -> ListedKey:
    expired = key.expires is not None and now >= key.expires
    return ListedKey(key, "disabled" if key.disabled else "expired" if expired else "good", "file")


def entry(key: StoredKey) -> Iterator[str]:
    """The lines that list ``key`` in gateway.yaml: JSON, which is YAML too."""
    said: dict[str, Any] = {
        "id": key.id,
        "sha256": key.sha256,
        "owner": key.owner,
        "models": key.models,
        "limits": None if key.limits is None else _limits(key.limits),
        "budget": None if key.budget is None else _budget(key.budget),
        "tags": dict(key.tags) or None,
        "expires": None if key.expires is None else key.expires.strftime("%Y-%m-%dT%H:%M:%SZ"),
    }
    yield "auth:"
    yield "  keys:"
    yield f"    - {msgspec.json.encode({name: value for name, value in said.items() if value is not None}).decode()}"


def _limits(limits: Limits) -> dict[str, int]:
    return {name: count for name, count in msgspec.structs.asdict(limits).items() if count is not None}


def _budget(budget: Budget) -> dict[str, Any]:
    return {"amount": number(budget.amount), "period": budget.period, "time_zone": budget.time_zone}


def _minute(at: datetime | None) -> str:
    return "" if at is None else f"{at:%Y-%m-%d %H:%M}"
