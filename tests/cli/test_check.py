import json
from pathlib import Path

import pytest

from tornado_gateway.__main__ import main
from tornado_gateway.config.schema import packaged_default

BROKEN = Path(__file__).resolve().parents[1] / "config" / "broken"


def test_a_good_file(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", str(packaged_default())]) == 0
    assert "fine, revision" in capsys.readouterr().out


def test_all_problems_one_a_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "gateway.yaml"
    file.write_text(packaged_default().read_text().replace("input: 0.03,", "input: -1,").replace("free:", "fre:"))
    assert main(["check", str(file)]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert [line.startswith(f"{file}:") for line in lines] == [True, True]


def test_json_for_a_ci_job(capsys: pytest.CaptureFixture[str]) -> None:
    file = BROKEN / "unknown_server_key.yaml"
    assert main(["check", "--format", "json", str(file)]) == 1
    document = json.loads(capsys.readouterr().out)
    (problem,) = document["problems"]
    assert document["ok"] is False
    assert (problem["line"], problem["column"], problem["path"]) == (3, 3, "server.prot")
    assert main(["check", "--format", "json", str(packaged_default())]) == 0
    good = json.loads(capsys.readouterr().out)
    assert good["ok"] is True
    assert len(good["revision"]) == 12


def test_a_warning_is_shown_and_is_no_reason_to_fail(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "gateway.yaml"
    file.write_text(packaged_default().read_text().replace("providers:\n", "providers:\n  idle: {kind: echo}\n"))
    assert main(["check", str(file)]) == 0
    assert "warning: providers.idle: no route uses this provider" in capsys.readouterr().out


def test_usage(capsys: pytest.CaptureFixture[str]) -> None:
    for words in ([], ["chekc"], ["check", "--format", "xml"]):
        with pytest.raises(SystemExit) as ended:
            main(words)
        assert ended.value.code == 2
