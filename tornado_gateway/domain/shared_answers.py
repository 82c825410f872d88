"""SharedAnswers: calls on routes with a cache. Answered from it where that is possible, else asked once for all who ask
the same meanwhile, and kept."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from decimal import Decimal
from functools import partial
from typing import TypeVar

from msgspec.structs import replace

from tornado_gateway.domain.attempts import Ask, Won
from tornado_gateway.domain.cache_keys import key_of
from tornado_gateway.domain.caching import BYPASS, MISS, AnswerCache, CacheMark, CachePolicy, CacheUnavailable
from tornado_gateway.domain.call import ModelCall
from tornado_gateway.domain.context import RequestContext
from tornado_gateway.domain.endpoints import Endpoint, Provider
from tornado_gateway.domain.errors import GatewayError
from tornado_gateway.domain.flights import Flight, Flights, Turn, alone
from tornado_gateway.domain.kept import Kept, Replay, unseal
from tornado_gateway.domain.money import PriceCard
from tornado_gateway.domain.ports import Clock
from tornado_gateway.domain.recording import Recording
from tornado_gateway.domain.routes import RoutePlan, Target
from tornado_gateway.domain.strategies import Watched

T = TypeVar("T")

_ZERO = Decimal(0)


class _Unwatched(Watched):
    """A kept answer says nothing of how quick its provider is."""

    __slots__ = ()

    def __init__(self) -> None:
        pass

    def first_token(self) -> None:
        pass


class SharedAnswers:
    """State outlives every revision: what a reload changes is in the keys. Used from the event loop's thread alone."""

    def __init__(self, *, store: AnswerCache, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._flights = Flights()

    @property
    def under_way(self) -> int:
        """Calls that others may be waiting for."""
        return len(self._flights)

    async def run(
        self,
        plan: RoutePlan,
        call: ModelCall,
        ask: Ask[T],
        context: RequestContext,
        hold: ExitStack,
        anew: Callable[[], Awaitable[Won[T]]],
    ) -> Won[T]:
        """The kept answer, or what ``anew`` gives with a recording to be fed. Raises ``GatewayError``.

        Others wait for this call until ``hold`` is closed or the recording is done.
        """
        assert plan.cache is not None, "the plan's route has a cache"
        policy = plan.cache.policy
        key = None if context.caching == "never" else key_of(plan, call, context)
        if key is None:
            context.trail.cache = BYPASS
            return await anew()
        if context.caching == "fresh":
            return await self._lead(alone(), key, policy, context, anew)
        flight = self._flights.under_way(key)
        if flight is None:
            flight = self._flights.begin(key)
            hold.callback(flight.left)
            try:
                kept = await self._find(key, policy)
            except CacheUnavailable:
                return await self._lead(flight, key, policy, context, anew, BYPASS)
            if kept is not None:
                flight.give(kept)
                return await self._again(kept, ask, context)
            return await self._lead(flight, key, policy, context, anew)
        got = await self._follow(flight, plan, context)
        if isinstance(got, Kept):
            return await self._again(got, ask, context)
        if got is Turn.ALONE:
            return await self._lead(alone(), key, policy, context, anew)
        hold.callback(flight.left)
        return await self._lead(flight, key, policy, context, anew)

    async def _find(self, key: bytes, policy: CachePolicy) -> Kept | None:
        sealed = await self._store.get(key)
        kept = None if sealed is None else unseal(sealed)
        if kept is None or self._age(kept) >= policy.ttl:
            return None  # the file may have said a longer time when it was kept
        return kept

    async def _follow(self, flight: Flight, plan: RoutePlan, context: RequestContext) -> Kept | Turn:
        began = self._clock.monotonic()
        limits = context.limits
        context.trail.route = plan.route
        try:
            async with asyncio.timeout(None if limits.deadline is None else max(0.0, limits.deadline - began)):
                return await flight.follow()
        except TimeoutError:
            context.trail.cache = MISS
            raise limits.deadline_passed() from None
        finally:
            # The provider is who is waited for, whoever asked it.
            context.timing.upstream += self._clock.monotonic() - began

    async def _lead(
        self,
        flight: Flight,
        key: bytes,
        policy: CachePolicy,
        context: RequestContext,
        anew: Callable[[], Awaitable[Won[T]]],
        mark: CacheMark = MISS,
    ) -> Won[T]:
        context.trail.cache = mark
        recording = Recording(
            flight=flight,
            context=context,
            clock=self._clock,
            max_bytes=policy.max_bytes,
            keep=partial(self._store.put, key, ttl=policy.ttl),
        )
        try:
            won = await anew()
        except GatewayError:
            flight.failed()
            raise
        return replace(won, recording=recording)

    async def _again(self, kept: Kept, ask: Ask[T], context: RequestContext) -> Won[T]:
        origin, trail = kept.origin, context.trail
        trail.route, trail.provider = origin.route, origin.provider
        trail.model, trail.model_label = origin.model, origin.model_label
        trail.cache = CacheMark("hit", age=int(self._age(kept)), saved=origin.cost or _ZERO)
        context.dropped.extend(origin.dropped)
        adapter = Replay(kept)
        target = Target(
            route=origin.route,
            provider=Provider(name=origin.provider, endpoints=()),
            model=origin.model,
            model_label=origin.model_label,
            weight=1,
            card=PriceCard(f"{origin.provider}/{origin.model}", _ZERO, _ZERO, free=True),
        )
        return Won(await ask(target, adapter, context), target, Endpoint((origin.provider, 0), adapter), _Unwatched())

    def _age(self, kept: Kept) -> float:
        """Seconds; another machine's clock may be ahead of this one's."""
        return max(0.0, self._clock.now().timestamp() - kept.origin.at)
