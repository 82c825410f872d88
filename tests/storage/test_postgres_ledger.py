from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import psycopg

from tornado_gateway.domain.ledger import LedgerRow

from .conftest import AT, opened


def test_times_money_and_tags_are_the_databases_own(database: str, row: Callable[..., LedgerRow]) -> None:
    ledger = opened(database)
    ledger.append([row(id="own-types", finished_at=AT + timedelta(microseconds=1), tags={"team": "a"})])
    ledger.close()
    with psycopg.connect(database) as connection:
        found = connection.execute(
            "SELECT finished_at, cost * 2, tags ->> 'team' FROM gateway_ledger WHERE id = 'own-types'"
        ).fetchall()
    assert found == [(AT + timedelta(microseconds=1), Decimal("0.00372"), "a")]


def test_rows_that_another_worker_deletes_are_left_to_it(database: str, row: Callable[..., LedgerRow]) -> None:
    ledger = opened(database)
    ledger.prune(AT + timedelta(days=1))
    ledger.append([row(id="mine"), row(id="taken")])
    with psycopg.connect(database) as other:
        other.execute("DELETE FROM gateway_ledger WHERE id = 'taken'")
        assert ledger.prune(AT + timedelta(days=1)) == 1
    ledger.close()
