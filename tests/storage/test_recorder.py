import errno
import time
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.support import NOW, finished
from tornado_gateway.clock import SystemClock
from tornado_gateway.domain.events import AttemptAbandoned, RequestStarted
from tornado_gateway.domain.money import Cost
from tornado_gateway.domain.usage import TokenUsage
from tornado_gateway.storage import recorder as module
from tornado_gateway.storage.journal import Journal
from tornado_gateway.storage.ledger_writer import LedgerWriter, Pace
from tornado_gateway.storage.recorder import LedgerRecorder

from .conftest import Moody, until

MakeRecorder = Callable[..., LedgerRecorder]
INTERVAL = 0.04


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return Journal(tmp_path, "usage.db")


@pytest.fixture
def recorder(moody: Moody, journal: Journal) -> Iterator[MakeRecorder]:
    """A recorder over the moody ledger, closed in the end."""
    made: list[LedgerRecorder] = []

    def make(*, started: bool = True, **more: Any) -> LedgerRecorder:
        pace = Pace(first_retry=0.01, last_retry=0.02, adopt=0.05)
        clock = SystemClock()
        writer = LedgerWriter(open=lambda: moody, journal=journal, clock=clock, pace=pace)
        members: dict[str, Any] = {"writer": writer, "journal": journal, "clock": clock, "interval": INTERVAL, **more}
        made.append(LedgerRecorder(**members))
        if started:
            made[-1].start()
            until(lambda: writer.up or moody.away)
        return made[-1]

    yield make
    moody.gate.set()
    for each in made:
        each.close(5)


def test_what_ended_is_a_row_within_the_interval(recorder: MakeRecorder, moody: Moody) -> None:
    made = recorder(interval=1.0)  # a writer that is late by half of it would have its rows taken for the journal
    made.offer(RequestStarted("r-1", "native", False))
    for number in range(10):
        made.offer(finished(request_id=f"r-{number}"))
    assert made.figures.waiting == 10
    until(lambda: len(moody.held()) == 10)
    assert moody.calls == [0, 10], "one batch, and nothing for a call's beginning"
    until(lambda: made.figures.waiting == 0)
    assert dict(made.figures.rows) == {"written": 10, "replayed": 0, "refused": 0, "journaled": 0, "lost": 0}
    assert (made.figures.up, made.figures.failures, made.figures.journaled) == (True, 0, 0)


def test_a_stranger_turned_away_has_no_row_and_a_known_caller_has(recorder: MakeRecorder, moody: Moody) -> None:
    made = recorder()
    made.offer(finished(request_id="stranger", status=401, error="invalid_api_key", usage=None, cost=None))
    made.offer(finished(request_id="expired", status=401, error="key_expired", usage=None, cost=None, principal="a"))
    made.offer(finished(request_id="refused", status=400, error="invalid_request", usage=None, cost=None))
    until(lambda: sorted(moody.held()) == ["expired", "refused"])


def test_a_try_that_nobody_waited_for_has_a_row_too(recorder: MakeRecorder, moody: Moody) -> None:
    made = recorder()
    abandoned = AttemptAbandoned(
        request_id="r-1",
        route="fast",
        provider="openai",
        model="m",
        model_label="m",
        usage=TokenUsage(5),
        cost=Cost(Decimal("0.1")),
        revision="b",
    )
    before = SystemClock().now()
    made.offer(abandoned)
    until(lambda: len(moody.held()) == 1)
    (row,) = moody._rows.values()
    assert (row.kind, row.cost) == ("abandoned", Decimal("0.1"))
    assert before <= row.finished_at <= SystemClock().now()


def test_a_ledger_that_is_away_costs_no_row_and_doubles_none(
    recorder: MakeRecorder, moody: Moody, journal: Journal, tmp_path: Path
) -> None:
    moody.away = True
    made = recorder()
    for number in range(100):
        made.offer(finished(request_id=f"r-{number:03d}"))
        if number % 20 == 19:
            until(lambda: made.figures.waiting == 0)
        if number == 50:
            moody.away = False
        if number == 70:
            moody.away = True
    assert list(tmp_path.iterdir()) != []
    moody.away = False
    until(lambda: made.figures.waiting == journal.waiting == 0)
    assert sorted(moody.held()) == [f"r-{number:03d}" for number in range(100)]
    until(lambda: list(tmp_path.iterdir()) == [])
    rows = made.figures.rows
    assert rows["journaled"] == rows["replayed"]
    assert rows["journaled"] + rows["written"] >= 100, "what is written late comes both ways, and is there once"


def test_a_slow_ledger_gets_its_rows_from_the_journal_and_none_twice(
    recorder: MakeRecorder, moody: Moody, journal: Journal
) -> None:
    made = recorder()
    moody.gate.clear()
    begun = time.monotonic()
    made.offer(finished(request_id="stuck"))
    until(lambda: journal.waiting == 1)
    assert time.monotonic() - begun < 1, "on disk, though the database has not taken it"
    made.offer(finished(request_id="next"))
    until(lambda: journal.waiting == 2)
    moody.gate.set()
    until(lambda: journal.waiting == made.figures.waiting == 0)
    assert sorted(moody.held()) == ["next", "stuck"]
    assert made.figures.rows["written"] + made.figures.rows["replayed"] == 3, "one came both ways"


def test_a_restart_takes_up_what_was_left(recorder: MakeRecorder, moody: Moody, journal: Journal) -> None:
    moody.away = True
    first = recorder()
    first.offer(finished(request_id="before"))
    first.close(5)
    assert moody.held() == []
    assert journal.waiting == 0, "it is nobody's now"
    moody.away = False
    second = recorder()
    second.offer(finished(request_id="after"))
    until(lambda: sorted(moody.held()) == ["after", "before"])


def test_a_close_writes_all_there_is(recorder: MakeRecorder, moody: Moody, tmp_path: Path) -> None:
    made = recorder(interval=60)
    for number in range(3):
        made.offer(finished(request_id=f"r-{number}"))
    begun = time.monotonic()
    made.close(5)
    assert time.monotonic() - begun < 2, "it does not wait for the interval"
    assert sorted(moody.held()) == ["r-0", "r-1", "r-2"]
    assert list(tmp_path.iterdir()) == []


def test_a_close_is_bounded_and_leaves_the_rest_in_the_journal(
    recorder: MakeRecorder, moody: Moody, tmp_path: Path
) -> None:
    made = recorder(interval=0.2)
    moody.gate.clear()
    made.offer(finished(request_id="stuck"))
    until(lambda: made._batch is not None)
    made.offer(finished(request_id="late"))
    begun = time.monotonic()
    made.close(0.1)
    assert time.monotonic() - begun < 1
    moody.gate.set()
    (file,) = tmp_path.iterdir()
    assert file.read_text().count('"request_id":"stuck"') == file.read_text().count('"request_id":"late"') == 1


def test_what_comes_before_the_start_and_after_the_end_is_kept(
    recorder: MakeRecorder, moody: Moody, tmp_path: Path
) -> None:
    made = recorder(started=False)
    made.offer(finished(request_id="early"))
    made.start()
    until(lambda: moody.held() == ["early"])
    made.close(5)
    never = recorder(started=False)
    never.offer(finished(request_id="never started"))
    never.close(5)
    (file,) = tmp_path.iterdir()
    assert '"request_id":"never started"' in file.read_text()


def test_with_neither_database_nor_disk_rows_are_in_memory_up_to_a_bound(
    recorder: MakeRecorder, moody: Moody, journal: Journal, monkeypatch: pytest.MonkeyPatch, lines: list[str]
) -> None:
    monkeypatch.setattr(module, "_MOST_HELD", 5)
    moody.away = True
    made = recorder()

    def full(rows: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(journal, "append", full)
        for number in range(4):
            made.offer(finished(request_id=f"r-{number}"))
        until(lambda: any("neither the ledger nor its journal" in line for line in lines))
        assert (made.figures.waiting, made.figures.rows["lost"]) == (4, 0)
        for number in range(4, 8):
            made.offer(finished(request_id=f"r-{number}"))
        until(lambda: made.figures.rows["lost"] == 3)
        until(lambda: len([line for line in lines if "No space left" in line]) == 2)
    until(lambda: made.figures.waiting == 0)
    moody.away = False
    until(lambda: sorted(moody.held()) == [f"r-{number}" for number in range(5)])


def test_an_offer_is_an_append(recorder: MakeRecorder) -> None:
    made = recorder(started=False)
    events = [finished(finished_at=NOW) for _ in range(100)]
    for event in events:
        made.offer(event)
    assert list(made._queue) == events, "a row is made of it later, in another thread"
    made._queue.clear()
