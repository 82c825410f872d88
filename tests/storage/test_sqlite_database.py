import sqlite3
import stat
from pathlib import Path

import pytest

from tornado_gateway.domain.ledger import LedgerRefused, LedgerUnavailable
from tornado_gateway.storage.sqlite_database import SqliteDatabase

ONE = (("CREATE TABLE a (x INTEGER NOT NULL)",),)
TWO = (*ONE, ("ALTER TABLE a ADD COLUMN y TEXT DEFAULT 'new'", "CREATE INDEX ay ON a (y)"))


def rows(database: SqliteDatabase) -> list[tuple[object, ...]]:
    with database.reading() as connection:
        return connection.execute("SELECT * FROM a").fetchall()


def test_a_schema_is_brought_up_to_date_once(tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    old = SqliteDatabase(path, "a", ONE)
    with old.writing() as connection:
        connection.execute("INSERT INTO a VALUES (1)")
    old.close()
    for _ in range(2):
        new = SqliteDatabase(path, "a", TWO)
        assert rows(new) == [(1, "new")]
        new.close()
    with pytest.raises(LedgerUnavailable, match="a newer version of the gateway has changed it"):
        rows(old)


def test_a_version_is_there_as_a_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    broken = (*ONE, ("ALTER TABLE a ADD COLUMN y TEXT", "CREATE NONSENSE"))
    with pytest.raises(LedgerUnavailable, match="syntax error"):
        rows(SqliteDatabase(path, "a", broken))
    assert rows(SqliteDatabase(path, "a", TWO)) == []


def test_two_components_share_a_file(tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    first, second = SqliteDatabase(path, "a", TWO), SqliteDatabase(path, "b", (("CREATE TABLE b (x)",),))
    assert rows(first) == []
    with second.reading() as connection:
        assert dict(connection.execute("SELECT * FROM gateway_schema").fetchall()) == {"a": 2, "b": 1}


def test_a_new_file_is_for_its_owner_alone_and_an_old_one_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    rows(SqliteDatabase(path, "a", ONE))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    path.chmod(0o640)
    rows(SqliteDatabase(path, "a", ONE))
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


def test_what_goes_wrong_is_told_with_the_files_name_and_tried_again(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "x.db"
    database = SqliteDatabase(path, "a", ONE)
    with pytest.raises(LedgerUnavailable, match=f"{path}: No such file or directory"):
        rows(database)
    path.parent.mkdir()
    assert rows(database) == []
    other = tmp_path / "other.db"
    other.write_bytes(b"no database at all, however long it is" * 100)
    with pytest.raises(LedgerUnavailable, match=f"{other}: file is not a database"):
        rows(SqliteDatabase(other, "a", ONE))
    with pytest.raises(LedgerUnavailable, match=f"{tmp_path}: "):
        rows(SqliteDatabase(tmp_path, "a", ONE))


def test_a_file_that_was_removed_meanwhile_is_not_written_to(tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    database = SqliteDatabase(path, "a", ONE)
    assert rows(database) == []
    path.rename(tmp_path / "moved.db")
    with database.writing() as connection:
        connection.execute("INSERT INTO a VALUES (2)")
    assert rows(database) == [(2,)]
    other = sqlite3.connect(path)
    assert other.execute("SELECT * FROM a").fetchall() == [(2,)]
    other.close()


def test_what_it_can_not_hold_is_refused_and_nothing_of_it_stays(tmp_path: Path) -> None:
    database = SqliteDatabase(tmp_path / "x.db", "a", ONE)
    for value in (None, 2**63, "\ud800"):
        with pytest.raises(LedgerRefused), database.writing() as connection:
            connection.execute("INSERT INTO a VALUES (1)")
            connection.execute("INSERT INTO a VALUES (?)", (value,))
    assert rows(database) == []


def test_a_commit_is_on_disk(tmp_path: Path) -> None:
    with SqliteDatabase(tmp_path / "x.db", "a", ONE).reading() as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert connection.execute("PRAGMA synchronous").fetchone() == (2,)
