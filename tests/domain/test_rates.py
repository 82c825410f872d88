from tornado_gateway.domain.counters import Claim, Standing, Subject, What
from tornado_gateway.domain.rates import Rate, rates


def standing(what: What, limit: int, used: int, reset: float = 1.0) -> Standing:
    return Standing(Claim(counter="c", subject=Subject("everyone"), what=what, limit=limit), used, True, reset)


def test_nothing_is_told_where_nothing_is_limited() -> None:
    assert rates(()) == ()
    assert rates([standing("concurrent", 5, 1), standing("budget", 5, 1)]) == ()


def test_the_tightest_of_each_kind() -> None:
    told = rates(
        [
            standing("requests", 6000, 100),
            standing("tokens", 1000, 990, 7.0),
            standing("requests", 60, 59, 30.0),
            standing("tokens", 100, 10),
        ]
    )
    assert told == (Rate("requests", 60, 1, 30.0), Rate("tokens", 1000, 10, 7.0))


def test_of_two_as_tight_the_one_that_lasts_longer() -> None:
    assert rates([standing("requests", 5, 5, 3.0), standing("requests", 9, 12, 8.0)]) == (Rate("requests", 9, 0, 8.0),)
