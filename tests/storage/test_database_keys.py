"""What is said of databases alone; what every store promises is in the contract."""

import sqlite3
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.databases import Postgres
from tornado_gateway.domain.key_store import StoredKey
from tornado_gateway.domain.keys import hash_of
from tornado_gateway.domain.ledger import LedgerQuery, LedgerUnavailable
from tornado_gateway.domain.ledger_url import parse_ledger_url
from tornado_gateway.storage.opening import key_store_at, ledger_at

AT = datetime(2026, 1, 31, 12, tzinfo=UTC)
KEY = StoredKey(id="a", sha256=hash_of("k"), prefix="sk-tgw-abcd", created_at=AT)


@pytest.mark.parametrize("change", ["settings = '[]'", "settings = 'no json'", "sha256 = 'xyz'"])
def test_a_damaged_record_is_no_reason_to_forget_the_others(tmp_path: Path, change: str) -> None:
    place = parse_ledger_url(f"sqlite:///{tmp_path}/usage.db")
    assert place is not None
    store = key_store_at(place)
    store.add(KEY)
    with sqlite3.connect(tmp_path / "usage.db") as connection:
        connection.execute(f"UPDATE gateway_keys SET {change}")
    connection.close()
    with pytest.raises(LedgerUnavailable, match="a record of gateway_keys is damaged"):
        store.stored()
    store.close()


def test_keys_and_rows_share_a_database(tmp_path: Path, postgres: Postgres) -> None:
    for url in (f"sqlite:///{tmp_path}/usage.db", postgres.database()):
        place = parse_ledger_url(url)
        assert place is not None
        ledger, store = ledger_at(place), key_store_at(place)
        assert ledger.count(LedgerQuery()) == 0
        store.add(KEY)
        assert ledger.count(LedgerQuery()) == 0
        assert [key.id for key in store.stored()] == ["a"]
        store.close()
        ledger.close()


def test_a_database_that_comes_back_is_asked_again(postgres: Postgres) -> None:
    place = parse_ledger_url(postgres.database())
    assert place is not None
    store = key_store_at(place)
    store.add(KEY)
    postgres.stop()
    try:
        with pytest.raises(LedgerUnavailable) as away:
            store.version()
        assert "password" not in str(away.value).lower()
    finally:
        postgres.start()
    assert [key.id for key in store.stored()] == ["a"]
    store.close()
