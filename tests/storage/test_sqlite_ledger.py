import sqlite3
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from decimal import Decimal
from multiprocessing import get_context
from pathlib import Path

import pytest

from tornado_gateway.domain.ledger import LedgerQuery, LedgerRow, LedgerUnavailable
from tornado_gateway.storage.sqlite_ledger import SqliteLedger

from .conftest import AT

MakeRow = Callable[..., LedgerRow]


def write(path: Path, writer: int) -> None:
    """What one of several processes does: opens a file that may not be there yet, and writes 20 batches."""
    ledger = SqliteLedger(path, busy=30)
    for batch in range(20):
        ledger.append(
            [
                LedgerRow(
                    id=f"{writer}-{batch}-{number}",
                    finished_at=AT,
                    request_id="r",
                    route="a",
                    provider="p",
                    model="m",
                    status=200,
                    cost=Decimal("0.1"),
                )
                for number in range(10)
            ]
        )
    ledger.close()


def test_several_processes_make_and_write_one_file_at_once(tmp_path: Path) -> None:
    path = tmp_path / "usage.db"
    with ProcessPoolExecutor(4, mp_context=get_context("spawn")) as pool:
        list(pool.map(write, [path] * 4, range(4)))
    (total,) = SqliteLedger(path).totals(LedgerQuery(), ["model"])
    assert (total.requests, total.cost) == (800, Decimal(80))


def test_who_waits_too_long_for_another_is_told(tmp_path: Path, row: MakeRow) -> None:
    path = tmp_path / "usage.db"
    ledger = SqliteLedger(path, busy=0.05)
    ledger.append([row()])
    with sqlite3.connect(path, isolation_level=None) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(LedgerUnavailable, match=f"{path}: database is locked"):
            ledger.append([row()])
        assert ledger.count(LedgerQuery()) == 1, "readers do not wait for the writer"
        other.execute("ROLLBACK")
    other.close()
    ledger.append([row()])
    assert ledger.count(LedgerQuery()) == 2


def test_money_and_text_are_plain_to_other_readers(tmp_path: Path, row: MakeRow) -> None:
    path = tmp_path / "usage.db"
    ledger = SqliteLedger(path)
    ledger.append([row(tags={"team": "a"})])
    ledger.close()
    with sqlite3.connect(path) as other:
        (found,) = other.execute(
            "SELECT cost, tags, key_id, date(finished_at / 1000000, 'unixepoch') FROM gateway_ledger"
        )
    other.close()
    assert found == ("0.00186", '{"team":"a"}', "team-a", "2026-01-31")
