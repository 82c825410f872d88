from pathlib import Path

import pytest

from tornado_gateway.cli.problems import complain, loaded_or_told
from tornado_gateway.config.schema import packaged_default


def test_a_good_file_is_loaded(capsys: pytest.CaptureFixture[str]) -> None:
    loaded = loaded_or_told(packaged_default())
    assert loaded is not None
    assert loaded.settings.routes
    assert capsys.readouterr() == ("", "")


def test_a_bad_files_problems_are_told_as_check_tells_them(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "gateway.yaml"
    path.write_text(packaged_default().read_text().replace("workers", "wrokers"))
    assert loaded_or_told(path) is None
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(f"{path}:")
    assert "did you mean 'workers'?" in err


def test_a_complaint(capsys: pytest.CaptureFixture[str]) -> None:
    assert complain("no such thing") == 1
    assert capsys.readouterr() == ("", "no such thing\n")
