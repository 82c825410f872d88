"""What every store of counters must do, told once and run on each."""

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support import FakeClock
from tornado_gateway.domain.counters import Claim, Counters, Reservation, Subject, Verdict, What
from tornado_gateway.domain.periods import Term
from tornado_gateway.domain.quotas import Budget

TERM = Term("month", datetime(2024, 1, 1, tzinfo=UTC), datetime(2100, 2, 1, tzinfo=UTC))
KEY = Subject("key team-a", key="team-a")


@dataclass
class Store:
    """``settled`` returns once what was settled so far is counted."""

    counters: Counters
    clock: FakeClock
    settled: Callable[[], Any]
    spent: list[tuple[str, int, int]] = field(default_factory=list)

    async def reserve(self, *claims: Claim) -> Verdict:
        return await self.counters.reserve(claims)

    async def granted(self, *claims: Claim) -> Reservation:
        verdict = await self.reserve(*claims)
        assert verdict.reservation is not None, verdict
        return verdict.reservation

    async def refused(self, *claims: Claim) -> Verdict:
        verdict = await self.reserve(*claims)
        assert verdict.reservation is None
        return verdict

    async def settle(self, reservation: Reservation, *used: int) -> None:
        self.counters.settle(reservation, used)
        await self.settled()


def claim(what: What, limit: int, amount: int = 1, *, name: str = "", least: int | None = None) -> Claim:
    term = TERM if what == "budget" else None
    budget = Budget(Decimal(limit), "month") if what == "budget" else None
    return Claim(
        counter=name or f"{what} a",
        subject=KEY,
        what=what,
        limit=limit,
        amount=amount,
        least=amount if least is None else least,
        budget=budget,
        term=term,
    )


class CountersContract:
    """A subclass gives ``store``."""

    def store(self) -> AbstractAsyncContextManager[Store]:
        raise NotImplementedError

    async def test_a_minute_holds_as_many_requests_as_are_allowed(self) -> None:
        async with self.store() as store:
            each = claim("requests", 3)
            for used in (1, 2, 3):
                verdict = await store.reserve(each)
                assert verdict.reservation is not None
                (standing,) = verdict.standings
                assert (standing.used, standing.remaining, standing.room) == (used, 3 - used, True)
            (standing,) = (await store.refused(each)).standings
            assert (standing.used, standing.remaining, standing.room) == (3, 0, False)

    async def test_several_windows_in_a_row(self) -> None:
        async with self.store() as store:
            each = claim("requests", 5)
            for _ in range(4):
                verdicts = [await store.reserve(each) for _ in range(12)]
                assert sum(verdict.reservation is not None for verdict in verdicts) == 5
                wait = verdicts[-1].standings[0].wait
                assert wait is not None
                assert 60 <= wait <= 61
                store.clock.time += wait - 0.01
                await store.refused(each)
                store.clock.time += 0.01

    async def test_who_is_told_to_wait_is_let_in_then(self) -> None:
        async with self.store() as store:
            store.clock.time = 1000.9
            await store.granted(claim("tokens", 100, 40))
            store.clock.time = 1010.2
            await store.granted(claim("tokens", 100, 50))
            (standing,) = (await store.refused(claim("tokens", 100, 20))).standings
            assert standing.wait is not None
            assert abs(standing.wait - (1061 - 1010.2)) < 0.01
            assert abs(standing.reset - (1071 - 1010.2)) < 0.01
            (later,) = (await store.refused(claim("tokens", 100, 80))).standings
            assert later.wait is not None
            assert abs(later.wait - (1071 - 1010.2)) < 0.01
            (never,) = (await store.refused(claim("tokens", 100, 101))).standings
            assert never.wait is None
            store.clock.time += standing.wait
            await store.granted(claim("tokens", 100, 20))

    async def test_no_sixty_seconds_hold_more_than_the_limit(self) -> None:
        async with self.store() as store:
            each = claim("requests", 2)
            store.clock.time = 1000.99
            await store.granted(each)
            await store.granted(each)
            store.clock.time = 1060.98
            await store.refused(each)
            store.clock.time = 1061.0
            await store.granted(each)

    async def test_tokens_come_to_what_was_used(self) -> None:
        async with self.store() as store:
            held = await store.granted(claim("tokens", 100, 80))
            await store.refused(claim("tokens", 100, 30))
            await store.settle(held, 10)
            (standing,) = (await store.reserve(claim("tokens", 100, 30))).standings
            assert standing.used == 40
            more = await store.granted(claim("tokens", 100, 10))
            await store.settle(more, 70)
            (standing,) = (await store.refused(claim("tokens", 100, 1))).standings
            assert standing.used == 110
            assert standing.remaining == 0

    async def test_what_is_settled_after_its_minute_changes_nothing(self) -> None:
        async with self.store() as store:
            held = await store.granted(claim("tokens", 100, 80))
            store.clock.time += 62
            await store.settle(held, 100)
            (standing,) = (await store.reserve(claim("tokens", 100, 100))).standings
            assert standing.used == 100

    async def test_a_place_is_free_once_its_call_has_ended(self) -> None:
        async with self.store() as store:
            each = claim("concurrent", 2)
            first = await store.granted(each)
            await store.granted(each)
            (standing,) = (await store.refused(each)).standings
            assert (standing.used, standing.wait) == (2, None)
            await store.settle(first, 0)
            await store.granted(each)
            await store.refused(each)

    async def test_all_claims_or_none(self) -> None:
        async with self.store() as store:
            requests, tokens = claim("requests", 2), claim("tokens", 10, 6)
            place, money = claim("concurrent", 5), claim("budget", 100, 10)
            await store.counters.seed(money, 0)
            held = await store.granted(requests, tokens, place, money)
            verdict = await store.refused(requests, tokens, place, money)
            assert [standing.room for standing in verdict.standings] == [True, False, True, True]
            assert [standing.used for standing in verdict.standings] == [1, 6, 1, 10]
            await store.settle(held, 0, 0, 0, 0)
            verdict = await store.reserve(requests, tokens, place, money)
            assert [standing.used for standing in verdict.standings] == [2, 6, 1, 10]

    async def test_a_budget_that_nobody_has_told_of_decides_nothing(self) -> None:
        async with self.store() as store:
            requests, money = claim("requests", 2), claim("budget", 100, 10)
            verdict = await store.refused(requests, money)
            assert verdict.missing == (money,)
            assert await store.counters.seed(money, 95)
            assert not await store.counters.seed(money, 0)
            verdict = await store.refused(requests, money)
            assert [(standing.used, standing.room) for standing in verdict.standings] == [(0, True), (95, False)]

    async def test_a_budget_counts_what_is_held_and_what_was_spent(self) -> None:
        async with self.store() as store:
            await store.counters.seed(claim("budget", 100), 0)
            first = await store.granted(claim("budget", 100, 60))
            second = await store.granted(claim("budget", 100, 40))
            await store.refused(claim("budget", 100, 1))
            await store.settle(first, 25)
            await store.refused(claim("budget", 100, 36))
            third = await store.granted(claim("budget", 100, 35))
            await store.settle(second, 0)
            await store.settle(third, 35)
            assert store.spent == [("budget a", 0, 25), ("budget a", 25, 60)]
            (standing,) = (await store.refused(claim("budget", 100, 41))).standings
            assert (standing.used, standing.remaining) == (60, 40)

    async def test_money_is_taken_once(self) -> None:
        async with self.store() as store:
            money = claim("budget", 100, 10)
            await store.counters.seed(money, 0)
            store.counters.charge(money, 7)
            await store.settled()
            assert store.spent == [("budget a", 0, 7)]
            store.counters.charge(claim("budget", 100, name="nobody's"), 7)
            await store.settled()
            assert len(store.spent) == 1

    async def test_who_says_no_bound_is_let_in_where_something_is_left(self) -> None:
        async with self.store() as store:
            open_end = claim("budget", 100, 60, least=5)
            await store.counters.seed(open_end, 50)
            held = await store.granted(open_end)
            await store.refused(open_end)
            await store.refused(claim("budget", 100, 1))
            await store.settle(held, 20)
            await store.granted(open_end)

    async def test_large_sums_are_exact(self) -> None:
        async with self.store() as store:
            limit = 5_000_000 * 10**9
            money = claim("budget", limit, 3)
            await store.counters.seed(money, limit - 7)
            first = await store.granted(money)
            await store.granted(money)
            await store.refused(money)
            await store.settle(first, 4)
            assert store.spent == [("budget a", limit - 7, limit - 3)]
            (standing,) = (await store.refused(claim("budget", limit, 1))).standings
            assert standing.used == limit

    async def test_five_hundred_at_once_never_overspend(self) -> None:
        async with self.store() as store:
            money, place = claim("budget", 1000, 30), claim("concurrent", 40)
            await store.counters.seed(money, 0)
            spent = 0

            async def one(number: int) -> None:
                nonlocal spent
                verdict = await store.reserve(money, place)
                if verdict.reservation is None:
                    return
                await asyncio.sleep(0)
                came_to = 30 - number % 31
                spent += came_to
                store.counters.settle(verdict.reservation, (came_to, 0))

            for _ in range(5):
                await asyncio.gather(*(one(number) for number in range(500)))
            await store.settled()
            assert 970 < spent <= 1000
            assert store.spent[-1][2] == spent
            assert all(before + 30 >= after for _, before, after in store.spent)

    async def test_two_hundred_at_once_are_exactly_as_many_as_are_allowed(self) -> None:
        async with self.store() as store:
            each = claim("requests", 73)
            for _ in range(3):
                verdicts = await asyncio.gather(*(store.reserve(each) for _ in range(200)))
                assert sum(verdict.reservation is not None for verdict in verdicts) == 73
                store.clock.time += 61

    async def test_who_left_while_waiting_holds_nothing(self) -> None:
        async with self.store() as store:
            place = claim("concurrent", 1)
            leaving = asyncio.ensure_future(store.reserve(place))
            await asyncio.sleep(0)
            leaving.cancel()
            (outcome,) = await asyncio.gather(leaving, return_exceptions=True)
            if isinstance(outcome, Verdict):  # it was quicker than its end
                assert outcome.reservation is not None
                store.counters.settle(outcome.reservation, (0,))
            await store.settled()
            await store.granted(place)

    def test_as_a_model_of_it_says(self) -> None:
        examples = self.examples

        @settings(max_examples=examples, deadline=None, suppress_health_check=list(HealthCheck))
        @given(st.lists(STEPS, max_size=60))
        def run(steps: list[tuple[Any, ...]]) -> None:
            asyncio.run(self._follow(steps))

        run()

    examples = 100

    async def _follow(self, steps: list[tuple[Any, ...]]) -> None:
        async with self.store() as store:
            model = Model()
            await store.counters.seed(claim("budget", Model.MONEY), 0)
            for step in steps:
                match step:
                    case ("pass", seconds):
                        store.clock.time += seconds
                    case ("end", index, share):
                        if model.under_way:
                            held, tokens, money = model.under_way.pop(index % len(model.under_way))
                            used = (0, tokens * share // 100, 0, money * share // 100)
                            model.end(held.second, tokens, used[1], used[3])
                            await store.settle(held, *used)
                    case (_, tokens, money):
                        claims = Model.claims(tokens, money)
                        verdict = await store.reserve(*claims)
                        expected = model.room(store.clock.time, tokens, money)
                        assert (verdict.reservation is not None) == expected
                        if verdict.reservation is not None:
                            model.begin(store.clock.time, verdict.reservation, tokens, money)
                        model.check(store.clock.time)


STEPS = st.one_of(
    st.tuples(st.just("call"), st.integers(1, 50), st.integers(0, 50)),
    st.tuples(st.just("call"), st.integers(1, 50), st.integers(0, 50)),
    st.tuples(st.just("end"), st.integers(0, 9), st.integers(0, 100)),
    st.tuples(st.just("pass"), st.sampled_from([0.0, 0.25, 1.0, 7.75, 30.5, 59.0, 60.0, 61.0])),
)


class Model:
    """Every grant with its moment, looked through each time: what the stores must agree with."""

    REQUESTS, TOKENS, PLACES, MONEY = 6, 120, 4, 200

    def __init__(self) -> None:
        self.log: list[list[float]] = []
        """Moment and tokens of each grant."""
        self.under_way: list[tuple[Reservation, int, int]] = []
        self.spent = 0

    @classmethod
    def claims(cls, tokens: int, money: int) -> tuple[Claim, ...]:
        return (
            claim("requests", cls.REQUESTS),
            claim("tokens", cls.TOKENS, tokens),
            claim("concurrent", cls.PLACES),
            claim("budget", cls.MONEY, money),
        )

    def room(self, now: float, tokens: int, money: int) -> bool:
        recent = [entry for entry in self.log if int(entry[0]) + 61 > now]
        return (
            len(recent) < self.REQUESTS
            and sum(counted for _, counted in recent) + tokens <= self.TOKENS
            and len(self.under_way) < self.PLACES
            and self.spent + sum(held for _, _, held in self.under_way) + money <= self.MONEY
        )

    def begin(self, now: float, reservation: Reservation, tokens: int, money: int) -> None:
        assert reservation.second == int(now)
        self.log.append([now, tokens])
        self.under_way.append((reservation, tokens, money))

    def end(self, second: int, tokens: int, used: int, money: int) -> None:
        entry = next(entry for entry in self.log if int(entry[0]) == second and entry[1] == tokens)
        entry[1] = used
        self.spent += money

    def check(self, now: float) -> None:
        """Nothing was ever let in beyond a limit, in any 60 seconds."""
        minute = [counted for moment, counted in self.log if moment > now - 60]
        assert len(minute) <= self.REQUESTS
        assert sum(minute) <= self.TOKENS
        assert len(self.under_way) <= self.PLACES
        assert self.spent + sum(held for _, _, held in self.under_way) <= self.MONEY
