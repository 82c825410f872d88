"""The settings of ``admin``."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class AdminSettings:
    """``token`` is empty where there is no admin API."""

    token: str = field(default="", repr=False)
    write: bool = False
