import sys
from pathlib import Path

import pytest

from tornado_gateway.domain.ledger import LedgerUnavailable
from tornado_gateway.domain.ledger_url import PostgresPlace, SqlitePlace
from tornado_gateway.storage.opening import ledger_at
from tornado_gateway.storage.postgres_ledger import PostgresLedger
from tornado_gateway.storage.sqlite_ledger import SqliteLedger

PLACE = PostgresPlace("postgresql://me:planted@db/usage", "postgresql://db/usage", "usage")


def test_each_place_has_its_ledger(tmp_path: Path) -> None:
    assert isinstance(ledger_at(SqlitePlace(tmp_path / "usage.db")), SqliteLedger)
    assert isinstance(ledger_at(PLACE), PostgresLedger)
    assert list(tmp_path.iterdir()) == [], "nothing is opened before it is asked"


def test_a_library_that_is_not_there_is_told_by_the_extra_that_brings_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tornado_gateway.storage.postgres_ledger", None)
    with pytest.raises(LedgerUnavailable, match=r"pip install 'tornado-gateway\[postgres\]'") as missing:
        ledger_at(PLACE)
    assert "planted" not in str(missing.value)
