import stat
from pathlib import Path

import pytest

from tornado_gateway.config.replacing import ChangedMeanwhile, replace_file


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "gateway.yaml"
    path.write_bytes(b"old")
    path.chmod(0o640)
    return path


def test_content_is_replaced_and_the_mode_stays(file: Path) -> None:
    before = file.stat().st_ino
    replace_file(file, b"old", b"new")
    assert file.read_bytes() == b"new"
    assert stat.S_IMODE(file.stat().st_mode) == 0o640
    assert file.stat().st_ino != before
    assert list(file.parent.iterdir()) == [file]


def test_a_link_leads_on_to_the_file(file: Path) -> None:
    link = file.parent / "link.yaml"
    link.symlink_to(file.name)
    replace_file(link, b"old", b"new")
    assert link.is_symlink()
    assert file.read_bytes() == b"new"


def test_what_somebody_else_has_written_is_not_lost(file: Path) -> None:
    with pytest.raises(ChangedMeanwhile, match="was changed meanwhile"):
        replace_file(file, b"older", b"new")
    assert file.read_bytes() == b"old"
    assert list(file.parent.iterdir()) == [file]


def test_a_write_that_fails_leaves_nothing_behind(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="No space left"):
        replace_file(file, b"old", b"new")
    assert file.read_bytes() == b"old"
    assert list(file.parent.iterdir()) == [file]
