"""Walks a plan: the same target again where the error is worth it, else the next one."""

from collections.abc import Awaitable, Callable, Iterator
from typing import TypeVar

from tornado_gateway.domain.context import RequestContext
from tornado_gateway.domain.errors import GatewayError, ProviderNotConfigured, UpstreamRejected
from tornado_gateway.domain.events import AttemptFailed
from tornado_gateway.domain.ports import Clock, Publisher, Randomness
from tornado_gateway.domain.routes import RoutePlan, Target
from tornado_gateway.domain.strategies import Strategies

T = TypeVar("T")

BACKOFF_BASE = 0.5
BACKOFF_CAP = 8.0
RETRY_AFTER_CAP = 20.0
"""Seconds. A provider that wants us to wait longer than this is not waited for."""


class Attempts:
    """Runs a call against a plan's targets until one answers."""

    def __init__(self, *, clock: Clock, randomness: Randomness, publisher: Publisher, strategies: Strategies) -> None:
        self._clock = clock
        self._randomness = randomness
        self._publisher = publisher
        self._strategies = strategies

    async def run(
        self, plan: RoutePlan, call: Callable[[Target], Awaitable[T]], context: RequestContext
    ) -> tuple[T, Target]:
        """The first answer and who gave it. Raises the last target's error where none answers."""
        last: GatewayError | None = None
        for target in self._order(plan):
            try:
                return await self._ask(target, call, context), target
            except GatewayError as error:
                if not error.fallback:
                    raise
                last = error
        raise last or ProviderNotConfigured("No target is left to ask.")

    def _order(self, plan: RoutePlan) -> Iterator[Target]:
        for stage in plan.stages:
            yield from self._strategies.order(stage)

    async def _ask(self, target: Target, call: Callable[[Target], Awaitable[T]], context: RequestContext) -> T:
        trail = context.trail
        trail.route = target.route
        trail.provider = target.provider.name
        trail.model = target.model
        trail.model_label = target.model_label
        retries = target.provider.retries
        for retry in range(retries + 1):
            trail.attempts += 1
            try:
                with self._strategies.watch(target):
                    return await call(target)
            except GatewayError as error:
                pause = self._pause(error, retry) if error.retryable and retry < retries else None
                self._report(target, error, context, will_retry=pause is not None)
                if pause is None:
                    raise
                await self._clock.sleep(pause)
                context.timing.upstream += pause  # waited for the provider's sake: no overhead of the gateway's
        raise AssertionError("the last round returns or raises")

    def _pause(self, error: GatewayError, retry: int) -> float | None:
        """Seconds to wait before trying again, None where that is longer than anybody wants."""
        if error.retry_after is not None:
            return error.retry_after if error.retry_after <= RETRY_AFTER_CAP else None
        # Full jitter: callers that failed together must not come back together.
        return self._randomness.random() * min(BACKOFF_CAP, BACKOFF_BASE * float(2**retry))

    def _report(self, target: Target, error: GatewayError, context: RequestContext, *, will_retry: bool) -> None:
        self._publisher.publish(
            AttemptFailed(
                request_id=context.request_id,
                route=target.route,
                provider=target.provider.name,
                model=target.model,
                model_label=target.model_label,
                attempt=context.trail.attempts,
                outcome=error.default_code,
                message=_loggable(error),
                will_retry=will_retry,
            )
        )


def _loggable(error: GatewayError) -> str:
    # What a provider says of a request that it refuses may quote the prompt.
    if isinstance(error, UpstreamRejected):
        return f"The provider refused the request with status {error.status}."
    return error.message
