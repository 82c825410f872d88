"""Keys as operators see them: where each is kept and whether it is good, and never a hash."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from tornado_gateway.domain.key_store import StoredKey
from tornado_gateway.domain.keys import GatewayKey
from tornado_gateway.domain.quotas import Budget, Limits
from tornado_gateway.reports.numbers import number


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
            "limits": None if who.limits is None else limits_said(who.limits),
            "budget": None if who.budget is None else budget_said(who.budget),
            "tags": dict(who.tags),
            "created_at": None if self.created_at is None else self.created_at.isoformat(),
            "expires": None if key.expires is None else key.expires.isoformat(),
        }


def of_store(key: StoredKey, now: datetime) -> ListedKey:
    state = "revoked" if key.revoked_at is not None else "good" if key.good(now) else "expired"
    return ListedKey(key.as_key(), state, "store", key.prefix, key.created_at)


def of_file(key: GatewayKey, now: datetime) -> ListedKey:
    expired = key.expires is not None and now >= key.expires
    return ListedKey(key, "disabled" if key.disabled else "expired" if expired else "good", "file")


def limits_said(limits: Limits) -> dict[str, int]:
    return {name: count for name, count in msgspec.structs.asdict(limits).items() if count is not None}


def budget_said(budget: Budget) -> dict[str, Any]:
    return {"amount": number(budget.amount), "period": budget.period, "time_zone": budget.time_zone}
