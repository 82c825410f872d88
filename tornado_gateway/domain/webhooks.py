"""Who is told by HTTP of what happens."""

from dataclasses import dataclass, field

BUDGET_THRESHOLD = "budget_threshold"


@dataclass(frozen=True, slots=True)
class Webhook:
    """``events`` are names such as ``budget_threshold``. The address may be a secret of its own."""

    url: str = field(repr=False)
    events: frozenset[str] = frozenset({BUDGET_THRESHOLD})
    secret: str | None = field(default=None, repr=False)
