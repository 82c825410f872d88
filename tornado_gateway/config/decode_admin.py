"""``admin`` of a valid document."""

from typing import Any

from tornado_gateway.config.model_admin import AdminSettings


def admin(entry: dict[str, Any]) -> AdminSettings:
    # A mounted secret often ends in a line break.
    return AdminSettings(token=entry.get("token", "").strip(), write=entry.get("write", False))
