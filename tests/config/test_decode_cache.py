from decimal import Decimal

import pytest

from tornado_gateway.config import decode_cache
from tornado_gateway.config.model import CacheSettings
from tornado_gateway.domain.caching import MEMORY_BYTES, CachePolicy


@pytest.mark.parametrize(
    ("said", "policy"),
    [
        ({}, None),
        ({"cache": {"ttl": 300}}, CachePolicy(300.0, "key", 1_048_576)),
        ({"cache": {"ttl": Decimal("0.5"), "scope": "shared", "max_bytes": 10}}, CachePolicy(0.5, "shared", 10)),
    ],
)
def test_a_routes_cache(said: dict[str, object], policy: CachePolicy | None) -> None:
    assert decode_cache.cache(said) == policy


def test_the_room_for_all_of_them() -> None:
    assert decode_cache.settings({}) == CacheSettings(MEMORY_BYTES)
    assert decode_cache.settings({"memory_bytes": 5}) == CacheSettings(5)
