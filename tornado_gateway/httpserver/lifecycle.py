"""Whether the server takes calls, and which are under way."""

import asyncio
from typing import Protocol

from tornado_gateway.domain.errors import GatewayError, ShuttingDown


class UnderWay(Protocol):
    """A model call, from its head to the end of its answer."""

    def end(self, error: GatewayError) -> None:
        """Ends it now, and tells its client why."""


def shutting_down() -> ShuttingDown:
    """What a client is told whose call is turned away by a server that ends, or ended with it."""
    return ShuttingDown("The gateway is shutting down.", retry_after=1)


class Lifecycle:
    """Used from the event loop's thread alone."""

    def __init__(self) -> None:
        self.draining = False
        self.retiring = False
        """Another worker takes this one's place: whoever is connected is served once more."""
        self._calls: set[UnderWay] = set()
        self._idle = asyncio.Event()
        self._idle.set()

    @property
    def calls(self) -> int:
        """Model calls under way."""
        return len(self._calls)

    def enter(self, call: UnderWay) -> None:
        self._calls.add(call)
        self._idle.clear()

    def leave(self, call: UnderWay) -> None:
        """Once or more often."""
        self._calls.discard(call)
        if not self._calls:
            self._idle.set()

    def drain(self) -> None:
        """From now on the server is not ready and turns new calls away; those under way go on."""
        self.draining = True

    def retire(self) -> None:
        """From now on each answer is the last of its connection."""
        self.retiring = True

    def end(self, error: GatewayError) -> None:
        """Ends the calls that are still under way."""
        for call in list(self._calls):
            call.end(error)

    async def idle(self) -> None:
        """Returns once no call is under way."""
        await self._idle.wait()
