"""The part on OpenTelemetry measures what it says."""

import os
import subprocess
import sys
import time
from pathlib import Path
from types import ModuleType
from typing import Any

import msgspec
import pytest

HERE = Path(__file__).parent


@pytest.fixture
def switched() -> ModuleType:
    return __import__("switched")


@pytest.fixture
def block(switched: ModuleType) -> Any:
    def made(on: int, off: int) -> Any:
        """Four seconds at full load, so many answers in each half."""
        return [
            switched.Slice(on=True, requests=on - 10, seconds=1.0, cpu=1.0),
            switched.Slice(on=False, requests=off, seconds=2.0, cpu=2.0),
            switched.Slice(on=True, requests=10, seconds=1.0, cpu=1.0),
        ]

    return made


def test_a_block_has_a_ratio_of_its_own(switched: ModuleType, block: Any) -> None:
    found = switched.block(block(950, 1000))
    assert (found.answers, found.cpu) == (pytest.approx(0.95), pytest.approx(1000 / 950))


def test_the_median_of_the_blocks_is_judged(switched: ModuleType, block: Any) -> None:
    blocks = [block(980, 1000), block(99, 100), block(485, 500), block(200, 1000), block(1980, 2000)]
    found = switched.summary(blocks, 0)
    assert (found.blocks, found.answers, found.missed) == (5, pytest.approx(0.98), False)
    assert found.cpu == pytest.approx(1 / 0.98)
    assert found.answers_error == pytest.approx(0.93 * 0.02 / 5**0.5)
    assert found.off_cpu == pytest.approx(10 / 4600)
    assert "0.98  answers/s with OpenTelemetry" in switched.shown(found)


def test_what_is_slower_or_fails_is_missed(switched: ModuleType, block: Any) -> None:
    assert switched.summary([block(960, 1000)] * 3, 0).missed
    failed = switched.summary([block(990, 1000)] * 3, 2)
    assert failed.missed
    assert "MISSED          2  errors" in switched.shown(failed)


def test_the_time_of_another_process_is_told(switched: ModuleType) -> None:
    begun = switched.cpu_seconds(os.getpid())
    end = time.process_time() + 0.02
    while time.process_time() < end:
        pass
    assert 0.02 <= switched.cpu_seconds(os.getpid()) - begun < 10
    with pytest.raises(ProcessLookupError):
        switched.cpu_seconds(2**22 + 1)


def test_a_gateway_is_switched_under_load(tmp_path: Path) -> None:
    shown = tmp_path / "shown.json"
    command = [sys.executable, str(HERE / "switched.py"), "--quick", f"--json={shown}"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    document = msgspec.json.decode(shown.read_bytes())
    assert document["summary"]["errors"] == 0
    blocks = document["blocks"]
    assert [[each["on"] for each in one] for one in blocks] == [
        [True, False, False, True],
        [False, True, True, False],
        [True, False, False, True],
    ]
    assert all(each["requests"] > 0 and each["cpu"] > 0 for one in blocks for each in one)
