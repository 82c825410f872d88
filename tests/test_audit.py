"""What .ci/audit.py makes of pip-audit's words."""

import runpy
import subprocess
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

SCRIPT = Path(__file__).resolve().parents[1] / ".ci" / "audit.py"


@pytest.fixture
def script() -> dict[str, Any]:
    if not SCRIPT.exists():
        pytest.skip("this is no git checkout")
    return runpy.run_path(str(SCRIPT))


def test_findings_fail_and_name_the_way_out(script: dict[str, Any]) -> None:
    hole = {"id": "GHSA-1", "fix_versions": ["2.1"]}
    found = [{"name": "a", "version": "2.0", "vulns": [hole]}, {"name": "b", "version": "1", "vulns": []}]
    assert script["verdict"]({"dependencies": found}) == (1, ["a 2.0: GHSA-1, fixed in 2.1"])
    assert script["verdict"]({"dependencies": found[1:]}) == (0, ["audit: no known holes in 1 packages"])


def test_what_was_not_looked_at_is_never_called_clean(script: dict[str, Any]) -> None:
    unknown = {"name": "a", "skip_reason": "not found"}
    code, lines = script["verdict"]({"dependencies": [unknown, {"name": "b", "version": "1", "vulns": []}]})
    assert (code, lines) == (0, ["audit: not looked at: a"])
    code, lines = script["verdict"]({"dependencies": [unknown]})
    assert (code, "NOT DONE" in lines[0]) == (0, True)


@pytest.mark.parametrize(
    ("stderr", "code", "word"),
    [
        ("Traceback\nrequests.exceptions.ReadTimeout: timed out", 0, "NOT DONE"),
        ("ERROR: Could not connect to PyPI's vulnerability feed", 0, "NOT DONE"),
        ("ERROR: invalid requirements input", 1, "failed"),
        ("/usr/bin/python: No module named pip_audit", 1, "make lint"),
    ],
)
def test_only_a_network_that_is_away_is_forgiven(
    script: dict[str, Any], monkeypatch: pytest.MonkeyPatch, stderr: str, code: int, word: str
) -> None:
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: SimpleNamespace(stderr=stderr, returncode=1))
    result, lines = script["audit"]("lock")
    assert (result, word in lines[0]) == (code, True)


def test_a_network_that_swallows_everything_holds_nobody_up(
    script: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def hangs(command: list[str], **_: Any) -> None:
        raise subprocess.TimeoutExpired(command, 1)

    monkeypatch.setattr(subprocess, "run", hangs)
    assert script["audit"]("lock")[0] == 0
