from pathlib import Path
from threading import Barrier, Thread

import pytest

from tornado_gateway.admin.writing import write_file
from tornado_gateway.config.replacing import ChangedMeanwhile


def test_the_mode_stays_and_a_link_leads_on(tmp_path: Path) -> None:
    target, link = tmp_path / "real.yaml", tmp_path / "gateway.yaml"
    target.write_bytes(b"old")
    target.chmod(0o640)
    link.symlink_to(target)
    write_file(link, b"old", b"new")
    assert link.is_symlink()
    assert (target.read_bytes(), target.stat().st_mode & 0o777) == (b"new", 0o640)
    with pytest.raises(ChangedMeanwhile):
        write_file(link, b"old", b"other")
    assert sorted(tmp_path.iterdir()) == [link, target]


def test_of_several_one_is_first(tmp_path: Path) -> None:
    path = tmp_path / "gateway.yaml"
    path.write_bytes(b"old")
    together, done = Barrier(8), []

    def write(index: int) -> None:
        together.wait()
        try:
            write_file(path, b"old", f"new {index}".encode())
        except ChangedMeanwhile:
            return
        done.append(f"new {index}".encode())

    threads = [Thread(target=write, args=(index,)) for index in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert done == [path.read_bytes()]
