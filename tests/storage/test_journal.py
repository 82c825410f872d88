from collections.abc import Callable
from multiprocessing import get_context
from pathlib import Path

import msgspec

from tornado_gateway.domain.ledger import LedgerRow
from tornado_gateway.storage.journal import Journal

MakeRow = Callable[..., LedgerRow]


def replayed(journal: Journal) -> list[LedgerRow]:
    """All rows, as a writer would take them."""
    rows: list[LedgerRow] = []
    while (file := journal.oldest()) is not None:
        chunk = file.next(2)
        rows += chunk.rows
        file.take(chunk)
        if file.empty:
            journal.done(file)
    return rows


def test_what_is_read_is_no_longer_written_to(tmp_path: Path, row: MakeRow) -> None:
    journal = Journal(tmp_path, "usage.db")
    rows = [row() for _ in range(5)]
    assert journal.oldest() is None
    journal.append(rows[:2])
    file = journal.oldest()
    journal.append(rows[2:])
    assert journal.oldest() is file
    assert (journal.waiting, len(list(tmp_path.iterdir()))) == (5, 2)
    assert replayed(journal) == rows
    assert (journal.waiting, list(tmp_path.iterdir())) == (0, [])


def test_nothing_is_made_before_there_is_something_to_keep(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "nowhere", "usage.db")
    assert journal.adopt() == 0
    journal.close()
    assert list(tmp_path.iterdir()) == []


def test_the_next_process_takes_over_and_a_neighbour_of_another_name_does_not(tmp_path: Path, row: MakeRow) -> None:
    rows = [row() for _ in range(3)]
    first = Journal(tmp_path, "usage.db")
    first.append(rows)
    second, other = Journal(tmp_path, "usage.db"), Journal(tmp_path, "usage")
    assert second.adopt() == other.adopt() == 0
    first.close()
    assert Journal(tmp_path, "db").adopt() == other.adopt() == 0
    assert second.adopt() == 1
    assert second.adopt() == 0, "it has it already"
    assert second.waiting == 3
    assert replayed(second) == rows


def _adopt(folder: Path) -> list[str]:
    journal = Journal(folder, "usage.db")
    journal.adopt()
    return [row.id for row in replayed(journal)]


def test_several_that_look_at_once_share_what_was_left(tmp_path: Path, row: MakeRow) -> None:
    rows = [row() for _ in range(20)]
    for each in rows:
        journal = Journal(tmp_path, "usage.db")
        journal.append([each])
        journal.close()
    with get_context("spawn").Pool(4) as pool:
        found = pool.map(_adopt, [tmp_path] * 4, chunksize=1)
    assert sorted(identity for some in found for identity in some) == [each.id for each in rows]


def test_a_close_leaves_no_empty_file(tmp_path: Path, row: MakeRow) -> None:
    journal = Journal(tmp_path, "usage.db")
    journal.append([row()])
    file = journal.oldest()
    assert file is not None
    file.take(file.next(5))
    journal.close()
    assert list(tmp_path.iterdir()) == []


def test_refused_rows_are_put_aside_and_never_replayed(tmp_path: Path, row: MakeRow) -> None:
    journal = Journal(tmp_path, "usage.db")
    rows = [row(), row()]
    for each in rows:
        path = journal.refuse([each])
    assert [msgspec.json.decode(line, type=LedgerRow) for line in path.read_bytes().splitlines()] == rows
    assert path.stat().st_mode & 0o777 == 0o600
    assert journal.adopt() == 0
