import subprocess
import sys
from pathlib import Path

import pytest

from tornado_gateway import __version__
from tornado_gateway.__main__ import main


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--version"])
    assert ended.value.code == 0
    assert capsys.readouterr().out == f"tornado-gateway {__version__}\n"


def test_python_m_and_exit_codes(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tornado_gateway", "check", str(tmp_path / "none.yaml")]
    root = Path(__file__).resolve().parents[1]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "can't be read" in done.stdout


def test_who_has_read_enough_is_no_failure_of_ours(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tornado_gateway", "check", str(tmp_path / "none.yaml")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 1
