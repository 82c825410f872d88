"""What tests of several rooms need, each once a session and only where it is asked for."""

import os
from collections.abc import Iterator

import pytest
from hypothesis import settings

from tests.databases import Postgres
from tests.redis_server import RedisServer, running

# Whoever runs the tests may have said how wide a line is, and the processes that they start would heed it.
os.environ.pop("COLUMNS", None)
# Of the half second that a gateway needs to begin, compiling all of it would be as much again, some hundred times.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

# How long one example takes says more of the machine than of the code: speed is measured in tests/benchmarks.
settings.register_profile("house", deadline=None)
settings.load_profile("house")


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    server = Postgres()
    yield server
    server.remove()


@pytest.fixture(scope="session")
def redis_server() -> Iterator[RedisServer]:
    """One for all tests: each takes a prefix of its own."""
    with running() as server:
        yield server
