"""Walks a plan: the same target again where the error is worth it, else the next one, then the fallbacks.

Never past the call's deadline, never by more retries than the provider's budget allows, never at an endpoint whose
circuit is open.
"""

import math
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from typing import Generic, TypeVar

import msgspec

from tornado_gateway.domain.breakers import Breakers
from tornado_gateway.domain.context import RequestContext
from tornado_gateway.domain.endpoints import Endpoint, EndpointKey
from tornado_gateway.domain.errors import (
    CircuitOpen,
    DeadlinePassed,
    GatewayError,
    InvalidRequest,
    ProviderBusy,
    ProviderNotConfigured,
    UpstreamRateLimited,
    UpstreamRejected,
    UpstreamTimeout,
    let_go,
)
from tornado_gateway.domain.events import AttemptFailed
from tornado_gateway.domain.failures import kind_of
from tornado_gateway.domain.picking import Picker
from tornado_gateway.domain.places import Places
from tornado_gateway.domain.policies import USUAL_KINDS
from tornado_gateway.domain.ports import ChatProvider, Clock, Publisher, Randomness
from tornado_gateway.domain.recording import Recording
from tornado_gateway.domain.retrying import Backoff, RetryBudgets
from tornado_gateway.domain.routes import RoutePlan, Target
from tornado_gateway.domain.strategies import Strategies, Watched
from tornado_gateway.domain.tracing import CANCELLED

T = TypeVar("T")

COOL_SECONDS = 1.0
"""An endpoint that limits the rate and does not say for how long."""

_OPENED = -math.inf
"""A stream that had begun is no probe any more: its beginning was the answer."""

Ask = Callable[[Target, ChatProvider, RequestContext], Awaitable[T]]
"""One try: the answer of one adapter, or its ``GatewayError``."""


Tokens = Callable[[], tuple[int, int]]
"""How many tokens a call may take in and give out, by estimate."""


class Won(msgspec.Struct, Generic[T], frozen=True):
    """The try that gave an answer; a stream's is still under way and may break off.

    ``recording`` is to be fed with the answer, where that is to be kept.
    """

    value: T
    target: Target
    endpoint: Endpoint
    watched: Watched
    recording: Recording | None = None


class Attempts:
    """Runs a call against a plan's targets until one answers."""

    def __init__(
        self,
        *,
        clock: Clock,
        randomness: Randomness,
        publisher: Publisher,
        strategies: Strategies,
        breakers: Breakers,
        places: Places | None = None,
    ) -> None:
        self._clock = clock
        self._publisher = publisher
        self._strategies = strategies
        self._breakers = breakers
        self._picker = Picker(breakers)
        self._places = places or Places()
        self._backoff = Backoff(randomness)
        self._budgets = RetryBudgets(clock)

    async def run(
        self, plan: RoutePlan, ask: Ask[T], context: RequestContext, hold: ExitStack, tokens: Tokens | None = None
    ) -> Won[T]:
        """The first answer and who gave it; its place is given back when ``hold`` is closed.

        Raises the last target's error where none answers, ``CircuitOpen`` only where all of them rest and
        ``InvalidRequest`` only where none of them has a place for what is asked.
        """
        latest: GatewayError | None = None
        telling: GatewayError | None = None
        unfit: InvalidRequest | None = None
        if context.out_of_time(self._clock.monotonic()):
            raise context.limits.deadline_passed()
        for stage in plan.stages:
            if stage.on is not None and (latest is None or kind_of(latest) not in stage.on):
                continue
            for target in self._strategies.order(stage, tokens):
                try:
                    return await self.ask(target, ask, context, hold)
                except InvalidRequest as error:
                    let_go(error)
                    # What one kind of provider has no place for another may: who can't carry the request is passed
                    # over, and its complaint is the call's only where nobody can.
                    unfit = unfit or error
                except GatewayError as error:
                    kind = kind_of(error)
                    if kind is None:
                        raise
                    let_go(error)
                    latest = error
                    if telling is None or not isinstance(error, CircuitOpen | ProviderBusy):
                        telling = error
                    if context.out_of_time(self._clock.monotonic()):
                        raise
                    if kind not in USUAL_KINDS:
                        break  # the request is what is wrong: another route may take it, this one does not
        raise telling or unfit or ProviderNotConfigured("No target is left to ask.")

    async def ask(self, target: Target, ask: Ask[T], context: RequestContext, hold: ExitStack) -> Won[T]:
        """One target's answer, tried again where that is worth it. Raises ``GatewayError``."""
        trail, provider = context.trail, target.provider
        trail.route = target.route
        trail.provider = provider.name
        trail.model = target.model
        trail.model_label = target.model_label
        trail.card = target.card
        budget = self._budgets.of(provider.name)
        budget.deposit()
        tried: set[EndpointKey] = set()
        failure: GatewayError | None = None
        for retry in range(target.retries + 1):
            try:
                endpoint = self._picker.pick(provider, tried)
            except GatewayError as resting:
                raise failure or resting from None
            tried.add(endpoint.key)
            try:
                return await self._try(target, endpoint, ask, context, hold)
            except GatewayError as error:
                let_go(error)
                failure = error
                elsewhere = self._picker.has_another(provider, tried)
                pause = self._pause(error, retry, target, context, elsewhere=elsewhere)
                if pause is not None and not budget.withdraw():
                    pause = None
                self._report(target, error, context, will_retry=pause is not None)
                if pause is None:
                    raise
                await self._clock.sleep(pause)
                context.timing.upstream += pause  # waited for the provider's sake: no overhead of the gateway's
        raise AssertionError("the last round returns or raises")

    def broke_off(self, won: Won[T], error: GatewayError) -> None:
        """A stream that had begun ended in ``error``: its endpoint's circuit hears of it."""
        self._judge(won.target, won.endpoint, error, _OPENED)

    async def _try(
        self, target: Target, endpoint: Endpoint, ask: Ask[T], context: RequestContext, hold: ExitStack
    ) -> Won[T]:
        provider = target.provider
        context.trail.attempts += 1
        now = self._clock.monotonic()
        context.limits.begin(target.timeouts, provider.timeout, now)
        span = None
        if context.trail.trace is not None:  # its provider is told the try's span as parent
            trace = context.trail.trace
            span = trace.attempt(target.route, provider.name, target.model, endpoint.key[1], now)
            context.trail.attempt = span
        try:
            with ExitStack() as stack:
                if provider.concurrency is not None:
                    try:
                        stack.callback(await self._places.take(provider.name, provider.concurrency))
                    finally:
                        context.timing.upstream += self._clock.monotonic() - now
                watched = stack.enter_context(self._strategies.watch(target))
                context.trail.asked = True
                value = await ask(target, endpoint.adapter, context)
                context.trail.asked = False
                hold.enter_context(stack.pop_all())
        except GatewayError as error:
            context.trail.asked = False
            error = self._late(error, context, now)
            self._judge(target, endpoint, error, now)
            if span is not None:
                span.end(self._clock.monotonic(), error.default_code)
            raise error
        except BaseException:
            if span is not None:
                span.end(self._clock.monotonic(), CANCELLED)
            self._breakers.released(endpoint.key, now)
            raise
        self._breakers.succeeded(endpoint.key, provider.breaker)
        return Won(value, target, endpoint, watched)

    def _late(self, error: GatewayError, context: RequestContext, began: float) -> GatewayError:
        """A wait that the deadline cut short is told as such, and held against who was asked only where they had half
        of what the operator grants a try: else a caller who hardly waits could open a circuit for all."""
        now, limits = self._clock.monotonic(), context.limits
        if not isinstance(error, UpstreamTimeout) or not context.out_of_time(now):
            return error
        late = limits.deadline_passed()
        enough = limits.granted is not None and now - began >= limits.granted / 2
        return UpstreamTimeout(late.message) if enough else late

    def _judge(self, target: Target, endpoint: Endpoint, error: GatewayError, began: float) -> None:
        """What an error says of the endpoint that gave it, to a try that ``began`` then."""
        kind = kind_of(error)
        if kind is None or isinstance(error, ProviderBusy | DeadlinePassed):
            self._breakers.released(endpoint.key, began)
        elif isinstance(error, UpstreamRejected):
            self._breakers.succeeded(endpoint.key, target.provider.breaker)  # it is well: the request was not
        elif isinstance(error, UpstreamRateLimited):
            self._breakers.released(endpoint.key, began)
            if len(target.provider.endpoints) > 1:
                self._breakers.cool(endpoint.key, error.retry_after or COOL_SECONDS)
        else:
            self._breakers.failed(endpoint.key, target.provider.breaker)

    def _pause(
        self, error: GatewayError, retry: int, target: Target, context: RequestContext, *, elsewhere: bool
    ) -> float | None:
        """Seconds until the next try, None where there is to be none."""
        if not error.retryable or retry >= target.retries:
            return None
        pause = 0.0 if elsewhere else self._backoff.pause(retry, error.retry_after)
        if pause is None or context.out_of_time(self._clock.monotonic() + pause):
            return None
        return pause

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
