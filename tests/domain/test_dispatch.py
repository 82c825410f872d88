"""Hedging: with the test's clock a wait is over at once, so that the second target is asked as soon as may be."""

import asyncio
from contextlib import ExitStack
from decimal import Decimal
from typing import Any

import pytest

from tests.support import FakeClock, Recorder, ScriptedProvider, attempts_with, call, context, served, text_answer
from tornado_gateway.domain.attempts import Won
from tornado_gateway.domain.dispatch import Dispatch
from tornado_gateway.domain.errors import GatewayError, UpstreamFailed, UpstreamRejected, UpstreamTimeout
from tornado_gateway.domain.events import AttemptAbandoned, AttemptFailed
from tornado_gateway.domain.latencies import Latencies
from tornado_gateway.domain.money import PriceCard
from tornado_gateway.domain.policies import Hedge
from tornado_gateway.domain.routes import RoutePlan, Stage, Target

CARD = PriceCard("p/m", Decimal("0.03"), Decimal("0.06"))


class Run:
    def __init__(self, *adapters: Any, hedge: Hedge | None = Hedge(after=1.0), total: float | None = None) -> None:  # noqa: B008 - frozen
        self.clock, self.recorder, self.context = FakeClock(), Recorder(), context()
        self.latencies = Latencies()
        self.discarded: list[Any] = []
        self.hold = ExitStack()
        self.dispatch = Dispatch(
            attempts=attempts_with(self.clock, self.recorder),
            latencies=self.latencies,
            publisher=self.recorder,
            clock=self.clock,
        )
        targets = tuple(Target("r", served(each), "gpt-4", "gpt-4", 1, CARD) for each in adapters)
        self.plan = RoutePlan("r", (Stage("r", "priority", targets),), hedge=hedge, total=total)

    async def won(self) -> Won[Any]:
        asked = call()

        async def discard(value: Any) -> None:
            self.discarded.append(value)

        return await self.dispatch.run(
            self.plan,
            asked,
            lambda target, adapter, attempt: adapter.complete(asked, target.model, attempt),
            self.context,
            self.hold,
            discard,
        )

    async def __call__(self) -> str:
        return (await self.won()).target.provider.name


async def forever() -> Any:
    await asyncio.get_running_loop().create_future()


async def soon() -> Any:
    await asyncio.sleep(0.01)
    return text_answer()


async def test_without_a_hedge_one_target_is_asked() -> None:
    run = Run(ScriptedProvider("a", [text_answer()]), ScriptedProvider("b"), hedge=None)
    assert await run() == "a"
    assert run.recorder.events == []


async def test_the_second_answers_for_a_first_that_lets_wait() -> None:
    slow, quick = ScriptedProvider("a", [forever]), ScriptedProvider("b", [text_answer()])
    run = Run(slow, quick)
    assert await run() == "b"
    assert run.clock.slept == [1.0]
    trail = run.context.trail
    assert (trail.provider, trail.attempts) == ("b", 2)
    (lost,) = run.recorder.of(AttemptAbandoned)
    assert (lost.provider, lost.model, lost.usage.estimated) == ("a", "gpt-4", True)
    assert lost.cost.amount > 0


async def test_an_answer_in_time_asks_nobody_else() -> None:
    second = ScriptedProvider("b")
    run = Run(ScriptedProvider("a", [text_answer()]), second)
    assert await run() == "a"
    assert second.asked == []
    assert run.recorder.events == []


async def test_the_first_may_still_win() -> None:
    run = Run(ScriptedProvider("a", [soon]), ScriptedProvider("b", [forever]))
    assert await run() == "a"
    assert [lost.provider for lost in run.recorder.of(AttemptAbandoned)] == ["b"]


async def test_a_second_that_fails_is_no_loss() -> None:
    run = Run(ScriptedProvider("a", [soon]), ScriptedProvider("b", [UpstreamFailed("no")]))
    assert await run() == "a"
    assert run.recorder.of(AttemptAbandoned) == []


async def test_where_both_fail_the_plans_own_error_is_the_calls() -> None:
    async def late() -> Any:
        await asyncio.sleep(0.01)
        raise UpstreamTimeout("slow")

    # The plan goes on to its second target, which is being asked already and fails there too.
    run = Run(ScriptedProvider("a", [late]), ScriptedProvider("b", [UpstreamFailed("no"), UpstreamTimeout("slow")]))
    with pytest.raises(GatewayError, match="slow"):
        await run()
    assert run.context.trail.attempts == 3


async def test_a_percentile_hedges_only_once_enough_is_known() -> None:
    run = Run(ScriptedProvider("a", [text_answer()]), ScriptedProvider("b"), hedge=Hedge(percentile=0.95))
    assert await run() == "a"
    assert run.clock.slept == []
    for _ in range(20):
        run.latencies.add(("a", "gpt-4"), 3.0)
    run = Run(ScriptedProvider("a", [forever]), ScriptedProvider("b", [text_answer()]), hedge=Hedge(percentile=0.95))
    for _ in range(20):
        run.latencies.add(("a", "gpt-4"), 3.0)
    assert await run() == "b"
    assert run.clock.slept == [3.0]


async def test_one_target_with_one_endpoint_has_nobody_to_hedge_with() -> None:
    run = Run(ScriptedProvider("a", [text_answer()]))
    assert await run() == "a"
    assert run.clock.slept == []


async def while_both_are_asked(run: Run, second: ScriptedProvider) -> "asyncio.Task[str]":
    """``run`` under way."""
    task = asyncio.ensure_future(run())
    while not second.asked:
        await asyncio.sleep(0)
    return task


async def test_what_both_won_in_one_moment_is_given_back_and_owed_for() -> None:
    both = asyncio.Event()

    async def at_once() -> Any:
        await both.wait()
        return text_answer()

    first, second = ScriptedProvider("a", [at_once]), ScriptedProvider("b", [at_once])
    run = Run(first, second)
    task = await while_both_are_asked(run, second)
    both.set()
    assert await task == "a"
    assert len(run.discarded) == 1
    assert [lost.provider for lost in run.recorder.of(AttemptAbandoned)] == ["b"]
    run.hold.close()


async def test_a_client_that_leaves_ends_both() -> None:
    first, second = ScriptedProvider("a", [forever]), ScriptedProvider("b", [forever])
    run = Run(first, second)
    task = await while_both_are_asked(run, second)
    task.cancel()
    await asyncio.wait([task])
    assert task.cancelled()
    assert run.context.trail.attempts == 2
    assert (run.context.trail.provider, run.context.trail.asked) == ("a", True)
    assert run.context.trail.card is CARD
    (lost,) = run.recorder.of(AttemptAbandoned)
    assert (lost.provider, lost.usage.estimated) == ("b", True)


async def test_a_client_that_leaves_the_second_after_the_first_has_failed() -> None:
    failed = asyncio.Event()

    async def fails() -> Any:
        await failed.wait()
        raise UpstreamRejected("no", status=400)

    first, second = ScriptedProvider("a", [fails]), ScriptedProvider("b", [forever])
    run = Run(first, second)
    task = await while_both_are_asked(run, second)
    failed.set()
    while not run.recorder.of(AttemptFailed):
        await asyncio.sleep(0)
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait([task])
    assert (run.context.trail.provider, run.context.trail.asked) == ("b", True)
    assert run.recorder.of(AttemptAbandoned) == []


async def test_a_route_bounds_the_whole_call() -> None:
    run = Run(ScriptedProvider("a", [text_answer()]), total=9.0)
    await run()
    assert run.context.limits.deadline == run.context.timing.received + 9.0
