import re
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tornado_gateway.domain.ledger_url import PostgresPlace, SqlitePlace, parse_ledger_url


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("sqlite:///usage.db", "usage.db"),
        ("sqlite:///data/usage.db", "data/usage.db"),
        ("sqlite:////var/lib/gateway/usage.db", "/var/lib/gateway/usage.db"),
        ("SQLite:///a b #1%.db", "a b #1%.db"),
    ],
)
def test_files(url: str, path: str) -> None:
    place = parse_ledger_url(url)
    assert place == SqlitePlace(Path(path))
    assert str(place) == f"sqlite:///{path}"
    assert place.folder == Path(path).parent


def test_a_journal_is_called_after_its_ledger() -> None:
    assert SqlitePlace(Path("/x/my usage.db")).label == "my_usage.db"
    place = parse_ledger_url("postgresql://db/us%20age")
    assert place is not None
    assert place.label == "postgresql-us_age"
    assert place.folder == Path()


@pytest.mark.parametrize(
    ("url", "shown", "database"),
    [
        ("postgresql://me:planted@db/usage", "postgresql://db/usage", "usage"),
        ("postgres://db:5433/usage", "postgresql://db:5433/usage", "usage"),
        ("postgresql://me:planted@a:1,b:2/usage?sslmode=require", "postgresql://a:1,b:2/usage", "usage"),
        ("postgresql://me:pl%40nted@[::1]:5432/usage", "postgresql://[::1]:5432/usage", "usage"),
        ("postgresql:///usage?host=/run/postgresql", "postgresql:///run/postgresql/usage", "usage"),
        ("postgresql:///usage", "postgresql://the local socket/usage", "usage"),
        ("postgresql://db/us%20age?password=planted", "postgresql://db/us age", "us age"),
    ],
)
def test_servers(url: str, shown: str, database: str) -> None:
    place = parse_ledger_url(url)
    assert isinstance(place, PostgresPlace)
    assert (place.url, str(place), place.database) == (url, shown, database)
    assert "planted" not in repr(place)


@pytest.mark.parametrize("url", ["none", "None", " none\n"])
def test_nowhere(url: str) -> None:
    assert parse_ledger_url(url) is None


@pytest.mark.parametrize(
    ("url", "complaint"),
    [
        ("", "is no URL"),
        ("usage.db", "is no URL"),
        ("sqlite", "is no URL"),
        ("sk-planted@x://y", "is no URL"),
        ("sqlite:/usage.db", "is no URL"),
        ("mysql://db/usage", "kept in 'mysql': sqlite, postgresql or none"),
        ("sqllite:///usage.db", "did you mean 'sqlite'"),
        ("sqlite+aiosqlite:///usage.db", "names a driver: write sqlite://"),
        ("sqlite://usage.db", "three slashes"),
        ("sqlite:///", "names no file"),
        ("sqlite:///data/", "names no file"),
        ("sqlite:///:memory:", "lost with the process"),
        ("sqlite:///usage.db?mode=ro", "takes no options"),
        ("postgresql://db", "names no database"),
        ("postgresql://db/", "names no database"),
        ("postgresql://db/a/b", "names no database"),
        ("postgresql://me:planted @db/usage", "a blank: write it as %20"),
        ("postgresql://me:100%@db/usage", "begins no escape: write it as %25"),
        ("postgresql://me:planted#@db/usage", "in a password, write it as %23"),
        ("postgresql://me:plan@ted@db/usage", "write @ as %40"),
        ("postgresql://me:plan/ted@db/usage", "/ as %2F"),
        ("postgresql://me:plan?ted@db/usage", "? as %3F"),
        ("postgresql://db:port/usage", "from 1 to 65535"),
        ("postgresql://db:0/usage", "from 1 to 65535"),
        ("postgresql://a:1,b:70000/usage", "from 1 to 65535"),
        ("postgresql://[::1/usage", "host is malformed"),
        ("postgresql://::1/usage", "host is malformed"),
        ("postgresql://db/usage?sslmode", "name=value"),
    ],
)
def test_what_is_no_place(url: str, complaint: str) -> None:
    with pytest.raises(ValueError, match=re.escape(complaint)) as refused:
        parse_ledger_url(url)
    assert "plan" not in str(refused.value)


@given(st.text(max_size=12), st.text("/@:?#%[]", max_size=4))
@example("", "@")
def test_no_complaint_shows_a_password(text: str, odd: str) -> None:
    url = f"postgresql://me:QQQ{odd}{text}QQQ@db/usage"
    try:
        place = parse_ledger_url(url)
    except ValueError as error:
        assert "QQQ" not in str(error)
    else:
        assert "QQQ" not in str(place)
