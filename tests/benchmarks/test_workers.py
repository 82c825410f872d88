"""The part on workers measures what it says."""

from types import ModuleType
from typing import Any

import pytest


@pytest.fixture
def workers() -> ModuleType:
    return __import__("workers")


@pytest.fixture
def figures(workers: ModuleType) -> Any:
    def made(requests: int, cpu: float, *, errors: int = 0, load: float = 0.1) -> Any:
        return workers.Figures(
            seconds=2.0,
            requests=requests,
            events=requests * 120,
            errors=errors,
            error_samples=["oh"] * errors,
            p50=0.1,
            p99=0.2,
            first_byte_p50=0.01,
            cpu_seconds=cpu,
            rss=10**7,
            load_seconds=load,
        )

    return made


def test_the_ratio_is_the_median_of_the_rounds_own(workers: ModuleType, figures: Any) -> None:
    one = [figures(1000, 2.0), figures(500, 2.0), figures(1000, 2.0)]
    several = [figures(1800, 3.6), figures(950, 3.6), figures(1500, 3.6)]
    found = workers.summary(2, one, several, [1.98, 1.5, 1.99])
    assert (found.answers, found.cores, found.load, found.free) == (1.8, 1.8, 0.05, 1.98)
    assert (found.judged, found.missed, found.wanted) == (True, False, 1.7)
    assert "1.8  answers/s" in workers.shown(found, one, several)


def test_too_little_is_missed_only_where_the_cores_were_free(workers: ModuleType, figures: Any) -> None:
    one, several = [figures(1000, 2.0)], [figures(1200, 2.4)]
    assert workers.summary(2, one, several, [1.97]).missed
    busy = workers.summary(2, one, several, [1.3])
    assert not busy.missed
    assert "not judged" in workers.shown(busy, one, several)
    assert workers.summary(2, one, [figures(1900, 3.8, errors=1)], [2.0]).missed


def test_what_several_loads_saw_is_one_figure(workers: ModuleType, figures: Any) -> None:
    found = workers.joined([figures(100, 3.0, errors=1), figures(150, 3.1, load=0.2)])
    assert (found.requests, found.events, found.errors) == (250, 30000, 1)
    assert (found.cpu_seconds, found.load_seconds, found.error_samples) == (3.1, pytest.approx(0.3), ["oh"])
