"""Meter: from the first event of a call to its last, the price in between. One a call."""

from collections.abc import Mapping
from datetime import datetime

from tornado_gateway.domain.admission import Admitted
from tornado_gateway.domain.call import ModelCall
from tornado_gateway.domain.context import RequestContext
from tornado_gateway.domain.errors import GatewayError
from tornado_gateway.domain.events import RequestFinished, RequestStarted
from tornado_gateway.domain.money import Cost, PriceCard
from tornado_gateway.domain.ports import Clock, Publisher
from tornado_gateway.domain.pricing import price
from tornado_gateway.domain.tracing import Tracing
from tornado_gateway.domain.usage import TokenUsage


class Meter:
    """Publishes ``RequestStarted`` when made and ``RequestFinished`` once, whichever way the call ends."""

    def __init__(
        self,
        *,
        context: RequestContext,
        publisher: Publisher,
        clock: Clock,
        model: str,
        streaming: bool = False,
        metadata: Mapping[str, str] | None = None,
        tracing: Tracing | None = None,
        call: ModelCall | None = None,
    ) -> None:
        self._context = context
        self._publisher = publisher
        self._clock = clock
        self._model = model
        self._streaming = streaming
        self._metadata = metadata
        self._settled = False
        self._priced: tuple[TokenUsage, Cost | None, datetime] | None = None
        if tracing is not None:
            context.trail.trace = tracing.begin(context.traceparent, call, context.timing.received)
        self.admitted: Admitted | None = None
        """What the call holds of limits and budgets: settled with it."""
        publisher.publish(RequestStarted(context.request_id, context.dialect, streaming))

    def price(self, usage: TokenUsage, card: PriceCard | None) -> Cost | None:
        """What ``usage`` costs now, None for an unpriced model. A call that ends with this very usage costs just that:
        between the caller's figure and the ledger's off-peak hours may have begun."""
        known = self._priced
        if known is not None and known[0] is usage:
            return known[1]
        now = self._clock.now()
        cost = None if card is None else price(usage, card, now)
        self._priced = usage, cost, now
        return cost

    def succeeded(self, usage: TokenUsage, card: PriceCard | None, finish_reason: str | None) -> Cost | None:
        """Prices and publishes; None for an unpriced model."""
        cost = self.price(usage, card)
        self._publish(200, None, usage, cost, finish_reason)
        return cost

    def failed(self, error: GatewayError, usage: TokenUsage | None = None, card: PriceCard | None = None) -> None:
        """Publishes; ``usage`` is what was used before the failure, which is priced all the same."""
        if self._settled:
            return
        cost = None if usage is None else self.price(usage, card)
        self._publish(error.status, error.code, usage, cost, None)

    @property
    def settled(self) -> bool:
        return self._settled

    @property
    def cost(self) -> Cost | None:
        """The latest price that was asked for: that of the whole call once it is settled."""
        return None if self._priced is None else self._priced[1]

    def _publish(
        self, status: int, error: str | None, usage: TokenUsage | None, cost: Cost | None, finish_reason: str | None
    ) -> None:
        if self._settled:
            return
        self._settled = True
        context = self._context
        timing, trail = context.timing, context.trail
        cached = trail.cache is not None and trail.cache.outcome == "hit"
        if self.admitted is not None:
            # No provider gave out tokens for a hit.
            self.admitted.settle(None if cached else usage, cost)
        now = self._clock.monotonic()
        duration = now - timing.received
        first = timing.first_token
        # A stream's later share can't be told from the client's: a slow reader holds the gateway up.
        own = duration - timing.upstream if first is None else first - timing.received - timing.upstream_to_first
        self._publisher.publish(
            RequestFinished(
                request_id=context.request_id,
                dialect=context.dialect,
                streaming=self._streaming,
                requested_model=self._model,
                route=trail.route,
                provider=trail.provider,
                model=trail.model,
                model_label=trail.model_label,
                status=status,
                error=error,
                attempts=trail.attempts,
                usage=usage,
                cost=cost,
                duration=duration,
                upstream=timing.upstream,
                overhead=max(0.0, own),
                time_to_first_token=None if first is None else first - timing.received,
                revision=trail.revision,
                finished_at=self._clock.now() if usage is None or self._priced is None else self._priced[2],
                principal=None if context.principal is None else context.principal.id,
                tags={} if context.principal is None else context.principal.tags,
                metadata=self._metadata,
                finish_reason=finish_reason,
                trace=trail.trace,
                cache=None if trail.cache is None else trail.cache.outcome,
                mirrored=context.mirrored,
                saved=None if trail.cache is None or error is not None else trail.cache.saved,
            )
        )
