"""Principal: the caller as the auth gate knows it, and what it may."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from tornado_gateway.domain.quotas import Budget, Limits


@dataclass(frozen=True, slots=True)
class Principal:
    """``models`` are names or patterns ``prefix*`` of what callers may name, None where all are allowed."""

    id: str
    tags: Mapping[str, str] = field(default_factory=dict)
    models: tuple[str, ...] | None = None
    limits: Limits | None = None
    budget: Budget | None = None

    def may_use(self, model: str) -> bool:
        """Whether it may name ``model``."""
        if self.models is None:
            return True
        return any(model.startswith(name[:-1]) if name.endswith("*") else model == name for name in self.models)
