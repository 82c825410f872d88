import fcntl
import os
import stat
from collections.abc import Callable
from multiprocessing import get_context
from pathlib import Path

import pytest

from tornado_gateway.domain.ledger import LedgerRow
from tornado_gateway.storage.journal_file import JournalFile

MakeRow = Callable[..., LedgerRow]


def left_behind(path: Path, rows: list[LedgerRow], end: bytes = b"") -> None:
    """A file as a killed process leaves it, ``end`` being what it wrote last."""
    process = get_context("spawn").Process(target=_write_and_die, args=(path, rows, end))
    process.start()
    process.join(30)
    assert process.exitcode == 0


def _write_and_die(path: Path, rows: list[LedgerRow], end: bytes) -> None:
    file = JournalFile.create(path)
    file.append(rows)
    with path.open("ab") as more:
        more.write(end)
    os._exit(0)


def adopted(path: Path) -> JournalFile:
    file = JournalFile.adopt(path)
    assert file is not None
    return file


def test_rows_come_back_in_chunks_until_all_are_taken(tmp_path: Path, row: MakeRow) -> None:
    path = tmp_path / "a.jsonl"
    rows = [row(tags={"é\n": "\u2028"}) for _ in range(5)]
    file = JournalFile.create(path)
    assert file.empty
    file.append(rows[:3])
    file.append(rows[3:])
    assert (file.waiting, stat.S_IMODE(path.stat().st_mode)) == (5, 0o600)
    assert file.next(2).rows == file.next(2).rows == tuple(rows[:2]), "not taken, not gone"
    file.take(file.next(2))
    assert (file.waiting, file.empty) == (3, False)
    rest = file.next(100)
    assert rest.rows == tuple(rows[2:])
    file.take(rest)
    assert (file.waiting, file.empty, file.damaged) == (0, True, False)
    file.remove()
    assert not path.exists()


def test_nobody_adopts_what_a_living_process_has(tmp_path: Path, row: MakeRow) -> None:
    path = tmp_path / "a.jsonl"
    file = JournalFile.create(path)
    file.append([row()])
    assert JournalFile.adopt(path) is None
    file.release()
    assert adopted(path).waiting == 1
    assert JournalFile.adopt(tmp_path / "none.jsonl") is None


def test_what_its_owner_removed_in_that_moment_is_no_orphan(
    tmp_path: Path, row: MakeRow, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.jsonl"
    left_behind(path, [row()])
    real = fcntl.flock

    def removed_first(descriptor: int, operation: int) -> None:
        path.unlink()
        real(descriptor, operation)

    monkeypatch.setattr(fcntl, "flock", removed_first)
    assert JournalFile.adopt(path) is None


def test_a_torn_last_line_is_told_and_the_rest_is_whole(tmp_path: Path, row: MakeRow) -> None:
    path = tmp_path / "a.jsonl"
    rows = [row(), row()]
    left_behind(path, rows, b'{"id":"x","finished_at":"2026-01-')
    file = adopted(path)
    assert file.waiting == 2
    chunk = file.next(100)
    assert (chunk.rows, chunk.damaged, chunk.torn) == (tuple(rows), 0, 33)
    file.take(chunk)
    assert (file.empty, file.damaged, file.waiting) == (True, False, 0)


def test_a_damaged_line_in_the_middle_keeps_the_file_for_a_person(tmp_path: Path, row: MakeRow) -> None:
    path = tmp_path / "a.unwritten.jsonl"
    rows = [row(), row()]
    left_behind(path, rows[:1], b'{"id":5}\n\xff\xfe\n')
    file = adopted(path)
    file.append(rows[1:])
    chunk = file.next(100)
    assert (chunk.rows, chunk.damaged, chunk.torn) == (tuple(rows), 2, 0)
    file.take(chunk)
    assert file.damaged
    kept = file.keep()
    assert kept.name == "a.damaged.jsonl"
    assert kept.read_bytes().count(b"\n") == 4
    assert not path.exists()


def test_a_write_that_fails_half_way_leaves_nothing_of_it(
    tmp_path: Path, row: MakeRow, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = JournalFile.create(tmp_path / "a.jsonl")
    first, second, third = row(), row(), row()
    file.append([first])
    real = os.pwrite

    def full(descriptor: int, data: bytes, offset: int) -> int:
        if offset > 100 + file._size:
            raise OSError(28, "No space left on device")
        return real(descriptor, data[:150], offset)

    with monkeypatch.context() as patch:
        patch.setattr(os, "pwrite", full)
        with pytest.raises(OSError, match="No space left"):
            file.append([second])
    assert file.waiting == 1
    file.append([third])
    assert file.next(9).rows == (first, third)
