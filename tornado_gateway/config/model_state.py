"""Settings of the store that limits and budgets are counted in."""

from dataclasses import dataclass, field
from typing import Literal

MEMORY = "memory://"


@dataclass(frozen=True, slots=True)
class StateSettings:
    """``timeout`` in seconds. The URL may hold a password."""

    url: str = field(default=MEMORY, repr=False)
    fail: Literal["open", "closed", "local"] = "local"
    timeout: float = 0.25

    @property
    def shared(self) -> bool:
        """Whether several processes count together."""
        return self.url != MEMORY
