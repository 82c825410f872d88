from datetime import UTC, datetime
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from tests.support import FakeClock, Recorder
from tornado_gateway.domain.claims import Claims, of_key
from tornado_gateway.domain.counters import Claim, Subject
from tornado_gateway.domain.events import BudgetThreshold
from tornado_gateway.domain.quotas import Budget
from tornado_gateway.domain.thresholds import Thresholds

NANO = 10**9


def told(warn_at: tuple[int, ...], *steps: int) -> list[BudgetThreshold]:
    recorder = Recorder()
    thresholds = Thresholds(recorder)
    claim = Claims(FakeClock()).of_budget(of_key("team-a"), Budget(Decimal(10), "month", warn_at=warn_at))
    spent = 0
    for step in steps:
        thresholds(claim, spent, spent + step)
        spent += step
    return recorder.of(BudgetThreshold)


def test_once_when_it_is_passed() -> None:
    events = told((80, 100), 7 * NANO, NANO - 1, 1, NANO, NANO, NANO)
    assert [(event.percent, event.spent) for event in events] == [(80, Decimal(8)), (100, Decimal(10))]
    assert events[0] == BudgetThreshold(
        subject="key team-a",
        percent=80,
        spent=Decimal(8),
        amount=Decimal(10),
        period="month",
        time_zone="UTC",
        began=datetime(2024, 1, 1, tzinfo=UTC),
        ends=datetime(2024, 2, 1, tzinfo=UTC),
    )


def test_several_at_one_step() -> None:
    assert [event.percent for event in told((50, 80, 100), 20 * NANO)] == [50, 80, 100]


def test_nothing_to_tell() -> None:
    assert told((), 20 * NANO) == []
    recorder = Recorder()
    Thresholds(recorder)(Claim(counter="c", subject=Subject("everyone"), what="tokens", limit=1), 0, 5)
    assert recorder.events == []


@given(st.lists(st.integers(1, 4 * NANO), max_size=20), st.sets(st.integers(1, 100)))
def test_each_threshold_at_most_once_and_in_order(steps: list[int], percents: set[int]) -> None:
    events = told(tuple(sorted(percents)), *steps)
    reached = sorted(percent for percent in percents if sum(steps) * 100 >= 10 * NANO * percent)
    assert [event.percent for event in events] == reached
