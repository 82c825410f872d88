"""``ledger`` of a valid document."""

from typing import Any

from tornado_gateway.config.model_ledger import LedgerSettings


def ledger(entry: dict[str, Any]) -> LedgerSettings:
    """Without a ``url`` nothing is kept, whatever else the section says."""
    usual = LedgerSettings()
    return LedgerSettings(
        # A mounted secret often ends in a line break.
        url=entry.get("url", usual.url).strip(),
        flush_interval=float(entry.get("flush_interval", usual.flush_interval)),
        retention_days=entry.get("retention_days"),
        journal=entry.get("journal") or None,
    )
