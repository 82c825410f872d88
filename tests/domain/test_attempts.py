import pytest

from tests.support import FakeClock, Half, Recorder, ScriptedProvider, call, context, snapshot, text_answer
from tornado_gateway.domain.attempts import Attempts
from tornado_gateway.domain.errors import (
    GatewayError,
    UpstreamFailed,
    UpstreamRateLimited,
    UpstreamRejected,
    UpstreamTimeout,
)
from tornado_gateway.domain.events import AttemptFailed
from tornado_gateway.domain.routing import plan
from tornado_gateway.domain.strategies import Strategies


class Run:
    def __init__(self, *providers: ScriptedProvider) -> None:
        self.clock, self.recorder, self.context = FakeClock(), Recorder(), context()
        self.attempts = Attempts(
            clock=self.clock, randomness=Half(), publisher=self.recorder, strategies=Strategies(self.clock)
        )
        self.plan = plan(snapshot(*providers), "gpt-4")

    async def __call__(self) -> str:
        asked = call()
        _, target = await self.attempts.run(
            self.plan, lambda target: target.provider.complete(asked, target.model, self.context), self.context
        )
        return target.provider.name


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
