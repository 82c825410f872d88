"""Mirrors: copies of some calls to another route. Their answers reach nobody, and are metered as calls of their own."""

import asyncio
import copy
from collections.abc import Awaitable, Callable
from dataclasses import replace

from msgspec import structs

from tornado_gateway.domain.call import ModelCall
from tornado_gateway.domain.context import Limits, RequestContext, Timing, Trail
from tornado_gateway.domain.errors import GatewayError, let_go
from tornado_gateway.domain.policies import Mirror
from tornado_gateway.domain.ports import Clock, Randomness

AT_ONCE = 64
"""Copies under way; beyond that none is made, so that a slow mirror holds nothing up and fills no memory."""

Run = Callable[[ModelCall, RequestContext], Awaitable[object]]


class Mirrors:
    """Used from the event loop's thread alone; ``close`` ends what is under way."""

    def __init__(self, *, randomness: Randomness, clock: Clock, at_once: int = AT_ONCE) -> None:
        self._randomness = randomness
        self._clock = clock
        self._at_once = at_once
        self._running: set[asyncio.Task[None]] = set()

    def send(self, mirror: Mirror, call: ModelCall, context: RequestContext, run: Run) -> None:
        """Perhaps starts a copy of ``call``, and returns at once."""
        if self._randomness.random() * 100 >= mirror.percent or len(self._running) >= self._at_once:
            return
        copied = copy.copy(call)
        copied.model = mirror.route
        apart = structs.replace(
            context,
            request_id=f"{context.request_id}-mirror",
            timing=Timing(received=self._clock.monotonic()),
            trail=Trail(),
            dropped=[],
            # What a key may name says nothing of where the operator sends copies.
            principal=context.principal and replace(context.principal, models=None),
            limits=Limits(),
            mirrored=True,
            caching="never",  # it is to be heard how the other route does
        )
        task = asyncio.ensure_future(_quietly(run, copied, apart))
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    @property
    def running(self) -> int:
        return len(self._running)

    async def close(self) -> None:
        running = tuple(self._running)
        for task in running:
            task.cancel()
        if running:
            await asyncio.wait(running)


async def _quietly(run: Run, call: ModelCall, context: RequestContext) -> None:
    try:
        await run(call, context)
    except GatewayError as error:  # published by whoever ran it, and of interest to nobody else
        let_go(error)
