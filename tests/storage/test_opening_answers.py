import pytest

from tests.support import FakeClock
from tornado_gateway.config.model_state import StateSettings
from tornado_gateway.storage.memory_cache import MemoryCache
from tornado_gateway.storage.opening_answers import answers_at
from tornado_gateway.storage.redis_cache import RedisCache


@pytest.mark.parametrize(
    ("url", "kind"),
    [
        ("memory://", MemoryCache),
        ("redis://127.0.0.1:1/0", RedisCache),
        ("rediss://user:planted@redis.example:6380/1", RedisCache),
        ("unix:///run/redis.sock?db=2", RedisCache),
    ],
)
async def test_a_url_tells_where_answers_are_kept_and_nothing_is_opened(url: str, kind: type) -> None:
    cache = answers_at(StateSettings(url), FakeClock(), room=lambda: 1)
    assert type(cache) is kind
    assert "planted" not in repr(cache)
    await cache.close()
