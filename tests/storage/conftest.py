from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.databases import Postgres
from tornado_gateway.domain.ledger import Ledger, LedgerRow
from tornado_gateway.domain.ledger_url import parse_ledger_url
from tornado_gateway.storage.memory_ledger import MemoryLedger
from tornado_gateway.storage.opening import ledger_at

AT = datetime(2026, 1, 31, 12, tzinfo=UTC)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    server = Postgres()
    yield server
    server.remove()


def opened(url: str) -> Ledger:
    place = parse_ledger_url(url)
    assert place is not None
    return ledger_at(place)


@pytest.fixture(scope="session")
def database(postgres: Postgres) -> str:
    """The URL of one database, for tests that leave its rows to the next."""
    return postgres.database()


@pytest.fixture(params=["memory", "sqlite", "postgres"])
def ledger(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Ledger]:
    """Each kind of ledger in turn, empty."""
    made: Ledger
    if request.param == "memory":
        made = MemoryLedger()
    elif request.param == "sqlite":
        made = opened(f"sqlite:///{tmp_path}/usage.db")
    else:
        url = request.getfixturevalue("database")
        made = opened(url)
        made.append([])
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("TRUNCATE gateway_ledger")
    yield made
    made.close()


@pytest.fixture
def row() -> Callable[..., LedgerRow]:
    """A row with what is given changed, under an id of its own."""
    made = 0

    def make(**changes: Any) -> LedgerRow:
        nonlocal made
        made += 1
        usual: dict[str, Any] = {
            "id": f"{made:08d}",
            "finished_at": AT,
            "request_id": f"r-{made}",
            "key": "team-a",
            "route": "gpt-4",
            "provider": "openai",
            "model": "gpt-4",
            "status": 200,
            "cost": Decimal("0.00186"),
        }
        return LedgerRow(**{**usual, **changes})

    return make
