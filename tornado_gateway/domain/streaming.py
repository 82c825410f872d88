"""ActiveStream: one streamed call from its lease to its settlement."""

from collections.abc import AsyncIterator
from contextlib import ExitStack

import msgspec

from tornado_gateway.domain import routing
from tornado_gateway.domain.attempts import Attempts
from tornado_gateway.domain.call import ModelCall
from tornado_gateway.domain.context import RequestContext
from tornado_gateway.domain.errors import ClientClosed, GatewayError, InternalError, UpstreamFailed
from tornado_gateway.domain.estimate import estimate_prompt, estimate_tokens
from tornado_gateway.domain.metering import Meter
from tornado_gateway.domain.money import PriceCard
from tornado_gateway.domain.ports import Clock
from tornado_gateway.domain.pricing import price
from tornado_gateway.domain.routes import Target
from tornado_gateway.domain.snapshot import SnapshotHolder
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
)
from tornado_gateway.domain.usage import TokenUsage


class ActiveStream:
    """``open``, then iterate ``batches``, and ``close`` on every way out.

    Up to the first batch a failing target is replaced by the next one unseen; from then on an error is the stream's.
    """

    def __init__(
        self,
        *,
        call: ModelCall,
        context: RequestContext,
        snapshots: SnapshotHolder,
        attempts: Attempts,
        clock: Clock,
        meter: Meter,
    ) -> None:
        self._call = call
        self._context = context
        self._snapshots = snapshots
        self._attempts = attempts
        self._clock = clock
        self._meter = meter
        self._held = ExitStack()
        self._source: AsyncIterator[StreamBatch] | None = None
        self._first = StreamBatch(())
        self._card: PriceCard | None = None
        self._usage: TokenUsage | None = None
        self._early = False
        self._finish_reason: str | None = None
        self._tokens = 0
        self._bytes = 0

    async def open(self) -> None:
        """Finds a target that answers and takes its first batch. Raises ``GatewayError``."""
        try:
            snapshot = self._held.enter_context(self._snapshots.lease())
            self._context.trail.revision = snapshot.revision
            plan = routing.plan(snapshot, self._call.model)
            await self._attempts.run(plan, self._ask, self._context)
        except GatewayError as error:
            self._meter.failed(error)
            raise
        except Exception as error:
            failure = InternalError("The gateway failed.")
            self._meter.failed(failure)
            raise failure from error

    async def batches(self) -> AsyncIterator[StreamBatch]:
        """Each batch with costs filled in; the last one has ``last`` set and the call settled."""
        try:
            batch = self._first
            while not batch.last:
                yield self._metered(batch)
                if batch.error is not None:
                    raise batch.error
                batch = await self._next()
            yield self._settled(batch)
        except GatewayError as error:
            self.fail(error)
            raise
        except Exception as error:
            failure = InternalError("The gateway failed.")
            self.fail(failure)
            raise failure from error

    def fail(self, error: GatewayError) -> None:
        """Settles a call whose batches could not be passed on; ``close`` must still follow."""
        self._meter.failed(error, self._used(), self._card)

    async def close(self) -> None:
        """Ends the provider's call and the lease; a call that is not settled by now was left by its client."""
        if not self._meter.settled:
            used = self._used() if self._context.trail.attempts else None
            self._meter.failed(ClientClosed("The client went away."), used, self._card)
        try:
            await _close(self._source)
        finally:
            self._held.close()

    async def _ask(self, target: Target) -> None:
        """Starts a target's stream and waits for its first content."""
        await _close(self._source)
        self._card = target.card
        self._source = target.provider.stream(self._call, target.model, self._context)
        try:
            self._first = await self._next()
        except BaseException:
            await _close(self._source)
            self._source = None
            raise
        self._context.timing.first_token = self._clock.monotonic()
        self._context.timing.upstream_to_first = self._context.timing.upstream

    async def _next(self) -> StreamBatch:
        assert self._source is not None, "a stream is opened before it is read"
        started = self._clock.monotonic()
        try:
            batch = await anext(self._source)
        except StopAsyncIteration:
            raise UpstreamFailed("The provider broke off its stream.") from None
        finally:
            self._context.timing.upstream += self._clock.monotonic() - started
        if batch.error is not None and not batch.events:
            raise batch.error
        return batch

    def _metered(self, batch: StreamBatch) -> StreamBatch:
        events = batch.events
        if len(events) == 1 and type(events[0]) is Relayed:
            self._tokens += events[0].events
            return batch
        return StreamBatch(tuple([self._read(event) for event in events]), batch.last, batch.error)

    def _settled(self, batch: StreamBatch) -> StreamBatch:
        batch = self._metered(batch)
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
            case TextDelta() | RefusalDelta() | ReasoningDelta():
                self._bytes += len(event.text.encode())
            case ToolCallDelta():
                self._bytes += len(event.arguments.encode())
            case Finished():
                self._finish_reason = self._finish_reason or event.reason
            case UsageReport():
                self._usage = event.usage
                self._early = event.early
                cost = None if self._card is None else price(event.usage, self._card)
                return UsageReport(event.usage, cost, event.frame, event.bare, event.early)
        return event

    def _used(self) -> TokenUsage:
        if self._usage is not None and not self._early:
            return self._usage
        said = self._tokens + estimate_tokens(self._bytes)
        if self._usage is not None:
            output = max(said, self._usage.output)
            return msgspec.structs.replace(self._usage, output=output, estimated=True)
        return TokenUsage(input=estimate_prompt(self._call.wire), output=said, estimated=True)


async def _close(source: AsyncIterator[StreamBatch] | None) -> None:
    close = getattr(source, "aclose", None)
    if close is not None:
        await close()
