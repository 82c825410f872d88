"""JwtVerifier: who bears a token, looked up where that was found out before."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable
from hashlib import sha256
from typing import NamedTuple

from tornado_gateway.domain.ports import Clock
from tornado_gateway.domain.principal import Principal
from tornado_gateway.domain.snapshot import SnapshotHolder
from tornado_gateway.domain.tokens import KeySetUnavailable, TokenPolicy, TokenRefused, principal_of
from tornado_gateway.providers.identity.key_sets import KeySets
from tornado_gateway.providers.identity.signatures import Header, KeySet, read_header, signed_claims

TICK = 1.0
"""Seconds between two looks at whether the keys are due: a reload may have changed whose they are."""

_REMEMBERED = 10_000
"""Tokens; beyond it the one that was not seen for the longest time is verified anew when it comes again."""


class _Known(NamedTuple):
    """``until`` in seconds of the epoch. It holds under this policy and this set of keys alone."""

    principal: Principal
    until: float
    policy: TokenPolicy
    keys: KeySet


class JwtVerifier:
    """Checks a signature once a token; from ``start`` to ``close`` it keeps the issuer's keys current."""

    def __init__(
        self, *, snapshots: SnapshotHolder, keys: KeySets, clock: Clock, remembered: int = _REMEMBERED
    ) -> None:
        self._snapshots = snapshots
        self._keys = keys
        self._clock = clock
        self._remembered = remembered
        self._known: OrderedDict[bytes, _Known] = OrderedDict()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.ensure_future(self._follow())

    async def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait((self._task,))
        await self._keys.close()

    async def _follow(self) -> None:
        while True:
            policy = self._snapshots.current.access.tokens
            if policy is not None:
                self._keys.look(policy)
            await self._clock.sleep(TICK)

    def verify(self, token: str, policy: TokenPolicy) -> Principal | Awaitable[Principal]:
        keys = self._keys.known(policy)
        digest = sha256(token.encode("utf-8", "surrogatepass")).digest()
        known = self._known.get(digest)
        if known is not None and known.policy is policy and known.keys is keys and self._now() < known.until:
            self._known.move_to_end(digest)
            return known.principal
        header = read_header(token)
        if header.alg not in policy.algorithms:
            raise TokenRefused("is signed in a way that is not taken here")
        found = None if keys is None else self._verified(token, digest, header, policy, keys)
        if found is not None:
            return found
        renewed = self._keys.renewed(policy)
        if renewed is None:
            raise _not_signed(header)
        return self._again(renewed, token, digest, header, policy)

    async def _again(
        self, renewed: Awaitable[None], token: str, digest: bytes, header: Header, policy: TokenPolicy
    ) -> Principal:
        await renewed
        keys = self._keys.known(policy)
        found = None if keys is None else self._verified(token, digest, header, policy, keys)
        if found is None:
            raise _not_signed(header)
        return found

    def _verified(
        self, token: str, digest: bytes, header: Header, policy: TokenPolicy, keys: KeySet
    ) -> Principal | None:
        """None where no key of the set signed it, but one of a newer set might have."""
        fitting = keys.fitting(header)
        try:
            claims = signed_claims(token, header, fitting)
        except KeySetUnavailable:
            return None
        if claims is None:
            if fitting and header.kid is not None:
                raise _not_signed(header)  # its key is known, and did not sign it
            return None
        principal, until = principal_of(claims, policy, self._now())
        self._known[digest] = _Known(principal, until, policy, keys)
        self._known.move_to_end(digest)
        if len(self._known) > self._remembered:
            self._known.popitem(last=False)
        return principal

    def _now(self) -> float:
        return self._clock.now().timestamp()


def _not_signed(header: Header) -> TokenRefused:
    if header.kid is None:
        return TokenRefused("names no key, or was not signed by the issuer's")
    return TokenRefused("was not signed by a key of the issuer's")
