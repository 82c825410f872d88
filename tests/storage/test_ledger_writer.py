from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tornado_gateway.clock import SystemClock
from tornado_gateway.domain.ledger import Ledger, LedgerRow, LedgerUnavailable
from tornado_gateway.storage.journal import Journal
from tornado_gateway.storage.ledger_writer import Batch, LedgerWriter, Pace

from .conftest import Moody, until

MakeRow = Callable[..., LedgerRow]
MakeWriter = Callable[..., LedgerWriter]
QUICK = Pace(first_retry=0.01, last_retry=0.04, adopt=0.05, prune=0.05, breath=0.001)


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return Journal(tmp_path, "usage.db")


@pytest.fixture
def writer(moody: Moody, journal: Journal) -> Iterator[MakeWriter]:
    """A writer over the moody ledger, started and, in the end, closed."""
    made: list[LedgerWriter] = []

    def make(**more: Any) -> LedgerWriter:
        members: dict[str, Any] = {
            "open": lambda: moody,
            "journal": journal,
            "clock": SystemClock(),
            "pace": QUICK,
            **more,
        }
        made.append(LedgerWriter(**members))
        made[-1].start()
        return made[-1]

    yield make
    for each in made:
        each.close(5)


def submitted(writer: LedgerWriter, rows: list[LedgerRow]) -> Batch:
    until(lambda: writer.up)
    batch = writer.submit(rows)
    assert batch is not None
    return batch


def test_batches_are_written(writer: MakeWriter, moody: Moody, row: MakeRow) -> None:
    made = writer()
    for _ in range(3):
        assert submitted(made, [row(), row()]).written.wait(5)
    assert len(moody.held()) == 6
    assert (made.rows["written"], made.failures) == (6, 0)
    assert moody.calls == [0, 2, 2, 2], "asked whether it is there, then written to"


def test_a_ledger_that_is_away_is_tried_ever_later_and_told_of_once(
    writer: MakeWriter, moody: Moody, row: MakeRow, lines: list[str]
) -> None:
    moody.away = True
    made = writer()
    until(lambda: made.failures > 3)
    assert not made.up
    assert made.submit([row()]) is None
    moody.away = False
    until(lambda: made.up)
    assert submitted(made, [row()]).written.wait(5)
    told = [line for line in lines if "ledger" in line]
    assert len(told) == 2, told
    assert told[0].startswith("WARNING the ledger is away, rows go to the journal until it is back")
    assert "moody: away" in told[0]
    assert told[1].startswith("INFO the ledger is back")


def test_one_that_can_not_even_be_opened_is_tried_again(writer: MakeWriter, moody: Moody) -> None:
    tries: list[int] = []

    def opening() -> Ledger:
        tries.append(1)
        if len(tries) < 3:
            raise LedgerUnavailable("no library")
        return moody

    made = writer(open=opening)
    until(lambda: made.up)
    assert (len(tries), made.failures) == (3, 2)


def test_what_fails_in_the_middle_stays_with_who_brought_it(writer: MakeWriter, moody: Moody, row: MakeRow) -> None:
    made = writer()
    until(lambda: made.up)
    moody.away = True
    batch = submitted(made, [row()])
    until(lambda: not made.up)
    assert not batch.written.is_set()
    assert made.rows["written"] == 0


def test_a_batch_that_was_not_begun_with_can_be_withdrawn(writer: MakeWriter, moody: Moody, row: MakeRow) -> None:
    made = writer()
    until(lambda: made.up)
    moody.gate.clear()
    first = submitted(made, [row(request_id="first")])
    until(lambda: made._inbox is None)
    second = submitted(made, [row(request_id="second")])
    assert made.submit([row()]) is None, "one waits already"
    made.withdraw(second)
    third = submitted(made, [row(request_id="third")])
    made.withdraw(first)
    moody.gate.set()
    assert first.written.wait(5)
    assert third.written.wait(5)
    assert moody.held() == ["first", "third"]
    assert not second.written.is_set()


def test_journals_are_replayed_between_batches_and_removed(
    writer: MakeWriter, moody: Moody, journal: Journal, row: MakeRow, tmp_path: Path
) -> None:
    moody.away = True
    made = writer()
    journal.append([row() for _ in range(2500)])
    until(lambda: made.failures > 0)
    moody.away = False
    until(lambda: made.rows["replayed"] == 2500)
    until(lambda: list(tmp_path.iterdir()) == [])
    assert len(moody.held()) == 2500
    assert max(moody.calls) == 1000
    journal.append([row()])
    made.look()
    until(lambda: len(moody.held()) == 2501)


def test_a_replay_that_is_interrupted_goes_on_where_it_was(
    writer: MakeWriter, moody: Moody, journal: Journal, row: MakeRow
) -> None:
    class Failing(Moody):
        def append(self, rows: Any) -> None:
            self.away = len(self.calls) in (2, 3)
            super().append(rows)

    failing = Failing()
    journal.append([row() for _ in range(2500)])
    made = writer(open=lambda: failing)
    until(lambda: made.rows["replayed"] == 2500)
    assert failing.calls == [0, 1000, 1000, 0, 0, 1000, 500]


def test_what_others_left_is_taken_over_now_and_then(
    writer: MakeWriter, moody: Moody, row: MakeRow, tmp_path: Path, lines: list[str]
) -> None:
    made = writer()
    until(lambda: made.up)
    gone = Journal(tmp_path, "usage.db")
    gone.append([row(request_id="left")])
    (file,) = tmp_path.iterdir()
    with file.open("ab") as torn:
        torn.write(b'{"id":"x"')
    gone.close()
    until(lambda: moody.held() == ["left"])
    until(lambda: any(line.startswith("WARNING a journal of the ledger ends in half a row") for line in lines))
    assert any(file.name in line and "'bytes': 9" in line for line in lines)
    until(lambda: list(tmp_path.iterdir()) == [])


def test_a_row_that_is_refused_is_put_aside_and_stops_no_other(
    writer: MakeWriter, moody: Moody, journal: Journal, row: MakeRow, tmp_path: Path, lines: list[str]
) -> None:
    made = writer()
    good = [row(), row(), row()]
    assert submitted(made, [*good[:2], row(status=666, request_id="bad"), good[2]]).written.wait(5)
    journal.append([row(status=666), row(request_id="good")])
    made.look()
    until(lambda: made.rows["replayed"] == 1)
    assert sorted(moody.held()) == sorted(["good", *(each.request_id for each in good)])
    assert (made.rows["written"], made.rows["refused"], made.up) == (3, 2, True)
    assert (tmp_path / "usage.db.refused.jsonl").read_bytes().count(b"\n") == 2
    assert any(line.startswith("ERROR the ledger refuses a row") and "bad" in line for line in lines)


def test_a_disk_that_fails_stops_neither_the_ledger_nor_other_rows(
    writer: MakeWriter, moody: Moody, journal: Journal, row: MakeRow, monkeypatch: pytest.MonkeyPatch, lines: list[str]
) -> None:
    def broken(*_: Any) -> Any:
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(journal, "refuse", broken)
    monkeypatch.setattr(journal, "adopt", broken)
    made = writer()
    assert submitted(made, [row(status=666), row(request_id="good")]).written.wait(5)
    assert (moody.held(), made.rows["refused"], made.up, made.failures) == (["good"], 1, True, 0)
    until(lambda: len([line for line in lines if "Read-only file system" in line]) > 1)


def test_old_rows_go_some_at_a_time(writer: MakeWriter, moody: Moody, row: MakeRow) -> None:
    now = SystemClock().now()
    moody.append([row(finished_at=now - timedelta(days=2)) for _ in range(4500)])
    moody.append([row(finished_at=now, request_id="new")])
    writer(retention=timedelta(days=1))
    until(lambda: moody.held() == ["new"])
    moody.append([row(finished_at=now - timedelta(days=2))])
    until(lambda: moody.held() == ["new"])


def test_a_failure_that_nobody_thought_of_ends_nothing(writer: MakeWriter, moody: Moody, row: MakeRow) -> None:
    class Broken(Moody):
        def append(self, rows: Any) -> None:
            if len(self.calls) == 1:
                self.calls.append(-1)
                raise RuntimeError("never heard of")
            super().append(rows)

    broken = Broken()
    made = writer(open=lambda: broken)
    lost = submitted(made, [row()])
    until(lambda: made.failures == 1)
    assert submitted(made, [row(request_id="next")]).written.wait(5)
    assert broken.held() == ["next"]
    assert not lost.written.is_set()


def test_a_close_writes_what_is_there_and_what_waits(
    writer: MakeWriter, moody: Moody, journal: Journal, row: MakeRow, tmp_path: Path
) -> None:
    made = writer()
    until(lambda: made.up)
    moody.gate.clear()
    batch = submitted(made, [row()])
    journal.append([row() for _ in range(1500)])
    moody.gate.set()
    assert made.close(5)
    assert batch.written.is_set()
    assert len(moody.held()) == 1501
    assert list(tmp_path.iterdir()) == []


def test_a_close_does_not_wait_longer_than_it_was_told_to(writer: MakeWriter, moody: Moody, row: MakeRow) -> None:
    made = writer()
    until(lambda: made.up)
    moody.gate.clear()
    batch = submitted(made, [row()])
    assert not made.close(0.05)
    assert not batch.written.is_set()
    moody.gate.set()


def test_one_that_never_started_is_closed_at_once(journal: Journal, moody: Moody) -> None:
    assert LedgerWriter(open=lambda: moody, journal=journal, clock=SystemClock()).close(0)
    assert moody.calls == []


def test_the_thread_ends_with_the_process(writer: MakeWriter) -> None:
    made = writer()
    assert made._thread is not None
    assert made._thread.daemon, "a database that hangs must not hold up an exit"
