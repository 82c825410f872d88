"""KeySets: the keys of the issuer that is trusted now, kept current in the background."""

import asyncio
from collections.abc import Awaitable

from tornado_gateway.domain.events import KeysFetched
from tornado_gateway.domain.ports import Clock, Publisher
from tornado_gateway.domain.tokens import KeySetSource, KeySetUnavailable, TokenPolicy
from tornado_gateway.providers.identity.signatures import KeySet, read_key_set


class _State:
    """What is known of one place's keys. ``tried`` is a point of the monotonic clock, None before the first try."""

    __slots__ = ("asking", "document", "keys", "tried", "where")

    def __init__(self, where: str) -> None:
        self.where = where
        self.document = b""
        self.keys: KeySet | None = None
        self.tried: float | None = None
        self.asking: asyncio.Task[None] | None = None


class KeySets:
    """Where a set can't be had, the last one stays in force. Used from the event loop's thread alone."""

    def __init__(self, *, source: KeySetSource, clock: Clock, publisher: Publisher) -> None:
        self._source = source
        self._clock = clock
        self._publisher = publisher
        self._state: _State | None = None

    def known(self, policy: TokenPolicy) -> KeySet | None:
        """The set that is in force, None where none has come yet."""
        return self._of(policy).keys

    def look(self, policy: TokenPolicy) -> None:
        """Asks for the set where it is time to; returns at once."""
        state = self._of(policy)
        pause = policy.refresh if state.keys is not None else min(policy.refresh, policy.cooldown)
        if state.asking is None and (state.tried is None or self._clock.monotonic() - state.tried >= pause):
            self._ask(state)

    def renewed(self, policy: TokenPolicy) -> Awaitable[None] | None:
        """Asks for the set because it lacks a key; whoever comes while somebody asks waits for the same answer.

        None where that was done a short while ago: what keys a stranger names is no reason to ask again and again.
        """
        state = self._of(policy)
        if state.asking is None:
            if state.tried is not None and self._clock.monotonic() - state.tried < policy.cooldown:
                return None
            self._ask(state)
        return self._wait(state)

    async def close(self) -> None:
        if self._state is not None:
            await self._end(self._state)

    def _of(self, policy: TokenPolicy) -> _State:
        if self._state is None or self._state.where != policy.keys_at:
            if self._state is not None and self._state.asking is not None:
                self._state.asking.cancel()
            self._state = _State(policy.keys_at)
        return self._state

    def _ask(self, state: _State) -> None:
        state.tried = self._clock.monotonic()
        state.asking = asyncio.ensure_future(self._fetch(state))

    @staticmethod
    async def _wait(state: _State) -> None:
        if state.asking is not None:
            # Not the task itself: a caller that leaves must not end what others wait for.
            await asyncio.wait((state.asking,))

    @staticmethod
    async def _end(state: _State) -> None:
        if state.asking is not None:
            state.asking.cancel()
            await asyncio.wait((state.asking,))

    async def _fetch(self, state: _State) -> None:
        try:
            document = await self._source.fetch(state.where)
            # What was verified with a set holds as long as it is the same one.
            if state.keys is None or document != state.document:
                state.keys, state.document = read_key_set(document), document
            self._publisher.publish(KeysFetched("issuer", len(state.keys.keys)))
        except KeySetUnavailable as missing:
            self._publisher.publish(KeysFetched("issuer", 0, str(missing)))
        finally:
            state.asking = None
