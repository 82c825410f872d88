"""The benchmark of repricing measures the command, and knows on its own what the answer has to be."""

import json
import sys
from pathlib import Path
from types import ModuleType

import pytest


@pytest.fixture
def repricing() -> ModuleType:
    return __import__("repricing")


def test_a_few_rows_are_repriced_to_the_digit(
    repricing: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    figures = tmp_path / "figures.json"
    monkeypatch.setattr(sys, "argv", ["repricing.py", "--rows", "1000", "--json", str(figures)])
    assert repricing.main() == 0
    assert capfd.readouterr().out.startswith("repriced 1,000 rows in ")
    found = json.loads(figures.read_text())
    assert found["exact"] is True
    assert (found["rows"], found["measured"]["requests"], found["measured"]["unused"]) == (1000, 980, 20)
    assert 10 < found["measured"]["megabytes"] < 500


def test_what_was_missed_is_said(repricing: ModuleType) -> None:
    def result(seconds: float, megabytes: float, *, exact: bool) -> list[str]:
        measured = repricing.Measured(seconds=seconds, cpu=1, megabytes=megabytes, requests=1, unused=0, new="1")
        missed: list[str] = repricing.Result(1_000_000, measured, exact).missed()
        return missed

    assert result(59, 100, exact=True) == []
    assert result(61, 100, exact=True) == ["a million rows take at most 60 s"]
    assert result(59, 300, exact=False) == ["at most 200 MB", "every digit of the sum is right"]


def test_the_peak_is_this_processs_own(repricing: ModuleType) -> None:
    assert 10**7 < repricing.peak() < 10**10
