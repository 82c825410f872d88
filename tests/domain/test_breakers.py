from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from tests.support import FakeClock
from tornado_gateway.domain.breakers import Breakers
from tornado_gateway.domain.policies import BreakerPolicy

POLICY = BreakerPolicy(consecutive=3, ratio=0.5, window=30.0, minimum=10, cooldown=15.0)


class Run:
    def __init__(self) -> None:
        self.clock = FakeClock()
        self.changes: list[tuple[str, str]] = []
        self.breakers = Breakers(self.clock, lambda key, before, after: self.changes.append((before, after)))

    def fail(self, times: int = 1) -> None:
        for _ in range(times):
            self.breakers.failed("k", POLICY)

    def succeed(self, times: int = 1) -> None:
        for _ in range(times):
            self.breakers.succeeded("k", POLICY)

    @property
    def allowed(self) -> bool:
        return self.breakers.allow("k", POLICY)


def test_failures_in_a_row_open_it() -> None:
    run = Run()
    run.fail(2)
    run.succeed()
    run.fail(2)
    assert run.allowed
    run.fail()
    assert not run.allowed
    assert run.breakers.state("k") == "open"
    assert run.breakers.retry_in("k") == 15.0
    assert run.breakers.allow("another", POLICY)


def test_so_does_a_share_of_failures_among_enough_calls() -> None:
    run = Run()
    for _ in range(4):
        run.succeed()
        run.fail()
    assert run.allowed
    run.succeed()
    run.fail()
    assert not run.allowed


def test_what_is_older_than_the_window_does_not_count() -> None:
    run = Run()
    for _ in range(4):
        run.fail()
        run.succeed()
    run.clock.time += 31
    run.succeed()
    run.fail()
    assert run.allowed


def test_one_probe_closes_it_or_opens_it_for_longer() -> None:
    run = Run()
    run.fail(3)
    run.clock.time += 15
    assert run.allowed
    assert not run.allowed
    assert run.breakers.state("k") == "half_open"
    run.fail()
    assert run.breakers.retry_in("k") == 30.0
    run.clock.time += 30
    assert run.allowed
    run.succeed()
    assert run.allowed
    assert run.breakers.retry_in("k") is None
    assert run.changes == [
        ("closed", "open"),
        ("open", "half_open"),
        ("half_open", "open"),
        ("open", "half_open"),
        ("half_open", "closed"),
    ]
    run.fail(3)
    assert run.breakers.retry_in("k") == 15.0


def test_a_probe_that_was_left_gives_its_place_back() -> None:
    run = Run()
    run.fail(3)
    run.clock.time += 15
    assert run.allowed
    run.breakers.released("k")
    assert run.allowed


def test_an_older_call_is_not_the_probe() -> None:
    run = Run()
    began = run.clock.time
    run.fail(3)
    run.clock.time += 15
    assert run.allowed
    run.breakers.released("k", began)
    assert not run.allowed
    run.breakers.released("k", run.clock.time)
    assert run.allowed


def test_a_probe_that_never_ends_is_lost() -> None:
    run = Run()
    run.fail(3)
    run.clock.time += 15
    assert run.allowed
    run.clock.time += 121
    assert run.allowed


def test_who_asks_for_a_rest_gets_it_and_is_not_at_fault() -> None:
    run = Run()
    run.breakers.cool("k", 5)
    assert not run.allowed
    assert (run.breakers.state("k"), run.breakers.retry_in("k")) == ("closed", 5.0)
    run.clock.time += 5
    assert run.allowed


def test_switched_off() -> None:
    run = Run()
    for _ in range(100):
        run.breakers.failed("k", None)
    assert run.breakers.allow("k", None)
    run.breakers.succeeded("k", None)
    run.breakers.released("never seen")


class Machine(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.run_ = Run()
        self.out = 0
        """Calls let through while half open, and not ended."""

    @rule()
    def ask(self) -> None:
        allowed = self.run_.allowed
        if allowed and self.run_.breakers.state("k") == "half_open":
            self.out += 1

    @rule()
    def fail(self) -> None:
        self.run_.fail()
        self.out = 0

    @rule()
    def succeed(self) -> None:
        self.run_.succeed()
        self.out = 0

    @rule()
    def leave(self) -> None:
        self.run_.breakers.released("k")
        self.out = 0

    @rule(seconds=st.sampled_from([0.5, 5.0, 16.0, 60.0]))
    def wait(self, seconds: float) -> None:
        self.run_.clock.time += seconds

    @invariant()
    def one_probe_at_most(self) -> None:
        assert self.out <= 2  # the second after two minutes, the first being lost

    @invariant()
    def never_closed_for_ever(self) -> None:
        wait = self.run_.breakers.retry_in("k")
        assert wait is None or wait <= POLICY.cooldown * 8


TestMachine = Machine.TestCase
TestMachine.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
