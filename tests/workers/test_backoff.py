from tornado_gateway.workers.backoff import FIRST_SECONDS, MOST_SECONDS, WELL_SECONDS, Backoff


def test_twice_as_long_each_time_up_to_a_bound() -> None:
    backoff = Backoff()
    delays = [backoff.after(1.0) for _ in range(12)]
    assert delays[:4] == [FIRST_SECONDS * 2**turn for turn in range(4)]
    assert delays == sorted(delays)
    assert delays[-1] == MOST_SECONDS


def test_one_that_lived_long_is_replaced_at_once() -> None:
    backoff = Backoff()
    for _ in range(5):
        backoff.after(0.0)
    assert backoff.after(WELL_SECONDS) == FIRST_SECONDS
    assert backoff.after(0.0) == 2 * FIRST_SECONDS
