"""What a valid document says of the answer cache."""

from typing import Any

from tornado_gateway.config.model import CacheSettings
from tornado_gateway.domain.caching import CachePolicy


def cache(route: dict[str, Any]) -> CachePolicy | None:
    """None where every call is asked anew."""
    said = route.get("cache")
    if said is None:
        return None
    usual = CachePolicy(ttl=0)
    return CachePolicy(
        ttl=float(said["ttl"]),
        scope=said.get("scope", usual.scope),
        max_bytes=said.get("max_bytes", usual.max_bytes),
    )


def settings(section: dict[str, Any]) -> CacheSettings:
    """The section ``cache``."""
    return CacheSettings(**section)
