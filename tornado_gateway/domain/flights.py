"""Flights: one call under way for all who ask the same at once.

One leads and asks the provider; the others wait for its answer, which is then theirs as well. If the leader leaves
without one, the first of those who wait takes over. They are set free to ask for themselves where waiting makes no
sense: two leaders in a row failed, or the answer is not one to be kept.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from enum import Enum

from tornado_gateway.domain.kept import Kept

FAILURES = 2
"""Leaders that may fail before nobody waits for another."""

HELD_SECONDS = 5.0
"""How long a leader's own client may hold its stream up, over all of it, before somebody else leads beside it."""

LOOK_SECONDS = 1.0


class Turn(Enum):
    """What a wait without an answer ends in."""

    LEAD = "the one who led is gone: it is you who asks for the others now"
    ALONE = "there will be no answer for everybody: ask for yourself"


class Flight:
    """One call under way. Whoever leads calls ``left`` in the end, on every way out."""

    def __init__(self, over: Callable[[], None]) -> None:
        self._over: Callable[[], None] | None = over
        self._leaders = 1
        self._failures = 0
        self._waiting: deque[asyncio.Future[Kept | Turn]] = deque()
        self._timer: asyncio.TimerHandle | None = None
        self.held: Callable[[], float] = _not_at_all
        """Seconds for which the leader's client has held the answer up so far."""
        self.look_after = LOOK_SECONDS

    @property
    def waiting(self) -> int:
        return len(self._waiting)

    @property
    def idle(self) -> bool:
        """No timer is running."""
        return self._timer is None

    async def follow(self) -> Kept | Turn:
        """Waits for the answer. ``Turn.LEAD`` makes the caller a leader, who owes a ``left``."""
        turn: asyncio.Future[Kept | Turn] = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(self.look_after, self._look)
        try:
            return await turn
        except BaseException:
            if turn.done() and not turn.cancelled() and turn.result() is Turn.LEAD:
                self.left()  # handed over in the moment in which nobody waited any longer
            with suppress(ValueError):
                self._waiting.remove(turn)
            raise

    def give(self, kept: Kept) -> None:
        """The answer, to everybody."""
        self._end(kept)

    def release(self) -> None:
        """There is no answer to wait for."""
        self._end(Turn.ALONE)

    def failed(self) -> None:
        """The leader's call failed; its ``left`` is still to come."""
        self._failures += 1
        if self._failures >= FAILURES:
            self.release()

    def left(self) -> None:
        """A leader is gone, with or without an answer."""
        self._leaders -= 1
        if self._over is not None and not self._leaders and not self._hand_over():
            self.release()

    def _hand_over(self) -> bool:
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                self._leaders += 1
                turn.set_result(Turn.LEAD)
                return True
        return False

    def _end(self, what: Kept | Turn) -> None:
        if self._over is None:
            return
        self._over()
        self._over = None
        for turn in self._waiting:
            if not turn.done():
                turn.set_result(what)
        self._waiting.clear()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _look(self) -> None:
        """A stream's followers must not depend on how quickly the leader's client reads."""
        self._timer = None
        if self.held() > HELD_SECONDS:
            self.held = _not_at_all
            self._hand_over()
        if self._waiting:
            self._timer = asyncio.get_running_loop().call_later(self.look_after, self._look)


class Flights:
    """The calls under way by key. Used from the event loop's thread alone."""

    def __init__(self) -> None:
        self._under_way: dict[bytes, Flight] = {}

    def __len__(self) -> int:
        return len(self._under_way)

    def under_way(self, key: bytes) -> Flight | None:
        return self._under_way.get(key)

    def begin(self, key: bytes) -> Flight:
        """A flight whose leader is the caller."""
        flight = self._under_way[key] = Flight(lambda: self._forget(key, flight))
        return flight

    def _forget(self, key: bytes, flight: Flight) -> None:
        if self._under_way.get(key) is flight:
            del self._under_way[key]


def alone() -> Flight:
    """A flight that nobody can follow."""
    return Flight(lambda: None)


def _not_at_all() -> float:
    return 0.0
