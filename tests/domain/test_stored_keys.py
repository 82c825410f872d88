import asyncio
import threading
from collections.abc import Callable

import pytest

from tests.serving import until
from tests.support import NOW, FakeClock, Recorder, snapshot
from tornado_gateway.domain import stored_keys
from tornado_gateway.domain.access import Access
from tornado_gateway.domain.events import KeysFetched
from tornado_gateway.domain.key_store import KeyStore, StoredKey
from tornado_gateway.domain.keys import hash_of
from tornado_gateway.domain.ledger import LedgerUnavailable
from tornado_gateway.domain.snapshot import SnapshotHolder
from tornado_gateway.domain.stored_keys import StoredKeys


class Moody:
    """A store that is away when it is told to be, and slow until it is let go."""

    def __init__(self) -> None:
        self.secrets: list[str] = []
        self.number = 0
        self.away = False
        self.asked: list[str] = []
        self.closed = 0
        self.gate = threading.Event()
        self.gate.set()
        self.threads: set[str] = set()

    def version(self) -> str:
        self.asked.append("version")
        self.threads.add(threading.current_thread().name)
        self.gate.wait(10)
        if self.away:
            raise LedgerUnavailable("sqlite:///usage.db: away")
        return str(self.number)

    def stored(self) -> list[StoredKey]:
        self.asked.append("stored")
        return [
            StoredKey(id=secret, sha256=hash_of(secret), prefix=secret[:11], created_at=NOW) for secret in self.secrets
        ]

    def change(self, *secrets: str) -> None:
        self.secrets, self.number = list(secrets), self.number + 1

    def add(self, key: StoredKey) -> None:
        raise AssertionError("nobody changes keys here")

    def rotate(self, key: StoredKey, ends: object) -> None:
        raise AssertionError("nobody changes keys here")

    def revoke(self, key_id: str, at: object) -> int:
        raise AssertionError("nobody changes keys here")

    def close(self) -> None:
        self.closed += 1


class Ticking(FakeClock):
    async def sleep(self, seconds: float) -> None:
        self.time += seconds
        await asyncio.sleep(0.001)


class Run:
    def __init__(self, *, stored: bool = True, database: bool = True) -> None:
        self.store = Moody()
        self.opened = 0
        self.recorder = Recorder()
        self.snapshots = SnapshotHolder(snapshot(access=Access(True, stored=stored)))
        opener: Callable[[], KeyStore] | None = self._open if database else None
        self.keys = StoredKeys(open_store=opener, snapshots=self.snapshots, clock=Ticking(), publisher=self.recorder)

    def _open(self) -> KeyStore:
        self.opened += 1
        return self.store

    def knows(self, secret: str) -> bool:
        return self.keys.ring.find(secret) is not None


async def test_keys_are_read_when_they_have_changed() -> None:
    run = Run()
    run.store.change("one")
    for _ in range(3):
        await run.keys.look()
    assert run.knows("one")
    run.store.change("one", "two")
    await run.keys.look()
    assert run.knows("two")
    run.store.change("two")
    await run.keys.look()
    assert not run.knows("one")
    assert run.store.asked.count("stored") == 3
    assert run.recorder.of(KeysFetched) == [KeysFetched("store", count) for count in (1, 2, 1)]
    assert run.opened == 1
    assert threading.main_thread().name not in run.store.threads


async def test_the_last_keys_stay_in_force_while_the_database_is_away() -> None:
    run = Run()
    run.store.change("one")
    await run.keys.look()
    run.store.away = True
    for _ in range(3):
        await run.keys.look()
    assert run.knows("one")
    run.store.away = False
    run.store.change()
    await run.keys.look()
    assert not run.knows("one")
    assert run.recorder.of(KeysFetched) == [
        KeysFetched("store", 1),
        KeysFetched("store", 1, "sqlite:///usage.db: away"),
        KeysFetched("store", 0),
    ]


async def test_nobody_is_asked_where_the_file_wants_no_keys_of_the_store_or_there_is_none() -> None:
    for run in (Run(stored=False), Run(database=False)):
        await run.keys.look()
        assert (run.opened, run.store.asked) == (0, [])
        await run.keys.start()
        await run.keys.close()
        assert run.store.closed == 0


async def test_a_reload_that_wants_them_has_them_soon() -> None:
    run = Run(stored=False)
    run.store.change("one")
    await run.keys.start()
    run.snapshots.swap(snapshot(access=Access(True, stored=True)))
    await until(lambda: run.knows("one"))
    await run.keys.close()


async def test_they_are_there_when_the_gateway_starts_and_followed_until_it_ends() -> None:
    run = Run()
    run.store.change("one")
    await run.keys.start()
    assert run.knows("one")
    run.store.change("two")
    await until(lambda: run.knows("two"))
    await run.keys.close()
    assert run.store.closed == 1
    asked = len(run.store.asked)
    await asyncio.sleep(0.01)
    assert len(run.store.asked) == asked


async def test_a_database_that_says_nothing_does_not_hold_up_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stored_keys, "FIRST", 0.02)
    run = Run()
    run.store.change("one")
    run.store.gate.clear()
    await run.keys.start()
    assert not run.knows("one")
    (event,) = run.recorder.of(KeysFetched)
    assert event.problem == "the store did not answer within 0.02 seconds"
    run.store.gate.set()
    await until(lambda: run.knows("one"))
    await run.keys.close()
