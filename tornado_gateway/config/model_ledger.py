"""The settings of ``ledger``."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class LedgerSettings:
    """``url`` is as the file says it and may hold a password; without the section there is no ledger.

    ``flush_interval`` is in seconds. ``retention_days`` is None where rows are kept for ever, ``journal`` where the
    journals have their usual place.
    """

    url: str = field(default="none", repr=False)
    flush_interval: float = 0.5
    retention_days: int | None = None
    journal: str | None = None
