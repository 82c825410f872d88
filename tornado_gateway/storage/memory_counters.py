"""Counters of one process, gone with it."""

import secrets
from collections import deque
from collections.abc import Callable, Sequence
from itertools import count
from typing import TypeVar

from tornado_gateway.domain.counters import WINDOW, Claim, OnSpent, Reservation, Standing, Verdict
from tornado_gateway.domain.ports import Clock

_SPAN = WINDOW + 1
"""Seconds that the counts of one second are kept: the last of what came within it must be a window old."""

_SWEEP = 1024
"""New counters after which those that count nothing any more are looked for."""

T = TypeVar("T")


class _Window:
    """Counts by the second, the oldest first."""

    __slots__ = ("seconds", "total")

    def __init__(self) -> None:
        self.seconds: deque[list[int]] = deque()
        self.total = 0

    def slide(self, now: float) -> None:
        while self.seconds and self.seconds[0][0] <= now - _SPAN:
            self.total -= self.seconds.popleft()[1]

    def add(self, second: int, amount: int) -> None:
        if not self.seconds or self.seconds[-1][0] != second:
            self.seconds.append([second, 0])
        self.seconds[-1][1] += amount
        self.total += amount

    def correct(self, second: int, change: int) -> None:
        """What was counted in ``second`` came to something else; too old to matter, it is left."""
        for counted in reversed(self.seconds):
            if counted[0] == second:
                counted[1] += change
                self.total += change
                return

    def reset(self, now: float) -> float:
        return max(0.0, self.seconds[-1][0] + _SPAN - now) if self.seconds else 0.0

    def wait(self, needed: int, now: float) -> float | None:
        """Seconds until ``needed`` of what is counted has gone."""
        for second, counted in self.seconds:
            needed -= counted
            if needed <= 0:
                return second + _SPAN - now
        return None


class _Purse:
    """``kept_until`` is in seconds of the monotonic clock, None for ever."""

    __slots__ = ("held", "kept_until", "spent")

    def __init__(self, spent: int, kept_until: float | None) -> None:
        self.spent = spent
        self.held = 0
        self.kept_until = kept_until


_KEPT = 86400.0
"""Seconds after its period for which a budget's counter still takes what calls of that period came to."""


class MemoryCounters:
    """``on_spent`` is told of each call that costs something."""

    def __init__(self, clock: Clock, on_spent: OnSpent | None = None) -> None:
        self._clock = clock
        self._on_spent = on_spent
        self._windows: dict[str, _Window] = {}
        self._under_way: dict[str, int] = {}
        self._purses: dict[str, _Purse] = {}
        self._prefix = secrets.token_hex(4)
        self._numbers = count()
        self._made = 0

    async def reserve(self, claims: Sequence[Claim]) -> Verdict:
        now = self._clock.monotonic()
        missing = [claim for claim in claims if claim.what == "budget" and claim.counter not in self._purses]
        if missing:
            return Verdict(None, missing=tuple(missing))
        before = [self._used(claim, now) for claim in claims]
        for claim, used in zip(claims, before, strict=True):
            if used + claim.least > claim.limit:
                return Verdict(None, self._refused(claims, before, now))
        second = int(now)
        standings = tuple([self._take(claim, used, second, now) for claim, used in zip(claims, before, strict=True)])
        return Verdict(Reservation(f"{self._prefix}-{next(self._numbers)}", tuple(claims), second), standings)

    def settle(self, reservation: Reservation, used: Sequence[int]) -> None:
        for claim, came_to in zip(reservation.claims, used, strict=True):
            if claim.what == "tokens":
                window = self._windows.get(claim.counter)
                if window is not None:
                    window.correct(reservation.second, came_to - claim.amount)
            elif claim.what == "concurrent":
                self._leave(claim.counter)
            elif claim.what == "budget":
                self._spend(claim, came_to, claim.amount)

    async def seed(self, claim: Claim, spent: int) -> bool:
        if claim.counter in self._purses:
            return False
        self._sweep()
        self._purses[claim.counter] = _Purse(spent, self._kept_until(claim))
        return True

    def charge(self, claim: Claim, spent: int) -> None:
        self._spend(claim, spent, 0)

    async def close(self) -> None:
        """There is nowhere to bring anything."""

    @property
    def size(self) -> int:
        """How many counters are kept."""
        return len(self._windows) + len(self._under_way) + len(self._purses)

    def _used(self, claim: Claim, now: float) -> int:
        if claim.what == "concurrent":
            return self._under_way.get(claim.counter, 0)
        if claim.what == "budget":
            purse = self._purses[claim.counter]
            return purse.spent + purse.held
        window = self._windows.get(claim.counter)
        if window is None:
            return 0
        window.slide(now)
        return window.total

    def _take(self, claim: Claim, used: int, second: int, now: float) -> Standing:
        used += claim.amount
        if claim.what == "concurrent":
            self._under_way[claim.counter] = used
            return Standing(claim, used, room=True)
        if claim.what == "budget":
            self._purses[claim.counter].held += claim.amount
            return Standing(claim, used, room=True)
        window = self._windows.get(claim.counter)
        if window is None:
            self._sweep()
            window = self._windows[claim.counter] = _Window()
        window.add(second, claim.amount)
        return Standing(claim, used, room=True, reset=window.reset(now))

    def _refused(self, claims: Sequence[Claim], before: Sequence[int], now: float) -> tuple[Standing, ...]:
        standings = []
        for claim, used in zip(claims, before, strict=True):
            lacking = used + claim.least - claim.limit
            window = self._windows.get(claim.counter) if claim.what in ("requests", "tokens") else None
            if window is None:
                standings.append(Standing(claim, used, room=lacking <= 0))
                continue
            wait = window.wait(lacking, now) if lacking > 0 else None
            standings.append(Standing(claim, used, room=lacking <= 0, reset=window.reset(now), wait=wait))
        return tuple(standings)

    def _leave(self, counter: str) -> None:
        left = self._under_way.get(counter, 0) - 1
        if left > 0:
            self._under_way[counter] = left
        else:
            self._under_way.pop(counter, None)

    def _spend(self, claim: Claim, spent: int, held: int) -> None:
        purse = self._purses.get(claim.counter)
        if purse is None:
            return  # long forgotten, and nobody asks for its period any more
        before = purse.spent
        purse.held -= held
        purse.spent += spent
        if spent and self._on_spent is not None:
            self._on_spent(claim, before, purse.spent)

    def _kept_until(self, claim: Claim) -> float | None:
        if claim.term is None or claim.term.end is None:
            return None
        left = (claim.term.end - self._clock.now()).total_seconds()
        return self._clock.monotonic() + left + _KEPT

    def _sweep(self) -> None:
        """Now and then: callers' addresses have no end."""
        self._made += 1
        if self._made % _SWEEP:
            return
        now = self._clock.monotonic()
        for window in self._windows.values():
            window.slide(now)
        self._windows = _only(self._windows, lambda window: bool(window.seconds))
        self._purses = _only(self._purses, lambda purse: purse.kept_until is None or now < purse.kept_until)


def _only(counters: dict[str, T], counts: Callable[[T], bool]) -> dict[str, T]:
    return {name: counter for name, counter in counters.items() if counts(counter)}
