"""Counters that all workers and machines share, in Redis (6.2 and newer): one round trip before a call, one after it.

What a call holds of a budget, and its place among those under way, is given back ``hold`` seconds after its process
has died. Time is the server's. All keys are in one slot of a cluster. A Redis that evicts keys forgets what was used:
``maxmemory-policy noeviction`` is what counters want.
"""

import asyncio
import math
import secrets
from collections.abc import Callable, Sequence
from functools import partial
from itertools import count
from typing import Any, NamedTuple

import msgspec

from tornado_gateway.domain.counters import Claim, CountersUnavailable, OnSpent, Reservation, Standing, Verdict
from tornado_gateway.storage.redis_lane import RedisLane, script

HOLD = 60.0

_RETRY = 1.0
"""Seconds after which what could not be settled is sent again."""

_UNSETTLED = 100_000
"""Settlements that wait for Redis to come back; the oldest beyond it are forgotten."""

_KEPT = 86400
"""Seconds after its period for which a budget's counter still takes what calls of that period came to."""

_KEEPING = 500
"""Holders in one call."""

_encode = msgspec.msgpack.Encoder().encode
_numbers = msgspec.msgpack.Decoder(list[int])


class _Entry(NamedTuple):
    """One line of a settlement. ``again``: it may be sent twice and counts once."""

    what: str
    keys: tuple[str, ...]
    row: tuple[str, str, int, int]
    claim: Claim
    again: bool


class RedisCounters:
    """``now`` (Unix time in seconds) stands in for the server's clock in tests."""

    def __init__(
        self,
        lane: RedisLane,
        *,
        prefix: str,
        on_spent: OnSpent | None = None,
        hold: float = HOLD,
        now: Callable[[], float] | None = None,
    ) -> None:
        self._lane = lane
        self._prefix = f"{prefix}:{{quotas}}:"
        self._on_spent = on_spent
        self._hold = math.ceil(hold * 1000)
        self._now = now
        self._reserve = script("reserve")
        self._settle = script("settle")
        self._keep = script("keep")
        self._seed = script("seed")
        self._name = secrets.token_hex(8)
        self._numbers = count()
        self._held: dict[str, list[tuple[str, str]]] = {}
        """By call under way: where it holds something, and as what."""
        self._unsettled: list[_Entry] = []
        self._keeper: asyncio.Task[None] | None = None
        self._retrier: asyncio.Task[None] | None = None

    async def reserve(self, claims: Sequence[Claim]) -> Verdict:
        call = self._new_name()
        keys = [key for claim in claims for key in self._keys(claim)]
        rows = [(claim.what, claim.limit, claim.amount, claim.least, _forgotten(claim)) for claim in claims]
        now = False if self._now is None else self._now()
        reply = self._lane.call(self._reserve, keys, (_encode((call, self._hold, now, rows)),))
        try:
            verdict = _verdict(call, claims, await asyncio.shield(reply))
        except asyncio.CancelledError:
            reply.add_done_callback(partial(self._give_back, call, claims))
            raise
        if verdict.reservation is not None:
            self._holds(verdict.reservation)
        return verdict

    def settle(self, reservation: Reservation, used: Sequence[int]) -> None:
        self._held.pop(reservation.id, None)
        self._send(
            [
                entry
                for pair in zip(reservation.claims, used, strict=True)
                for entry in self._entries(reservation, *pair)
            ]
        )

    async def seed(self, claim: Claim, spent: int) -> bool:
        created = await self._lane.call(self._seed, self._keys(claim)[:1], (spent, _forgotten(claim)))
        return bool(created)

    def charge(self, claim: Claim, spent: int) -> None:
        mark = f"{self._prefix}mark:{self._new_name()}"
        self._send([_Entry("charge", (self._keys(claim)[0], mark), ("charge", "", 0, spent), claim, again=True)])

    async def keep(self) -> None:
        """Calls under way hold what they hold for ``hold`` seconds from now."""
        holders = [each for held in self._held.values() for each in held]
        for start in range(0, len(holders), _KEEPING):
            some = holders[start : start + _KEEPING]
            args: list[str | int] = [self._hold, self._time(), *(member for _, member in some)]
            await self._lane.call(self._keep, [key for key, _ in some], args)

    async def close(self) -> None:
        if self._unsettled:
            self._resend()
        for task in (self._keeper, self._retrier):
            if task is not None:
                task.cancel()
        await self._lane.close()

    def _new_name(self) -> str:
        return f"{self._name}-{next(self._numbers)}"

    def _time(self) -> str:
        return "" if self._now is None else repr(self._now())

    def _keys(self, claim: Claim) -> tuple[str, ...]:
        counter = self._prefix + claim.counter
        return (counter, f"{counter}:held") if claim.what == "budget" else (counter,)

    def _holds(self, reservation: Reservation) -> None:
        held = [
            (self._keys(claim)[-1], _member(reservation.id, claim))
            for claim in reservation.claims
            if claim.what in ("budget", "concurrent")
        ]
        if not held:
            return
        self._held[reservation.id] = held
        if self._keeper is None or self._keeper.done():
            self._keeper = asyncio.get_running_loop().create_task(self._keep_on())

    async def _keep_on(self) -> None:
        while self._held:
            await asyncio.sleep(self._hold / 3000)
            try:
                await self.keep()
            except CountersUnavailable:
                continue  # what has expired by the time that Redis is back is settled all the same

    def _give_back(self, call: str, claims: Sequence[Claim], reply: "asyncio.Future[Any]") -> None:
        """Whoever asked has gone: what it was granted is free again."""
        if reply.cancelled() or reply.exception() is not None:
            return
        reservation = _verdict(call, claims, reply.result()).reservation
        if reservation is not None:
            self.settle(reservation, [0] * len(claims))

    def _entries(self, reservation: Reservation, claim: Claim, came_to: int) -> list[_Entry]:
        keys, call = self._keys(claim), reservation.id
        if claim.what == "budget":
            return [_Entry("budget", keys, ("budget", call, claim.amount, came_to), claim, again=True)]
        if claim.what == "concurrent":
            return [_Entry("concurrent", keys, ("concurrent", call, 0, 0), claim, again=True)]
        if claim.what == "tokens" and came_to != claim.amount:
            change = came_to - claim.amount
            # Sent twice, it would count twice; left out, the estimate counts for a minute.
            return [_Entry("tokens", keys, ("tokens", call, reservation.second, change), claim, again=False)]
        return []

    def _send(self, entries: list[_Entry]) -> None:
        if not entries:
            return
        keys = [key for entry in entries for key in entry.keys]
        reply = self._lane.call(self._settle, keys, (_encode([entry.row for entry in entries]),))
        reply.add_done_callback(partial(self._settled, entries))

    def _settled(self, entries: list[_Entry], reply: "asyncio.Future[Any]") -> None:
        if reply.cancelled():
            return
        if reply.exception() is not None:
            self._unsettled += [entry for entry in entries if entry.again]
            del self._unsettled[:-_UNSETTLED]
            if self._retrier is None or self._retrier.done():
                self._retrier = asyncio.get_running_loop().create_task(self._retry())
            return
        told = iter(_numbers.decode(reply.result())[1:])
        for entry in entries:
            if entry.what in ("budget", "charge"):
                before, after = next(told), next(told)
                if after > before and self._on_spent is not None:
                    self._on_spent(entry.claim, before, after)

    async def _retry(self) -> None:
        await asyncio.sleep(_RETRY)
        self._resend()

    def _resend(self) -> None:
        entries, self._unsettled = self._unsettled, []
        for start in range(0, len(entries), _KEEPING):
            self._send(entries[start : start + _KEEPING])


def _member(call: str, claim: Claim) -> str:
    return f"h:{call}:{claim.amount}" if claim.what == "budget" else call


def _forgotten(claim: Claim) -> int:
    end = None if claim.term is None else claim.term.end
    return 0 if end is None else math.ceil(end.timestamp()) + _KEPT


def _verdict(call: str, claims: Sequence[Claim], reply: bytes) -> Verdict:
    granted, second, *numbers = _numbers.decode(reply)
    told = [numbers[start : start + 4] for start in range(0, len(numbers), 4)]
    if any(room < 0 for room, *_ in told):
        missing = tuple(claim for claim, (room, *_) in zip(claims, told, strict=True) if room < 0)
        return Verdict(None, missing=missing)
    standings = tuple(
        Standing(claim, used, room=room == 1, reset=reset / 1000, wait=None if wait < 0 else wait / 1000)
        for claim, (room, used, reset, wait) in zip(claims, told, strict=True)
    )
    return Verdict(Reservation(call, tuple(claims), second) if granted else None, standings)
