import os
from collections.abc import Iterator

import pytest

from tornado_gateway.workers.memory import GONE, SharedMemory


@pytest.fixture
def memory() -> Iterator[SharedMemory]:
    made = SharedMemory.create(3)
    yield made
    made.close()


@pytest.fixture
def inherited(memory: SharedMemory) -> Iterator[SharedMemory]:
    """The same, as another process sees it."""
    other = SharedMemory(os.dup(memory.descriptor), memory.slots)
    yield other
    other.close()


def test_the_fewest_connections_are_those_of_a_worker_who_takes_some(
    memory: SharedMemory, inherited: SharedMemory
) -> None:
    assert memory.fewest() == GONE
    inherited.occupy(1)
    assert memory.fewest() == GONE
    inherited.tell(1, 7)
    inherited.tell(2, 9)
    assert memory.fewest() == 7
    memory.vacate(1)
    assert inherited.fewest() == 9


def test_counts_stay_when_their_worker_is_gone(memory: SharedMemory, inherited: SharedMemory) -> None:
    assert list(memory.all_counts()) == []
    inherited.occupy(0)
    inherited.counts(0).write(b"zero")
    inherited.counts(2).write(b"two")
    assert list(memory.all_counts()) == [(b"zero", True), (b"two", False)]
    memory.vacate(0)
    assert list(inherited.all_counts()) == [(b"zero", False), (b"two", False)]


def test_the_configuration_taken_over_last_is_kept(
    memory: SharedMemory, inherited: SharedMemory, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 1000.0
    monkeypatch.setattr("time.time", lambda: now)
    assert memory.kept() is None
    memory.keep(b"at the start")
    assert inherited.kept() == b"at the start"
    now = 1001.0
    inherited.keep(b"later", 2)
    now = 1000.5
    inherited.keep(b"between", 0)
    assert memory.kept() == b"later"


def test_pages_do_not_touch_each_other(memory: SharedMemory) -> None:
    for slot in range(3):
        memory.counts(slot).write(b"counts %d" % slot * 1000)
        memory.keep(b"file %d" % slot * 1000, slot)
    memory.tell(2, 5)
    assert [content for content, _ in memory.all_counts()] == [b"counts %d" % slot * 1000 for slot in range(3)]
    assert memory.kept() == b"file 2" * 1000
    assert memory.fewest() == 5
