"""Places: how many calls may be under way at one provider, and who waits for one. State outlives every revision."""

import asyncio
from collections import deque
from collections.abc import Callable
from contextlib import suppress

from tornado_gateway.domain.errors import ProviderBusy
from tornado_gateway.domain.policies import Concurrency


class _Room:
    __slots__ = ("limit", "taken", "waiting")

    def __init__(self) -> None:
        self.limit = 0
        self.taken = 0
        self.waiting: deque[asyncio.Future[None]] = deque()


class Places:
    """First come, first served. Used from the event loop's thread alone."""

    def __init__(self) -> None:
        self._rooms: dict[str, _Room] = {}

    def taken(self, provider: str) -> int:
        """Calls under way, as far as they are counted."""
        room = self._rooms.get(provider)
        return 0 if room is None else room.taken

    async def take(self, provider: str, policy: Concurrency) -> Callable[[], None]:
        """A place, to be given back by calling what is returned, once.

        Raises ``ProviderBusy`` where as many are waiting as may, or none came free in time.
        """
        room = self._rooms.get(provider)
        if room is None:
            room = self._rooms[provider] = _Room()
        room.limit = policy.limit  # a reload may have changed it
        if room.taken < room.limit and not room.waiting:
            room.taken += 1
        else:
            await _wait(provider, room, policy)
        return lambda: _give_back(room)


async def _wait(provider: str, room: _Room, policy: Concurrency) -> None:
    if len(room.waiting) >= policy.queue:
        raise ProviderBusy(
            f"Provider {provider!r} has {policy.limit} calls under way and {policy.queue} waiting.",
            retry_after=policy.wait,
        )
    turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    room.waiting.append(turn)
    try:
        async with asyncio.timeout(policy.wait):
            await turn
    except BaseException as error:
        if turn.done() and not turn.cancelled():
            _give_back(room)  # handed over in the moment in which nobody waited any longer
        else:
            with suppress(ValueError):
                room.waiting.remove(turn)
        if isinstance(error, TimeoutError):
            text = f"Provider {provider!r} had no place free within {policy.wait:g} seconds."
            raise ProviderBusy(text, retry_after=policy.wait) from None
        raise


def _give_back(room: _Room) -> None:
    room.taken -= 1
    while room.taken < room.limit and room.waiting:
        turn = room.waiting.popleft()
        if not turn.done():
            room.taken += 1
            turn.set_result(None)
