"""Recording: an answer written down on its way to the caller who asked first, for those who ask the same later."""

from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from decimal import Decimal

import msgspec

from tornado_gateway.domain.call import Answer
from tornado_gateway.domain.context import RequestContext
from tornado_gateway.domain.flights import Flight
from tornado_gateway.domain.kept import KeptAnswer, Origin, pack, seal, unseal
from tornado_gateway.domain.money import Cost
from tornado_gateway.domain.ports import Clock
from tornado_gateway.domain.stream import Finished, StreamBatch, StreamEvent, UsageReport
from tornado_gateway.domain.usage import TokenUsage

FAILED = "error"
"""The end of an answer that the provider itself calls failed."""


class Recording:
    """Ends in ``keep`` being called with the sealed answer, once, where that is whole, good and no larger than
    ``max_bytes``; the flight's followers have it then, too."""

    def __init__(
        self, *, flight: Flight, context: RequestContext, clock: Clock, max_bytes: int, keep: Callable[[bytes], None]
    ) -> None:
        self._flight = flight
        self._context = context
        self._clock = clock
        self._max_bytes = max_bytes
        self._keep = keep
        self._batches: list[bytes] = []
        self._size = 0
        self._cost: Cost | None = None
        self._given_up = False
        self._held = 0.0
        self._handed: float | None = None
        flight.held = self.held

    def whole(self, answer: Answer, usage: TokenUsage, cost: Cost | None) -> None:
        """An answer that came in one piece, as it was priced."""
        if answer.finish_reason == FAILED:
            self._give_up()
            return
        packed = self._packed(KeptAnswer.of(answer, usage))
        if packed is not None:
            self._kept(seal(self._origin(cost), answer=packed))

    async def through(self, batches: AsyncIterator[StreamBatch]) -> AsyncIterator[StreamBatch]:
        """The batches of a stream, as they are metered: passed on, and written down before."""
        async with aclosing(batches):  # type: ignore[type-var] # it is an async generator
            async for batch in batches:
                self._add(batch)
                self._handed = self._clock.monotonic()
                yield batch
                self._held = self.held()
                self._handed = None

    def failed(self) -> None:
        """What had begun broke off."""
        self._flight.failed()

    def held(self) -> float:
        """Seconds for which the client let the answer wait so far."""
        return self._held if self._handed is None else self._held + self._clock.monotonic() - self._handed

    def _add(self, batch: StreamBatch) -> None:
        if self._given_up or not (batch.events or batch.last):
            return
        packed = self._packed([self._noted(event) for event in batch.events])
        if packed is None:
            return
        self._batches.append(packed)
        if batch.last:
            self._kept(seal(self._origin(self._cost), batches=self._batches))

    def _noted(self, event: StreamEvent) -> StreamEvent:
        """The event as it is kept: its cost is that of this one time."""
        if type(event) is UsageReport:
            self._cost = event.cost
            return msgspec.structs.replace(event, cost=None)
        if type(event) is Finished and event.reason == FAILED:
            self._give_up()
        return event

    def _packed(self, part: KeptAnswer | list[StreamEvent]) -> bytes | None:
        """None for what is not to be kept, now or before."""
        try:
            packed = pack(part)
        except (OverflowError, TypeError, ValueError, RecursionError):
            self._give_up()  # a number or a text of the provider's that has no place in what is kept
            return None
        self._size += len(packed)
        if self._size > self._max_bytes:
            self._give_up()
        return None if self._given_up else packed

    def _origin(self, cost: Cost | None) -> Origin:
        trail = self._context.trail
        saved: Decimal | None = None if cost is None else cost.amount
        return Origin(
            at=self._clock.now().timestamp(),
            route=trail.route,
            provider=trail.provider,
            model=trail.model,
            model_label=trail.model_label,
            cost=saved,
            dropped=tuple(self._context.dropped),
        )

    def _kept(self, sealed: bytes) -> None:
        self._keep(sealed)
        kept = unseal(sealed) if self._flight.waiting else None
        if kept is None:
            self._flight.release()
        else:
            self._flight.give(kept)

    def _give_up(self) -> None:
        self._given_up = True
        self._batches.clear()
        self._flight.release()
