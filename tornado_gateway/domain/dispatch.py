"""Dispatch: a call to its targets, one after the other or, where the route hedges, two at once."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from typing import TypeVar

from msgspec.structs import replace

from tornado_gateway.domain.attempts import Ask, Attempts, Tokens, Won
from tornado_gateway.domain.call import ModelCall
from tornado_gateway.domain.context import RequestContext, Timing, Trail
from tornado_gateway.domain.errors import GatewayError, let_go
from tornado_gateway.domain.estimate import estimate_prompt
from tornado_gateway.domain.events import AttemptAbandoned
from tornado_gateway.domain.latencies import Latencies
from tornado_gateway.domain.policies import Hedge
from tornado_gateway.domain.ports import Clock, Publisher
from tornado_gateway.domain.pricing import price
from tornado_gateway.domain.routes import RoutePlan, Target
from tornado_gateway.domain.shared_answers import SharedAnswers
from tornado_gateway.domain.usage import TokenUsage

T = TypeVar("T")

Discard = Callable[[T], Awaitable[None]]
"""Ends what a try gave and nobody wants any more."""

DEFAULT_OUTPUT = 1000
"""Tokens of an answer that the caller sets no limit to, for an estimate of its price."""


class _Leg:
    """One of two ways in which a call is under way at once, with a context of its own."""

    def __init__(self, context: RequestContext) -> None:
        self.hold = ExitStack()
        limits = replace(context.limits)
        timing = Timing(received=context.timing.received)
        trail = Trail(revision=context.trail.revision, trace=context.trail.trace)
        self.context = replace(context, timing=timing, trail=trail, dropped=[], limits=limits)


class Dispatch:
    """Runs calls over their plans."""

    def __init__(
        self,
        *,
        attempts: Attempts,
        latencies: Latencies,
        publisher: Publisher,
        clock: Clock,
        answers: SharedAnswers | None = None,
    ) -> None:
        self._attempts = attempts
        self._answers = answers
        self._latencies = latencies
        self._publisher = publisher
        self._clock = clock

    async def run(
        self,
        plan: RoutePlan,
        call: ModelCall,
        ask: Ask[T],
        context: RequestContext,
        hold: ExitStack,
        discard: Discard[T],
    ) -> Won[T]:
        """The first answer; what it holds is given back when ``hold`` is closed. Raises ``GatewayError``."""
        context.limits.plan = plan.total
        context.limits.bound(context.timing.received, plan.total)
        if plan.cache is not None and self._answers is not None:
            return await self._answers.run(
                plan, call, ask, context, hold, lambda: self._anew(plan, call, ask, context, hold, discard)
            )
        return await self._anew(plan, call, ask, context, hold, discard)

    async def _anew(
        self,
        plan: RoutePlan,
        call: ModelCall,
        ask: Ask[T],
        context: RequestContext,
        hold: ExitStack,
        discard: Discard[T],
    ) -> Won[T]:
        tokens = _tokens(call)
        if plan.hedge is None or not _can_hedge(plan):
            return await self._attempts.run(plan, ask, context, hold, tokens)
        wait = self._wait(plan.hedge, plan.stages[0].targets[0])
        if wait is None:
            return await self._attempts.run(plan, ask, context, hold, tokens)
        return await self._hedged(plan, call, ask, context, hold, discard, wait)

    def broke_off(self, won: Won[T], error: GatewayError) -> None:
        """A stream that had begun ended in ``error``."""
        self.refused(won)
        self._attempts.broke_off(won, error)

    def refused(self, won: Won[T]) -> None:
        """What was won is not passed on any further, which is nobody's failure."""
        if won.recording is not None:
            won.recording.failed()

    async def _hedged(
        self,
        plan: RoutePlan,
        call: ModelCall,
        ask: Ask[T],
        context: RequestContext,
        hold: ExitStack,
        discard: Discard[T],
        wait: float,
    ) -> Won[T]:
        """The plan as ever and, after ``wait`` seconds without an answer, one more target beside it."""
        began = self._clock.monotonic()
        legs = (_Leg(context), _Leg(context))
        first = asyncio.ensure_future(self._attempts.run(plan, ask, legs[0].context, legs[0].hold, _tokens(call)))
        running = {first: legs[0]}
        timer = asyncio.ensure_future(self._clock.sleep(wait))
        winner = legs[0]
        told: GatewayError | None = None
        try:
            await asyncio.wait({first, timer}, return_when=asyncio.FIRST_COMPLETED)
            other = None if first.done() else _other(plan, legs[0].context.trail)
            if other is not None:
                running[asyncio.ensure_future(self._attempts.ask(other, ask, legs[1].context, legs[1].hold))] = legs[1]
            while running:
                done, _ = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
                task = first if first in done else done.pop()
                leg = running.pop(task)
                try:
                    won = task.result()
                except GatewayError as error:
                    let_go(error)
                    told = error if told is None or leg is legs[0] else told  # the plan's own error is the call's
                    continue
                winner = leg
                hold.enter_context(leg.hold.pop_all())
                for loser in _owing(running):
                    self._abandoned(call, loser.context)
                return won
            assert told is not None, "whoever gave no answer gave an error"
            raise told
        except asyncio.CancelledError:
            winner, *others = _owing(running) or legs  # the call is the first one's who owes for it
            for other_leg in others:
                self._abandoned(call, other_leg.context)
            raise
        finally:
            timer.cancel()
            await _end(running, discard)
            _follow(context, winner, legs, self._clock.monotonic() - began)

    def _wait(self, hedge: Hedge, target: Target) -> float | None:
        """Seconds before the second target is asked; None while nobody knows how long the first usually takes."""
        if hedge.percentile is None:
            return hedge.after
        return self._latencies.percentile((target.provider.name, target.model_label), hedge.percentile)

    def _abandoned(self, call: ModelCall, context: RequestContext) -> None:
        """Where the loser's provider has the request it may have worked on it: what is known of that is priced."""
        trail = context.trail
        if not trail.asked:
            return
        usage = TokenUsage(input=estimate_prompt(call.wire), estimated=True)
        self._publisher.publish(
            AttemptAbandoned(
                request_id=context.request_id,
                route=trail.route,
                provider=trail.provider,
                model=trail.model,
                model_label=trail.model_label,
                usage=usage,
                cost=None if trail.card is None else price(usage, trail.card, self._clock.now()),
                revision=trail.revision,
            )
        )


def _tokens(call: ModelCall) -> Tokens:
    return lambda: (estimate_prompt(call.wire), DEFAULT_OUTPUT if call.max_tokens is None else call.max_tokens)


def _can_hedge(plan: RoutePlan) -> bool:
    return sum(len(target.provider.endpoints) for stage in plan.stages for target in stage.targets) > 1


def _named(plan: RoutePlan, trail: Trail) -> Target | None:
    for stage in plan.stages:
        for target in stage.targets:
            if (target.route, target.provider.name, target.model) == (trail.route, trail.provider, trail.model):
                return target
    return None


def _other(plan: RoutePlan, trail: Trail) -> Target | None:
    """Whom to ask beside the target that is being asked: another one, or another endpoint of the same."""
    asked = _named(plan, trail)
    for stage in plan.stages:
        for target in stage.targets:
            if target is not asked:
                return target
    return asked if asked is not None and len(asked.provider.endpoints) > 1 else None


async def _end(running: "dict[asyncio.Task[Won[T]], _Leg]", discard: Discard[T]) -> None:
    """Ends the losers, and gives back what one of them may have won in the last moment."""
    for task in running:
        task.cancel()
    for task, leg in running.items():
        await asyncio.wait({task})
        if not task.cancelled() and task.exception() is None:
            await discard(task.result().value)
        leg.hold.close()


def _owing(running: "dict[asyncio.Task[Won[T]], _Leg]") -> list[_Leg]:
    """The legs whose provider may want to be paid."""
    owing = []
    for task, leg in running.items():
        if task.done():
            if task.exception() is not None:
                continue
            leg.context.trail.asked = True  # the answer came in this very moment, and nobody takes it any more
        owing.append(leg)
    return owing


def _follow(context: RequestContext, winner: _Leg, legs: tuple[_Leg, ...], took: float) -> None:
    """What the winner's context tells is what the call tells; all the while somebody was waited for."""
    trail, won = context.trail, winner.context.trail
    trail.route, trail.provider = won.route, won.provider
    trail.model, trail.model_label = won.model, won.model_label
    trail.asked, trail.card = won.asked, won.card
    trail.attempts += sum(leg.context.trail.attempts for leg in legs)
    context.dropped.extend(winner.context.dropped)
    context.timing.upstream += took
    context.limits.idle = winner.context.limits.idle
