from collections import Counter

import pytest

from tests.support import FakeClock, ScriptedProvider
from tornado_gateway.domain.breakers import Breakers
from tornado_gateway.domain.endpoints import Endpoint, Provider
from tornado_gateway.domain.errors import CircuitOpen, UpstreamRateLimited
from tornado_gateway.domain.picking import Picker
from tornado_gateway.domain.policies import BreakerPolicy

POLICY = BreakerPolicy(consecutive=1)


def provider(*weights: int) -> Provider:
    endpoints = tuple(Endpoint(("p", index), ScriptedProvider(), weight) for index, weight in enumerate(weights))
    return Provider("p", endpoints, breaker=POLICY)


def test_endpoints_take_turns_by_weight() -> None:
    picker, asked = Picker(Breakers(FakeClock())), provider(3, 1)
    picks = [picker.pick(asked).key[1] for _ in range(8)]
    assert Counter(picks) == {0: 6, 1: 2}
    assert picks[:4] != [0, 0, 0, 1]


def test_another_try_goes_elsewhere_where_there_is_an_elsewhere() -> None:
    picker, asked = Picker(Breakers(FakeClock())), provider(1, 1)
    first = picker.pick(asked)
    assert picker.pick(asked, {first.key}).key != first.key
    assert picker.has_another(asked, {first.key})
    assert not picker.has_another(asked, {("p", 0), ("p", 1)})
    assert picker.pick(asked, {("p", 0), ("p", 1)})


def test_who_rests_is_left_out() -> None:
    picker, asked = Picker(Breakers(FakeClock())), provider(1, 1)
    picker.breakers.failed(("p", 0), POLICY)
    assert {picker.pick(asked).key for _ in range(4)} == {("p", 1)}
    picker.breakers.failed(("p", 1), POLICY)
    with pytest.raises(CircuitOpen) as resting:
        picker.pick(asked)
    assert resting.value.retry_after == 15.0


def test_all_told_to_wait_is_a_limit_and_no_failure() -> None:
    picker, asked = Picker(Breakers(FakeClock())), provider(1, 1)
    picker.breakers.cool(("p", 0), 9)
    picker.breakers.cool(("p", 1), 4)
    with pytest.raises(UpstreamRateLimited) as limited:
        picker.pick(asked)
    assert limited.value.retry_after == 4.0


def test_one_endpoint() -> None:
    picker, asked = Picker(Breakers(FakeClock())), provider(1)
    assert picker.pick(asked).key == ("p", 0)
    picker.breakers.failed(("p", 0), POLICY)
    with pytest.raises(CircuitOpen):
        picker.pick(asked)
