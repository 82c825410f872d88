import threading
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg
import pytest
from loguru import logger

from tests.databases import Postgres
from tornado_gateway.domain.ledger import Ledger, LedgerQuery, LedgerRefused, LedgerRow, LedgerUnavailable
from tornado_gateway.domain.ledger_url import parse_ledger_url
from tornado_gateway.storage.memory_ledger import MemoryLedger
from tornado_gateway.storage.opening import ledger_at

AT = datetime(2026, 1, 31, 12, tzinfo=UTC)


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


class Moody(MemoryLedger):
    """A ledger that is away when it is told to be, slow until it is let go, and refuses rows with a status of 666."""

    def __init__(self) -> None:
        super().__init__()
        self.away = False
        self.gate = threading.Event()
        self.gate.set()
        self.calls: list[int] = []
        """The batches' lengths."""

    def append(self, rows: Sequence[LedgerRow]) -> None:
        self.gate.wait(10)
        self.calls.append(len(rows))
        if self.away:
            raise LedgerUnavailable("moody: away")
        if any(row.status == 666 for row in rows):
            raise LedgerRefused("moody: no such status")
        super().append(rows)

    def held(self) -> list[str]:
        return [row.request_id for row in self.rows(LedgerQuery())]


@pytest.fixture
def moody() -> Iterator[Moody]:
    ledger = Moody()
    yield ledger
    ledger.gate.set()


def until(condition: Callable[[], bool], seconds: float = 5.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds} seconds"
        time.sleep(0.002)


@pytest.fixture
def lines() -> Iterator[list[str]]:
    """What was logged, with what was bound to it."""
    caught: list[str] = []
    handler = logger.add(
        lambda message: caught.append(f"{message.record['level'].name} {message} {message.record['extra']}"),
        format="{message}",
    )
    yield caught
    logger.remove(handler)
