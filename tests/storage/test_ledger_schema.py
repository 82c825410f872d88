from pathlib import Path

import psycopg
import pytest

from tornado_gateway.storage.ledger_schema import POSTGRES, SQLITE
from tornado_gateway.storage.ledger_table import COLUMNS
from tornado_gateway.storage.sqlite_database import SqliteDatabase

from .conftest import opened


def test_both_have_the_same_versions_and_columns(tmp_path: Path, database: str) -> None:
    assert len(SQLITE) == len(POSTGRES)
    with SqliteDatabase(tmp_path / "usage.db", "ledger", SQLITE).reading() as connection:
        found = [name for _, name, *_ in connection.execute("PRAGMA table_info(gateway_ledger)")]
    assert tuple(found) == COLUMNS
    opened(database).append([])
    with psycopg.connect(database) as other:
        described = other.execute("SELECT * FROM gateway_ledger LIMIT 0").description or ()
        assert tuple(column.name for column in described) == COLUMNS


@pytest.mark.parametrize(
    ("asked", "index"),
    [
        ("finished_at >= 5 ORDER BY finished_at, id", "gateway_ledger_time"),
        ("request_id = 'r' ORDER BY finished_at, id", "gateway_ledger_request"),
        ("key_id = 'k' AND finished_at >= 5 ORDER BY finished_at, id", "gateway_ledger_key"),
    ],
)
def test_what_is_asked_most_has_an_index(tmp_path: Path, asked: str, index: str) -> None:
    with SqliteDatabase(tmp_path / "usage.db", "ledger", SQLITE).reading() as connection:
        plan = connection.execute(f"EXPLAIN QUERY PLAN SELECT * FROM gateway_ledger WHERE {asked} LIMIT 10").fetchall()
    assert index in plan[0][3]
