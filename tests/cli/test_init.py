from pathlib import Path

import pytest

from tornado_gateway.__main__ import main
from tornado_gateway.config.schema import packaged_default


def test_it_writes_the_default_and_never_over_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "gateway.yaml"
    assert main(["init", str(file)]) == 0
    assert file.read_bytes() == packaged_default().read_bytes()
    assert main(["check", str(file)]) == 0
    file.write_text("mine")
    assert main(["init", str(file)]) == 1
    assert file.read_text() == "mine"
    assert "left as it is" in capsys.readouterr().err


def test_a_folder_that_is_not_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["init", str(tmp_path / "no" / "gateway.yaml")]) == 1
    assert "can't write" in capsys.readouterr().err
