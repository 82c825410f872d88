"""What tests of several rooms need, each once a session and only where it is asked for."""

from collections.abc import Iterator

import pytest

from tests.databases import Postgres


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    server = Postgres()
    yield server
    server.remove()
