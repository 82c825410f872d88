from random import Random

from tests.support import FakeClock, Half
from tornado_gateway.domain.retrying import BACKOFF_CAP, FLOOR, Backoff, RetryBudgets


def test_pauses_grow_with_full_jitter_up_to_a_cap() -> None:
    backoff = Backoff(Half())
    assert [backoff.pause(retry, None) for retry in range(6)] == [0.25, 0.5, 1.0, 2.0, 4.0, 4.0]
    pauses = [Backoff(Random(3)).pause(9, None) for _ in range(100)]
    assert all(pause is not None and 0 <= pause <= BACKOFF_CAP for pause in pauses)


def test_what_the_provider_asks_for_counts_unless_it_is_too_long() -> None:
    assert Backoff(Half()).pause(0, 3.0) == 3.0
    assert Backoff(Half()).pause(0, 21.0) is None


def test_a_storm_can_not_feed_itself() -> None:
    clock = FakeClock()
    budget = RetryBudgets(clock).of("p")
    retries = 0
    for _ in range(1000):
        clock.time += 0.001
        budget.deposit()
        for _ in range(3):  # every try fails
            retries += budget.withdraw()
    assert retries <= 1000 * 0.2 + FLOOR + 2


def test_a_quiet_provider_s_calls_are_retried() -> None:
    clock = FakeClock()
    budgets = RetryBudgets(clock)
    for _ in range(50):
        clock.time += 5
        budget = budgets.of("p")
        budget.deposit()
        assert all(budget.withdraw() for _ in range(3))
    assert budgets.of("p") is budgets.of("p")
    assert budgets.of("q") is not budgets.of("p")
