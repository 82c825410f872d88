from collections.abc import Iterator

import pytest

from tests.redis_server import RedisServer, running


@pytest.fixture(scope="session")
def redis_server() -> Iterator[RedisServer]:
    """One for all tests: each takes a prefix of its own."""
    with running() as server:
        yield server
