"""Principal: the caller as the auth gate knows it, and what it may."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from tornado_gateway.domain.errors import ModelNotAllowed
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


def may_use(principal: Principal | None, model: str) -> bool:
    """The same for a caller who need not be known: anybody may name what there is."""
    return principal is None or principal.may_use(model)


def check_model(principal: Principal | None, model: str) -> None:
    """Raises ``ModelNotAllowed`` where the caller may not name ``model``, whether or not there is such a model."""
    if not may_use(principal, model):
        raise ModelNotAllowed(f"This key may not use model {model!r}.", param="model")
