"""Crosschecks of the answer cache: whether anything can be kept at all."""

from collections.abc import Iterator

from tornado_gateway.config.outline import Outline
from tornado_gateway.config.problems import Problem
from tornado_gateway.config.source import Source
from tornado_gateway.domain.caching import MEMORY_BYTES, CachePolicy


def check_cache(source: Source, document: Outline) -> Iterator[Problem]:
    section = source.value.get("cache") if isinstance(source.value, dict) else None
    room = section.get("memory_bytes", MEMORY_BYTES) if isinstance(section, dict) else MEMORY_BYTES
    usual = CachePolicy(ttl=0)
    for name, route in document.routes.items():
        said = route.get("cache") if isinstance(route, dict) else None
        if not isinstance(said, dict):
            continue
        largest = said.get("max_bytes", usual.max_bytes)
        if isinstance(largest, int) and isinstance(room, int) and largest > room:
            message = (
                f"one answer of {largest} bytes has no room in cache.memory_bytes, {room}: raise that, or say less"
            )
            yield source.problem(("routes", name, "cache", "max_bytes"), message)
        if said.get("scope", usual.scope) == "key" and "auth" not in source.value:
            message = "no caller has a key (there is no section auth): nothing is kept unless you say scope: shared"
            yield source.warning(("routes", name, "cache"), message, key=True)
