"""What every key store promises, over each of them."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tornado_gateway.domain.key_store import KeyExists, KeyMissing, KeyStore, StoredKey
from tornado_gateway.domain.keys import hash_of, new_secret, shown
from tornado_gateway.domain.ledger import LedgerRefused
from tornado_gateway.domain.ledger_url import parse_ledger_url
from tornado_gateway.domain.quotas import Budget, Limits
from tornado_gateway.storage.memory_keys import MemoryKeyStore
from tornado_gateway.storage.opening import key_store_at

AT = datetime(2026, 1, 31, 12, 0, 0, 123456, tzinfo=UTC)
HOUR = timedelta(hours=1)


def opened(url: str) -> KeyStore:
    place = parse_ledger_url(url)
    assert place is not None
    return key_store_at(place)


@pytest.fixture(params=["memory", "sqlite", "postgres"])
def open_store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[], KeyStore]]:
    """Opens the same empty store, as often as it is asked to."""
    made: list[KeyStore] = []
    memory = MemoryKeyStore()
    url = f"sqlite:///{tmp_path}/usage.db"
    if request.param == "postgres":
        url = request.getfixturevalue("database")
        opened(url).version()
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("TRUNCATE gateway_keys")

    def open_one() -> KeyStore:
        made.append(memory if request.param == "memory" else opened(url))
        return made[-1]

    yield open_one
    for store in made:
        store.close()


@pytest.fixture
def store(open_store: Callable[[], KeyStore]) -> KeyStore:
    return open_store()


def key(name: str = "team-a", **members: Any) -> StoredKey:
    secret = new_secret()
    usual = {"id": name, "sha256": hash_of(secret), "prefix": shown(secret), "created_at": AT}
    return StoredKey(**{**usual, **members})


TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=20)
TIMES = st.datetimes(datetime(1970, 1, 1), datetime(9999, 12, 31), timezones=st.just(UTC))
COUNTS = st.none() | st.integers(1, 2**60)
LIMITS = st.builds(Limits, COUNTS, COUNTS, COUNTS)
BUDGETS = st.builds(
    Budget,
    st.decimals(min_value=Decimal("0.01"), max_value=10**9, places=4),
    st.sampled_from(["day", "week", "month", "total"]),
    st.just("Europe/Berlin"),
    st.just((50,)),
)
KEYS = st.builds(
    StoredKey,
    id=st.just("any"),
    sha256=st.builds(lambda: hash_of(new_secret())),
    prefix=TEXT,
    created_at=TIMES,
    owner=st.none() | TEXT,
    tags=st.dictionaries(TEXT, TEXT, max_size=3),
    models=st.none() | st.lists(TEXT, max_size=3).map(tuple),
    limits=st.none() | LIMITS,
    budget=st.none() | BUDGETS,
    expires=st.none() | TIMES,
    revoked_at=TIMES,
)


@given(KEYS)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_key_comes_back_as_it_was(store: KeyStore, made: StoredKey) -> None:
    store.add(made)
    assert made in store.stored()


def test_an_empty_store_has_no_keys_and_a_version(store: KeyStore) -> None:
    assert store.stored() == []
    assert store.version() == store.version()


def test_each_bearer_has_one_good_key(store: KeyStore) -> None:
    first = key()
    store.add(first)
    store.add(key("team-b"))
    with pytest.raises(KeyExists):
        store.add(key())
    assert store.revoke("team-a", AT + HOUR) == 1
    store.add(key(created_at=AT + HOUR, expires=AT + 2 * HOUR))
    with pytest.raises(KeyExists):
        store.add(key(created_at=AT + 2 * HOUR - timedelta(microseconds=1)))
    store.add(key(created_at=AT + 2 * HOUR))
    assert sorted(each.id for each in store.stored()) == ["team-a", "team-a", "team-a", "team-b"]
    assert [each.created_at for each in store.stored()][-2:] == [AT + HOUR, AT + 2 * HOUR]


def test_the_same_key_twice_is_refused_and_changes_nothing(store: KeyStore) -> None:
    first = key()
    store.add(first)
    with pytest.raises(LedgerRefused):
        store.add(key("team-b", sha256=first.sha256))
    with pytest.raises(LedgerRefused):
        store.rotate(key(sha256=first.sha256), AT + HOUR)
    assert store.stored() == [first]


def test_a_rotated_key_is_good_for_a_while_longer(store: KeyStore) -> None:
    first, second, third = key(expires=AT + 9 * HOUR), key(created_at=AT + HOUR), key(created_at=AT + 2 * HOUR)
    other = key("team-b")
    store.add(first)
    store.add(other)
    store.rotate(second, AT + 5 * HOUR)
    assert {each.sha256: each.expires for each in store.stored()} == {
        first.sha256: AT + 5 * HOUR,
        second.sha256: None,
        other.sha256: None,
    }
    # What ends sooner anyway is not given more time.
    store.rotate(third, AT + 7 * HOUR)
    assert {each.sha256: each.expires for each in store.stored()} == {
        first.sha256: AT + 5 * HOUR,
        second.sha256: AT + 7 * HOUR,
        third.sha256: None,
        other.sha256: None,
    }


def test_nothing_is_rotated_that_is_not_good(store: KeyStore) -> None:
    with pytest.raises(KeyMissing):
        store.rotate(key(), AT)
    store.add(key(expires=AT + HOUR))
    store.add(key("team-b"))
    store.revoke("team-b", AT)
    for late in (key(created_at=AT + HOUR), key("team-b")):
        with pytest.raises(KeyMissing):
            store.rotate(late, AT + 9 * HOUR)
    assert len(store.stored()) == 2


def test_all_keys_of_a_bearer_are_revoked_at_once_and_once(store: KeyStore) -> None:
    store.add(key())
    store.rotate(key(created_at=AT + HOUR), AT + 9 * HOUR)
    store.add(key("team-b"))
    assert store.revoke("team-a", AT + 2 * HOUR) == 2
    assert store.revoke("team-a", AT + 3 * HOUR) == 0
    assert store.revoke("nobody", AT) == 0
    assert {each.id: each.revoked_at for each in store.stored()} == {"team-a": AT + 2 * HOUR, "team-b": None}


def test_each_change_is_another_version_to_everybody(open_store: Callable[[], KeyStore]) -> None:
    store, other = open_store(), open_store()
    seen = [other.version()]
    for change in (
        lambda: store.add(key()),
        lambda: store.rotate(key(created_at=AT + HOUR), AT + HOUR),
        lambda: store.revoke("team-a", AT + 2 * HOUR),
    ):
        change()
        seen.append(other.version())
        assert other.stored() == store.stored()
    assert len(set(seen)) == 4


@pytest.mark.parametrize("open_store", ["sqlite", "postgres"], indirect=True)
def test_of_many_who_add_the_same_bearer_at_once_one_does(open_store: Callable[[], KeyStore]) -> None:
    stores = [open_store() for _ in range(6)]

    def add(store: KeyStore) -> bool:
        try:
            store.add(key())
        except KeyExists:
            return False
        return True

    with ThreadPoolExecutor(6) as pool:
        assert sum(pool.map(add, stores)) == 1
    assert len(stores[0].stored()) == 1
