"""ActiveStream: one streamed call from its lease to its settlement."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import ExitStack

import msgspec

from tornado_gateway.domain import routing
from tornado_gateway.domain.attempts import Won
from tornado_gateway.domain.call import ModelCall
from tornado_gateway.domain.captured import Captured
from tornado_gateway.domain.context import RequestContext
from tornado_gateway.domain.dispatch import Dispatch
from tornado_gateway.domain.errors import GatewayError, InternalError, UpstreamFailed, UpstreamTimeout
from tornado_gateway.domain.estimate import estimate_prompt, estimate_tokens
from tornado_gateway.domain.guardrails.guard import Guard, GuardedStream, is_refusal
from tornado_gateway.domain.images import images_in
from tornado_gateway.domain.metering import Meter
from tornado_gateway.domain.money import Cost, PriceCard
from tornado_gateway.domain.patience import Patience
from tornado_gateway.domain.ports import ChatProvider, Clock
from tornado_gateway.domain.routes import RoutePlan, Target
from tornado_gateway.domain.snapshot import Snapshot, SnapshotHolder
from tornado_gateway.domain.stream import (
    Finished,
    ReasoningDelta,
    RefusalDelta,
    Relayed,
    StreamBatch,
    StreamEvent,
    TextDelta,
    ToolCallDelta,
    UsageReport,
    says_something,
)
from tornado_gateway.domain.usage import TokenUsage

Enter = Callable[[ModelCall, RoutePlan, Snapshot, RequestContext, Meter], Awaitable[tuple[ModelCall, RoutePlan]]]
"""Lets a call in once its plan is known and gives it as it may go on, with the plan that it may follow; or raises
``GatewayError``."""


class _Opened:
    """A provider's stream that has begun to say something: ``first`` is all that it said so far."""

    __slots__ = ("first", "patience", "source")

    def __init__(self, source: AsyncIterator[StreamBatch], patience: Patience, first: StreamBatch) -> None:
        self.source = source
        self.patience = patience
        self.first = first

    async def close(self) -> None:
        self.patience.close()
        await _close(self.source)


class ActiveStream:
    """``open``, then iterate ``batches``, and ``close`` on every way out.

    Up to the first content a failing target is replaced by the next one unseen; from then on an error is the stream's.
    """

    def __init__(
        self,
        *,
        call: ModelCall,
        context: RequestContext,
        snapshots: SnapshotHolder,
        dispatch: Dispatch,
        clock: Clock,
        meter: Meter,
        enter: Enter,
        guard: Guard | None = None,
    ) -> None:
        self._call = call
        self._context = context
        self._snapshots = snapshots
        self._dispatch = dispatch
        self._clock = clock
        self._meter = meter
        self._enter = enter
        self._guard = guard
        self._guarded: GuardedStream | None = None
        self._held = ExitStack()
        self._won: Won[_Opened] | None = None
        self._card: PriceCard | None = None
        self._usage: TokenUsage | None = None
        self._early = False
        self._finish_reason: str | None = None
        self._tokens = 0
        self._bytes = 0
        self._images = 0
        self._captured: Captured | None = None

    @property
    def ended(self) -> GatewayError | None:
        """Why the call was cancelled, where its client has not left."""
        return self._context.trail.ended

    @property
    def cost(self) -> Cost | None:
        """What the call cost, once it has ended; None for an unpriced model, or where nothing was used."""
        return self._meter.cost

    async def open(self) -> None:
        """Finds a target that answers and takes its first batch. Raises ``GatewayError``."""
        context = self._context
        try:
            snapshot = self._held.enter_context(self._snapshots.lease())
            plan = routing.enter(snapshot, self._call.model, context, self._clock.now())
            self._call, plan = await self._enter(self._call, plan, snapshot, context, self._meter)
            self._won = await self._dispatch.run(plan, self._call, self._ask, context, self._held, _discard)
            if plan.guards is not None and plan.guards.response is not None:
                assert self._guard is not None, "whoever loads rules brings who applies them"
                kind = snapshot.providers[self._won.target.provider.name].kind
                self._guarded = self._guard.stream(self._call, plan.guards.response, context, kind=kind)
        except GatewayError as error:
            self._meter.failed(error)
            raise
        except Exception as error:
            failure = InternalError("The gateway failed.")
            self._meter.failed(failure)
            raise failure from error
        self._card = self._won.target.card
        self._won.watched.first_token()
        context.timing.first_token = self._clock.monotonic()
        context.timing.upstream_to_first = context.timing.upstream
        if context.trail.trace is not None:
            context.trail.trace.opened(self._won.value.first.events)
            self._captured = context.trail.trace.captured

    def batches(self) -> AsyncIterator[StreamBatch]:
        """Each batch with costs filled in; the last one has ``last`` set and the call settled."""
        recording = None if self._won is None else self._won.recording
        return self._batches() if recording is None else recording.through(self._batches())

    async def _batches(self) -> AsyncIterator[StreamBatch]:
        try:
            assert self._won is not None, "a stream is opened before it is read"
            batch = self._won.value.first
            while not batch.last:
                yield self._passed(self._metered(batch))
                if batch.error is not None:
                    raise batch.error
                try:
                    batch = await self._more()
                except GatewayError as error:
                    if self._guarded is None:
                        raise
                    batch = StreamBatch((), error=error)  # what the rules hold back came before it
            yield await self._settled(batch)
        except GatewayError as error:
            self.fail(error)
            raise
        except Exception as error:
            failure = InternalError("The gateway failed.")
            self.fail(failure)
            raise failure from error

    def fail(self, error: GatewayError) -> None:
        """Settles a call whose batches could not be passed on; ``close`` must still follow."""
        if self._guarded is not None:
            self._guarded.close()
        if self._won is not None:
            if is_refusal(error):
                self._dispatch.refused(self._won)
            else:
                self._dispatch.broke_off(self._won, error)
        self._meter.failed(error, self._used(), self._card)

    async def close(self) -> None:
        """Ends the provider's call and the lease; a call that is not settled by now was left by its client."""
        if not self._meter.settled:
            trail, begun = self._context.trail, self._won is not None
            used = self._used() if begun or trail.asked else None
            card = self._card if begun else trail.card
            self._meter.failed(self._context.cancelled(), used, card)
        if self._guarded is not None:
            self._guarded.close()
        try:
            if self._won is not None:
                await self._won.value.close()
        finally:
            self._held.close()

    async def _ask(self, target: Target, adapter: ChatProvider, context: RequestContext) -> _Opened:
        """Starts a target's stream and waits for its first content."""
        limits = context.limits
        opened = _Opened(adapter.stream(self._call, target.model, context), Patience(), StreamBatch(()))
        began = self._clock.monotonic()
        try:
            while True:
                left = None if limits.first_token is None else began + limits.first_token - self._clock.monotonic()
                try:
                    batch = await self._next(opened, left, context)
                except TimeoutError:
                    raise UpstreamTimeout(
                        f"Provider {target.provider.name!r} sent nothing within {limits.first_token:g} seconds."
                    ) from None
                opened.first = StreamBatch((*opened.first.events, *batch.events), batch.last, batch.error)
                if batch.last or says_something(batch):
                    return opened
                if batch.error is not None:
                    raise batch.error
        except BaseException:
            await opened.close()
            raise

    async def _more(self) -> StreamBatch:
        assert self._won is not None, "a stream is opened before it is read"
        limits = self._context.limits
        try:
            return await self._next(self._won.value, limits.next_wait(self._clock.monotonic()), self._context)
        except TimeoutError:
            if self._context.out_of_time(self._clock.monotonic()):
                raise limits.deadline_passed() from None
            name = self._won.target.provider.name
            raise UpstreamTimeout(f"Provider {name!r} was silent for {limits.idle:g} seconds in its answer.") from None

    async def _next(self, opened: _Opened, seconds: float | None, context: RequestContext) -> StreamBatch:
        """Raises ``TimeoutError`` after ``seconds`` without anything."""
        started = self._clock.monotonic()
        try:
            batch = await (
                anext(opened.source) if seconds is None else opened.patience.wait(anext(opened.source), seconds)
            )
        except StopAsyncIteration:
            raise UpstreamFailed("The provider broke off its stream.") from None
        finally:
            context.timing.upstream += self._clock.monotonic() - started
        if batch.error is not None and not batch.events:
            raise batch.error
        return batch

    def _metered(self, batch: StreamBatch) -> StreamBatch:
        events = batch.events
        if self._captured is not None and self._guarded is None:
            self._captured.hear(events)
        if self._card is not None and self._card.image is not None:
            self._images += sum(images_in(event) for event in events)
        if len(events) == 1 and type(events[0]) is Relayed:
            self._tokens += events[0].events
            self._finish_reason = self._finish_reason or events[0].finish_reason
            return batch
        return StreamBatch(tuple([self._read(event) for event in events]), batch.last, batch.error)

    def _passed(self, batch: StreamBatch) -> StreamBatch:
        """What of it may go out. What was metered is paid for, whether anybody sees it or not."""
        return batch if self._guarded is None else self._guarded.pass_on(batch)

    async def _settled(self, batch: StreamBatch) -> StreamBatch:
        batch = self._metered(batch)
        if self._guarded is not None:
            batch = await self._guarded.end(batch)
        reported = self._usage is not None and not self._early
        usage = self._used()
        cost = self._meter.succeeded(usage, self._card, self._finish_reason)
        if reported:
            return batch
        return StreamBatch((*batch.events, UsageReport(usage, cost)), last=True)

    def _read(self, event: StreamEvent) -> StreamEvent:
        match event:
            case Relayed():
                self._tokens += event.events
                self._finish_reason = self._finish_reason or event.finish_reason
            case TextDelta() | RefusalDelta() | ReasoningDelta():
                self._bytes += len(event.text.encode())
            case ToolCallDelta():
                self._bytes += len(event.arguments.encode())
            case Finished():
                self._finish_reason = self._finish_reason or event.reason
            case UsageReport():
                usage = event.usage
                if self._images:
                    usage = msgspec.structs.replace(usage, images=self._images)
                self._usage, self._early = usage, event.early
                self._finish_reason = self._finish_reason or event.finish_reason
                return msgspec.structs.replace(event, usage=usage, cost=self._meter.price(usage, self._card))
        return event

    def _used(self) -> TokenUsage:
        if self._usage is not None and not self._early:
            return self._usage
        images = self._images or None
        said = self._tokens + estimate_tokens(self._bytes)
        if self._usage is not None:
            output = max(said, self._usage.output)
            return msgspec.structs.replace(self._usage, output=output, images=images, estimated=True)
        return TokenUsage(input=estimate_prompt(self._call.wire), output=said, images=images, estimated=True)


async def _discard(opened: _Opened) -> None:
    await opened.close()


async def _close(source: AsyncIterator[StreamBatch] | None) -> None:
    if (close := getattr(source, "aclose", None)) is not None:
        await close()
