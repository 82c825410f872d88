"""The store of limits and budgets, and who is told of them, of a valid document."""

from typing import Any

from tornado_gateway.config.model_state import StateSettings
from tornado_gateway.domain.webhooks import Webhook


def state(document: dict[str, Any]) -> StateSettings:
    said = document.get("state") or {}
    usual = StateSettings()
    return StateSettings(
        # A mounted secret often ends in a line break.
        url=said.get("url", usual.url).strip(),
        fail=said.get("fail", usual.fail),
        timeout=float(said.get("timeout", usual.timeout)),
    )


def webhooks(document: dict[str, Any]) -> tuple[Webhook, ...]:
    return tuple(_webhook(entry) for entry in document.get("webhooks") or ())


def _webhook(entry: dict[str, Any]) -> Webhook:
    usual = Webhook("")
    return Webhook(
        url=entry["url"].strip(),
        events=frozenset(entry.get("events", usual.events)),
        secret=entry.get("secret", "").strip() or None,
    )
