import asyncio
from contextlib import ExitStack
from typing import Any

import pytest

from tests.support import (
    NOW,
    FakeClock,
    Recorder,
    ScriptedProvider,
    attempts_with,
    call,
    context,
    served,
    snapshot,
    text_answer,
)
from tornado_gateway.domain.attempts import Won
from tornado_gateway.domain.breakers import Breakers
from tornado_gateway.domain.endpoints import Provider
from tornado_gateway.domain.errors import (
    CircuitOpen,
    DeadlinePassed,
    GatewayError,
    InvalidRequest,
    UpstreamFailed,
    UpstreamRateLimited,
    UpstreamRejected,
    UpstreamTimeout,
)
from tornado_gateway.domain.events import AttemptFailed
from tornado_gateway.domain.policies import USUAL_KINDS, BreakerPolicy, Concurrency, Timeouts
from tornado_gateway.domain.routes import RoutePlan, Stage, Target
from tornado_gateway.domain.routing import plan


class Run:
    def __init__(self, *providers: Any, plan_: RoutePlan | None = None, **more: Any) -> None:
        self.clock, self.recorder, self.context = FakeClock(), Recorder(), context()
        self.breakers = Breakers(self.clock)
        self.attempts = attempts_with(self.clock, self.recorder, self.breakers)
        self.plan = plan_ or plan(snapshot(*providers, **more), "gpt-4", NOW)
        self.hold = ExitStack()

    async def won(self) -> Won[Any]:
        asked = call()
        return await self.attempts.run(
            self.plan, lambda target, adapter, attempt: adapter.complete(asked, target.model, attempt), self.context,
            self.hold,
        )  # fmt: skip

    async def __call__(self) -> str:
        return (await self.won()).target.provider.name


def staged(*providers: Provider, on: frozenset[str] = USUAL_KINDS) -> RoutePlan:
    """A route with the first provider, and a fallback each with the others."""

    def target(provider: Provider) -> Target:
        return Target("r", provider, "gpt-4", "gpt-4", 1, None, provider.retries, provider.timeouts)

    stages = [Stage(provider.name, "priority", (target(provider),), on if index else None) for index, provider in
              enumerate(providers)]  # fmt: skip
    return RoutePlan("r", tuple(stages))


async def test_the_first_answer_counts() -> None:
    run = Run(ScriptedProvider("a", [text_answer()]), ScriptedProvider("b"))
    assert await run() == "a"
    assert run.context.trail.attempts == 1
    assert run.recorder.events == []


async def test_a_failure_is_tried_again_with_growing_jittered_pauses() -> None:
    failures = [UpstreamFailed("no") for _ in range(3)]
    run = Run(ScriptedProvider("a", [*failures, text_answer()], retries=3))
    assert await run() == "a"
    assert run.clock.slept == [0.25, 0.5, 1.0]
    assert run.context.trail.attempts == 4
    assert [event.will_retry for event in run.recorder.of(AttemptFailed)] == [True, True, True]
    assert run.context.timing.upstream == 1.75


async def test_retry_after_is_honoured_up_to_a_cap() -> None:
    run = Run(ScriptedProvider("a", [UpstreamRateLimited("wait", retry_after=3), text_answer()], retries=1))
    await run()
    assert run.clock.slept == [3]
    run = Run(ScriptedProvider("a", [UpstreamRateLimited("wait", retry_after=60)], retries=3))
    with pytest.raises(UpstreamRateLimited) as limited:
        await run()
    assert limited.value.retry_after == 60
    assert run.clock.slept == []


@pytest.mark.parametrize("error", [UpstreamTimeout("slow"), UpstreamFailed("no")])
async def test_the_next_target_is_asked(error: GatewayError) -> None:
    run = Run(ScriptedProvider("a", [error]), ScriptedProvider("b", [text_answer()]))
    assert await run() == "b"
    assert run.context.trail.provider == "b"
    assert run.context.trail.attempts == 2


async def test_a_refusal_of_the_request_is_final() -> None:
    run = Run(ScriptedProvider("a", [UpstreamRejected("bad", status=400)], retries=3), ScriptedProvider("b"))
    with pytest.raises(UpstreamRejected):
        await run()
    assert run.context.trail.attempts == 1
    assert "bad" not in run.recorder.of(AttemptFailed)[0].message  # it may quote the prompt


async def test_the_last_targets_error_is_the_calls() -> None:
    run = Run(ScriptedProvider("a", [UpstreamFailed("a")]), ScriptedProvider("b", [UpstreamTimeout("b")]))
    with pytest.raises(UpstreamTimeout):
        await run()
    assert [(e.provider, e.outcome, e.attempt, e.will_retry) for e in run.recorder.of(AttemptFailed)] == [
        ("a", "upstream_failed", 1, False),
        ("b", "upstream_timeout", 2, False),
    ]


TOO_LONG = UpstreamRejected("too long", status=400, code="context_length_exceeded")


async def test_a_fallback_is_asked_after_the_failures_that_it_stands_in_for() -> None:
    first, second = ScriptedProvider("a", [UpstreamFailed("no")]), ScriptedProvider("b", [text_answer()])
    assert await Run(plan_=staged(served(first), served(second)))() == "b"
    first, second = ScriptedProvider("a", [UpstreamFailed("no")]), ScriptedProvider("b")
    with pytest.raises(UpstreamFailed):
        await Run(plan_=staged(served(first), served(second), on=frozenset({"context_length"})))()
    assert second.asked == []


async def test_a_prompt_that_is_too_long_goes_to_a_bigger_model_where_the_file_says_so() -> None:
    first, second = ScriptedProvider("a", [TOO_LONG]), ScriptedProvider("b", [text_answer()])
    assert await Run(plan_=staged(served(first), served(second), on=frozenset({"context_length"})))() == "b"
    first = ScriptedProvider("a", [TOO_LONG], retries=3)
    with pytest.raises(UpstreamRejected):
        await Run(plan_=staged(served(first), served(ScriptedProvider("b"))))()
    assert first.asked == ["gpt-4"]


UNFIT = InvalidRequest("n: the route's provider has no such parameter.", param="n")


async def test_who_can_not_carry_the_request_is_passed_over() -> None:
    unfit, fit = ScriptedProvider("a", [UNFIT], retries=3), ScriptedProvider("b", [text_answer()])
    run = Run(unfit, fit)
    assert await run() == "b"
    assert (len(unfit.asked), run.clock.slept) == (1, [])
    assert run.breakers.state(("a", 0)) == "closed"


async def test_where_nobody_can_carry_it_the_first_complaint_is_the_calls() -> None:
    run = Run(ScriptedProvider("a", [UNFIT]), ScriptedProvider("b", [InvalidRequest("seed: none.", param="seed")]))
    with pytest.raises(InvalidRequest) as refused:
        await run()
    assert refused.value.param == "n"


async def test_a_fallback_that_can_not_carry_it_does_not_hide_what_happened() -> None:
    first, second = ScriptedProvider("a", [UpstreamFailed("oh")]), ScriptedProvider("b", [UNFIT])
    with pytest.raises(UpstreamFailed, match="oh"):
        await Run(plan_=staged(served(first), served(second)))()
    first, second = ScriptedProvider("a", [UNFIT]), ScriptedProvider("b")
    with pytest.raises(InvalidRequest):
        await Run(plan_=staged(served(first), served(second)))()
    assert second.asked == []


async def test_a_circuit_opens_and_the_next_target_is_asked_without_waiting() -> None:
    policy = BreakerPolicy(consecutive=2)
    bad, good = ScriptedProvider("a", [UpstreamFailed("no")] * 2), ScriptedProvider("b", [text_answer()] * 5)
    run = Run(plan_=staged(served(bad, breaker=policy), served(good)))
    assert [await run() for _ in range(5)] == ["b"] * 5
    assert len(bad.asked) == 2
    run.clock.time += 15
    bad.script.append(text_answer())
    assert await run() == "a"
    assert run.breakers.state(("a", 0)) == "closed"


async def test_where_every_circuit_is_open_the_caller_is_told_when_to_come_back() -> None:
    run = Run(plan_=staged(served(ScriptedProvider("a", [UpstreamFailed("no")]), breaker=BreakerPolicy(consecutive=1))))
    with pytest.raises(UpstreamFailed):
        await run()
    with pytest.raises(CircuitOpen) as resting:
        await run()
    assert (resting.value.status, resting.value.retry_after) == (503, 15.0)


async def test_a_refused_request_is_no_failure_of_the_endpoint() -> None:
    refusing = ScriptedProvider("a", [UpstreamRejected("bad", status=400)] * 5)
    run = Run(plan_=staged(served(refusing, breaker=BreakerPolicy(consecutive=1))))
    for _ in range(5):
        with pytest.raises(UpstreamRejected):
            await run()
    assert len(refusing.asked) == 5


async def test_another_try_goes_to_another_endpoint_at_once() -> None:
    limited = ScriptedProvider("a", [UpstreamRateLimited("wait", retry_after=60)], retries=1)
    free = ScriptedProvider("a", [text_answer(), text_answer(), text_answer()], retries=1)
    run = Run(plan_=staged(served(limited, free)))
    assert await run() == "a"
    assert run.clock.slept == [0.0]
    await run()
    await run()
    assert (len(limited.asked), len(free.asked)) == (1, 3)


async def test_retries_end_with_the_providers_budget() -> None:
    # Limits told with no time to wait: all the calls come at once.
    failing = ScriptedProvider("a", [UpstreamRateLimited("no", retry_after=0)] * 1000, retries=3)
    run = Run(plan_=staged(served(failing)))
    for _ in range(200):
        with pytest.raises(UpstreamRateLimited):
            await run()
    assert len(failing.asked) <= 200 * 1.2 + 20


async def test_nothing_is_tried_past_the_deadline() -> None:
    run = Run(ScriptedProvider("a", [UpstreamFailed("no")] * 4, retries=3))
    run.context.limits.bound(run.context.timing.received, 0.5)
    with pytest.raises(UpstreamFailed):
        await run()
    assert run.clock.slept == [0.25]


async def test_a_wait_that_the_deadline_cut_short_is_told_as_such() -> None:
    run = Run(ScriptedProvider("a"), ScriptedProvider("b"))
    run.context.limits.bound(run.context.timing.received, 2.0)

    async def slow(_target: Target, _adapter: Any, _context: Any) -> None:
        assert run.context.limits.total == 2.0
        run.clock.time += 2
        raise UpstreamTimeout("Provider 'a' did not answer within 2 seconds.")

    with pytest.raises(UpstreamTimeout, match="the whole call may take"):
        await run.attempts.run(run.plan, slow, run.context, run.hold)
    assert run.context.trail.attempts == 1


async def test_with_no_time_left_nobody_is_asked() -> None:
    provider = ScriptedProvider("a", [text_answer()])
    run = Run(provider)
    run.context.limits.bound(run.clock.time - 3, 2.0)
    with pytest.raises(DeadlinePassed, match="within the 2 seconds"):
        await run()
    assert (provider.asked, run.context.trail.attempts, run.recorder.events) == ([], 0, [])


@pytest.mark.parametrize(
    ("caller", "route", "state"),
    [(2.0, None, "closed"), (29.0, None, "closed"), (31.0, None, "open"), (None, 10.0, "open"), (4.0, 10.0, "closed"),
     (5.0, 10.0, "open")],
)  # fmt: skip
async def test_a_deadline_is_held_against_who_had_half_of_what_its_operator_grants(
    caller: float | None, route: float | None, state: str
) -> None:
    breaker = BreakerPolicy(consecutive=1)
    run = Run(plan_=staged(served(ScriptedProvider("a"), breaker=breaker, timeout=60.0)))
    limits = run.context.limits
    limits.plan = route
    limits.bound(run.clock.time, route)
    limits.bound(run.clock.time, caller)

    async def slow(*_: Any) -> None:
        assert limits.total is not None
        run.clock.time += limits.total
        raise UpstreamTimeout("slow")

    with pytest.raises(UpstreamTimeout, match="the whole call may take"):
        await run.attempts.run(run.plan, slow, run.context, run.hold)
    assert run.breakers.state(("a", 0)) == state


async def test_a_stream_that_its_deadline_ends_is_nobodys_failure() -> None:
    run = Run(plan_=staged(served(ScriptedProvider("a", [text_answer()]), breaker=BreakerPolicy(consecutive=1))))
    won = await run.won()
    run.attempts.broke_off(won, DeadlinePassed("over"))
    assert run.breakers.state(("a", 0)) == "closed"
    run.attempts.broke_off(won, UpstreamTimeout("silent"))
    assert run.breakers.state(("a", 0)) == "open"


async def test_limits_of_an_attempt() -> None:
    provider = served(ScriptedProvider("a", [text_answer()]), timeouts=Timeouts(1, 2, 3), timeout=60.0)
    run = Run(plan_=staged(provider))
    await run()
    limits = run.context.limits
    assert (limits.connect, limits.first_token, limits.idle, limits.total) == (1, 2, 3, 60.0)


async def test_a_place_is_held_until_the_call_is_over() -> None:
    provider = served(ScriptedProvider("a", [text_answer()] * 2), concurrency=Concurrency(1, queue=0))
    run = Run(plan_=staged(provider))
    await run()
    with pytest.raises(GatewayError) as busy:
        await run()
    assert busy.value.code == "provider_busy"
    run.hold.close()
    assert await run() == "a"


async def test_who_waits_for_a_place_waits_for_the_provider() -> None:
    run = Run(plan_=staged(served(ScriptedProvider("a", [text_answer()] * 2), concurrency=Concurrency(1, wait=60.0))))
    await run()
    holding, run.hold = run.hold, ExitStack()
    waiting = asyncio.ensure_future(run())
    await asyncio.sleep(0)
    run.clock.time += 3
    holding.close()
    assert await waiting == "a"
    assert run.context.timing.upstream == 3.0


async def test_a_call_that_is_cancelled_gives_its_probe_back() -> None:
    policy = BreakerPolicy(consecutive=1)

    async def forever() -> None:
        await asyncio.get_running_loop().create_future()

    run = Run(
        plan_=staged(served(ScriptedProvider("a", [UpstreamFailed("no"), forever, text_answer()]), breaker=policy))
    )
    with pytest.raises(UpstreamFailed):
        await run()
    run.clock.time += 15
    task = asyncio.ensure_future(run())
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait([task])
    assert await run() == "a"


async def test_a_stream_that_breaks_off_counts_against_its_endpoint() -> None:
    run = Run(plan_=staged(served(ScriptedProvider("a", [text_answer()]), breaker=BreakerPolicy(consecutive=1))))
    run.attempts.broke_off(await run.won(), UpstreamFailed("broke off"))
    assert run.breakers.state(("a", 0)) == "open"
