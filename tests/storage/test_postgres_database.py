from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.databases import Postgres
from tornado_gateway.domain.ledger import LedgerRefused, LedgerUnavailable
from tornado_gateway.domain.ledger_url import PostgresPlace, parse_ledger_url
from tornado_gateway.storage.postgres_database import PostgresDatabase

ONE = (("CREATE TABLE a (x integer NOT NULL)",),)
TWO = (*ONE, ("ALTER TABLE a ADD COLUMN y text DEFAULT 'new'", "CREATE INDEX ay ON a (y)"))


def place(url: str) -> PostgresPlace:
    found = parse_ledger_url(url)
    assert isinstance(found, PostgresPlace)
    return found


def rows(database: PostgresDatabase) -> list[tuple[object, ...]]:
    with database.session() as connection:
        return connection.execute("SELECT * FROM a").fetchall()


def test_a_schema_is_brought_up_to_date_by_one_of_several_at_once(postgres: Postgres) -> None:
    where = place(postgres.database())
    old = PostgresDatabase(where, "a", ONE)
    with old.session() as connection:
        connection.execute("INSERT INTO a VALUES (1)")
    with ThreadPoolExecutor(6) as pool:
        made = [PostgresDatabase(where, "a", TWO) for _ in range(6)]
        assert list(pool.map(rows, made)) == [[(1, "new")]] * 6
    for each in made:
        each.close()
    old.close()
    with pytest.raises(LedgerUnavailable, match="a newer version of the gateway has changed it"):
        rows(old)


def test_an_empty_database_is_set_up_by_one_of_several_at_once(postgres: Postgres) -> None:
    where = place(postgres.database())
    made = [PostgresDatabase(where, name, ONE if name == "a" else ()) for name in "aaabbb"]
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda database: database.session().__enter__(), made))
    assert rows(made[0]) == []
    for each in made:
        each.close()


def test_what_it_can_not_hold_is_refused_and_nothing_of_it_stays(postgres: Postgres) -> None:
    database = PostgresDatabase(place(postgres.database()), "a", ONE)
    for value in (None, 2**31, "\ud800", "a\0"):
        with pytest.raises(LedgerRefused), database.session() as connection, connection.transaction():
            connection.execute("INSERT INTO a VALUES (1)")
            connection.execute("INSERT INTO a VALUES (%s)", (value,))
    assert rows(database) == []
    database.close()


def test_a_server_that_goes_away_is_told_of_and_found_again(postgres: Postgres) -> None:
    database = PostgresDatabase(place(postgres.database()), "a", ONE)
    assert rows(database) == []
    postgres.stop()
    try:
        for _ in range(2):
            with pytest.raises(LedgerUnavailable, match=r"^postgresql:///"):
                rows(database)
    finally:
        postgres.start()
    assert rows(database) == []
    database.close()


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://me:planted@127.0.0.1:1/usage",
        "postgresql://me:planted@127.0.0.1:1/usage?nonsense=planted",
        "postgresql://me:planted@127.0.0.1:1/usage?sslmode=planted",
        "postgresql://127.0.0.1:1/usage?password=planted&connect_timeout=planted",
        "postgresql://me:planted@no-host-of-this-name.invalid/usage",
    ],
)
def test_no_failure_shows_the_password(url: str) -> None:
    with pytest.raises(LedgerUnavailable, match=r"^postgresql://") as failed:
        rows(PostgresDatabase(place(url), "a", ONE))
    assert "planted" not in str(failed.value)
    assert failed.value.__cause__ is None
