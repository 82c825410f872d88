"""GatewayService: one call in, one priced answer out, whoever gives it."""

import asyncio
from collections.abc import Awaitable
from contextlib import ExitStack
from dataclasses import replace

import msgspec

from tornado_gateway.domain import counting, embeddings, routing
from tornado_gateway.domain.admission import Admission
from tornado_gateway.domain.attempts import Won
from tornado_gateway.domain.call import Answer, Completed, ModelCall
from tornado_gateway.domain.context import RequestContext
from tornado_gateway.domain.dispatch import Dispatch
from tornado_gateway.domain.errors import GatewayError, InternalError
from tornado_gateway.domain.estimate import estimate_prompt, estimate_tokens, said_in
from tornado_gateway.domain.guardrails.guard import Guard
from tornado_gateway.domain.guardrails.rules import Checks
from tornado_gateway.domain.images import images_of
from tornado_gateway.domain.metering import Meter
from tornado_gateway.domain.mirroring import Mirrors
from tornado_gateway.domain.money import PriceCard
from tornado_gateway.domain.ports import ChatProvider, Clock, Publisher
from tornado_gateway.domain.routes import RoutePlan, Target
from tornado_gateway.domain.snapshot import Snapshot, SnapshotHolder
from tornado_gateway.domain.streaming import ActiveStream, Enter
from tornado_gateway.domain.tracing import Tracing
from tornado_gateway.domain.usage import TokenUsage


class GatewayService:
    """Each call leases one snapshot from its start to its settlement, and is published exactly once."""

    def __init__(
        self,
        *,
        snapshots: SnapshotHolder,
        dispatch: Dispatch,
        publisher: Publisher,
        clock: Clock,
        mirrors: Mirrors,
        tracing: Tracing | None = None,
        admission: Admission | None = None,
        guard: Guard | None = None,
    ) -> None:
        self._snapshots = snapshots
        self._dispatch = dispatch
        self._publisher = publisher
        self._clock = clock
        self._mirrors = mirrors
        self._tracing = tracing
        self._admission = admission
        self._guard = guard

    async def complete(self, call: ModelCall, context: RequestContext) -> Completed:
        """The whole answer. Raises ``GatewayError``; cancelling ends the provider's call."""
        return await self._complete(call, context, self._enter)

    async def _complete(self, call: ModelCall, context: RequestContext, enter: Enter) -> Completed:
        meter = self._meter(call, context)
        card: PriceCard | None = None
        usage: TokenUsage | None = None

        def ask(target: Target, adapter: ChatProvider, attempt: RequestContext) -> Awaitable[Answer]:
            return _whole(adapter, call, target.model, attempt)

        try:
            with self._snapshots.lease() as snapshot, ExitStack() as hold:
                plan = routing.enter(snapshot, call.model, context, self._clock.now())
                call, plan = await enter(call, plan, snapshot, context, meter)
                won = await self._dispatch.run(plan, call, ask, context, hold, _nothing_to_discard)
                answer, target = won.value, won.target
                card = target.card  # what fails from here on has its price all the same
                usage = answer.usage or _estimated(call, answer)
                if target.card is not None and target.card.image is not None:
                    usage = msgspec.structs.replace(usage, images=images_of(answer))
                if plan.guards is not None and plan.guards.response is not None:
                    answer = await self._guarded(won, call, plan.guards.response, context)
                if context.trail.trace is not None:
                    context.trail.trace.answered(answer)
                cost = meter.succeeded(usage, target.card, answer.finish_reason)
                if won.recording is not None:
                    won.recording.whole(answer, usage, cost)
        except asyncio.CancelledError:
            if usage is None and context.trail.asked:  # what is known of what the provider works on is priced
                usage, card = TokenUsage(input=estimate_prompt(call.wire), estimated=True), context.trail.card
            meter.failed(context.cancelled(), usage, card)
            raise
        except GatewayError as error:
            meter.failed(error, usage, card)
            raise
        except Exception as error:
            failure = InternalError("The gateway failed.")
            meter.failed(failure, usage, card)
            raise failure from error
        return Completed(
            answer=answer,
            usage=usage,
            cost=cost,
            requested_model=call.model,
            provider=target.provider.name,
            model=target.model,
            attempts=context.trail.attempts,
            revision=snapshot.revision,
            call=call,
        )

    def stream(self, call: ModelCall, context: RequestContext) -> ActiveStream:
        """The answer as it comes. Nothing is asked before ``open``; ``close`` must follow on every way out."""
        return self._stream(call, context, self._enter)

    def _stream(self, call: ModelCall, context: RequestContext, enter: Enter) -> ActiveStream:
        return ActiveStream(
            call=call,
            context=context,
            snapshots=self._snapshots,
            dispatch=self._dispatch,
            clock=self._clock,
            meter=self._meter(call, context),
            enter=enter,
            guard=self._guard,
        )

    async def close(self) -> None:
        """Ends the copies that are under way."""
        await self._mirrors.close()

    async def _enter(
        self, call: ModelCall, plan: RoutePlan, snapshot: Snapshot, context: RequestContext, meter: Meter
    ) -> tuple[ModelCall, RoutePlan]:
        """Lets a caller's call in, or raises; its copy is sent once it is in, and under the same rules."""
        admission = self._admission
        if admission is not None and admission.concerns(snapshot.quotas, context.principal):
            meter.admitted = await admission.admit(call, plan, snapshot.quotas, context)
            plan = meter.admitted.plan
        if plan.guards is not None and plan.guards.request is not None:
            assert self._guard is not None, "whoever loads rules brings who applies them"
            call = await self._guard.request(call, plan.guards.request, context)
        if context.trail.trace is not None:
            context.trail.trace.asked(call)  # who is turned away before leaves nothing on its trace
        route = snapshot.routes.match(call.model)
        if route is not None and route.mirror is not None:
            self._mirrors.send(route.mirror, call, context, self._copy)
        return call, plan

    async def _guarded(self, won: Won[Answer], call: ModelCall, checks: Checks, context: RequestContext) -> Answer:
        assert self._guard is not None, "whoever loads rules brings who applies them"
        try:
            return await self._guard.answer(won.value, call, checks, context)
        except GatewayError:
            self._dispatch.refused(won)
            raise

    async def _copy(self, call: ModelCall, context: RequestContext) -> None:
        """A mirror's copy: made for nobody, and held against nobody. A stream is read to its end."""
        if not call.stream:
            await self._complete(call, context, _as_it_is)
            return
        stream = self._stream(call, context, _as_it_is)
        try:
            await stream.open()
            async for _ in stream.batches():
                pass
        finally:
            await stream.close()

    def refused(self, error: GatewayError, context: RequestContext, *, model: str = "") -> None:
        """Publishes a call that a gate or a dialect turned away before it could be planned."""
        context.trail.revision = self._snapshots.current.revision
        meter = Meter(context=context, publisher=self._publisher, clock=self._clock, model=model, tracing=self._tracing)
        meter.failed(error)

    def _meter(self, call: ModelCall, context: RequestContext) -> Meter:
        return Meter(
            context=context,
            publisher=self._publisher,
            clock=self._clock,
            model=call.model,
            streaming=call.stream,
            metadata=call.metadata,
            tracing=self._tracing,
            call=call,
        )


async def _as_it_is(
    call: ModelCall, plan: RoutePlan, _snapshot: Snapshot, context: RequestContext, _meter: Meter
) -> tuple[ModelCall, RoutePlan]:
    """A copy went through the rules of the route that it was made on, and its answer reaches nobody."""
    if context.trail.trace is not None:
        context.trail.trace.asked(call)
    return call, plan if plan.guards is None else replace(plan, guards=None)


async def _nothing_to_discard(_answer: Answer) -> None:
    """A whole answer that nobody wants holds nothing open."""


def _whole(provider: ChatProvider, call: ModelCall, model: str, context: RequestContext) -> Awaitable[Answer]:
    if counting.is_count(call):
        return counting.count(provider, call, model, context)
    if embeddings.is_embedding(call):
        return embeddings.embed(provider, call, model, context)
    return provider.complete(call, model, context)


def _estimated(call: ModelCall, answer: Answer) -> TokenUsage:
    size = 0
    if answer.relayed is not None:
        size = sum(said_in(raw) for name, raw in answer.relayed.fields.items() if name in ("choices", "output"))
    elif answer.chat is not None:
        size = sum(counting.size_of(part) for choice in answer.chat.choices for part in choice.message.parts)
    return TokenUsage(input=estimate_prompt(call.wire), output=estimate_tokens(size), estimated=True)
