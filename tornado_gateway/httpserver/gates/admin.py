"""Who may ask under ``/admin``: whoever brings the admin token, and nobody else knows that there is anything."""

from collections import OrderedDict
from dataclasses import dataclass

from tornado.httputil import HTTPServerRequest

from tornado_gateway.domain.context import RequestContext
from tornado_gateway.domain.errors import InvalidApiKey, NotFound, RateLimitExceeded
from tornado_gateway.domain.events import CredentialRefused
from tornado_gateway.domain.ports import Clock, Publisher
from tornado_gateway.domain.snapshot import SnapshotHolder
from tornado_gateway.httpserver.gates.address import caller, name_of

_FREE = 5
"""Wrong tokens from one address that cost no wait: an operator mistypes."""

_LONGEST = 60.0
"""Seconds. Each further wrong token doubles the wait, up to here."""

_FORGOTTEN = 600.0
"""Seconds without a wrong token after which an address begins anew."""

_ADDRESSES = 1024
"""That are remembered; the one that was heard of least lately is forgotten first."""


@dataclass(slots=True)
class _Guesses:
    count: int = 0
    last: float = 0.0
    blocked: float = 0.0


class AdminGate:
    """One for each server. Used from the event loop's thread alone.

    While an address waits, its right token is refused too: else a guess would tell by being let in.
    """

    def __init__(self, snapshots: SnapshotHolder, clock: Clock, publisher: Publisher) -> None:
        self._snapshots = snapshots
        self._clock = clock
        self._publisher = publisher
        self._guesses: OrderedDict[str, _Guesses] = OrderedDict()

    def admit(self, request: HTTPServerRequest, context: RequestContext) -> None:
        """Raises ``NotFound`` where there is no admin token, ``InvalidApiKey`` and ``RateLimitExceeded``."""
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        self.admit_token(token.strip() if scheme.lower() == "bearer" else "", request, context)

    def admit_token(self, shown: str, request: HTTPServerRequest, context: RequestContext) -> None:
        """``shown`` may have come in any way, and is empty where nothing did. Raises as ``admit`` does."""
        policy = self._snapshots.current.admin
        if policy.digest is None:
            raise NotFound(f"There is nothing at {request.path}.")
        address = self._address(request)
        now = self._clock.monotonic()
        known = self._guesses.get(address)
        if known is not None and known.blocked > now:
            message = "Too many wrong tokens came from this address."
            raise RateLimitExceeded(message, retry_after=known.blocked - now)
        if shown and policy.knows(shown):
            self._guesses.pop(address, None)
            return
        if shown:
            self._count(address, known, now)
        reason = "unknown" if shown else "missing"
        self._publisher.publish(CredentialRefused(context.request_id, reason, detail="admin"))
        raise InvalidApiKey("The admin API wants the admin token: Authorization: Bearer ...")

    def _address(self, request: HTTPServerRequest) -> str:
        found = caller(request, self._snapshots.current.server)
        return "" if found is None else name_of(found)

    def _count(self, address: str, known: _Guesses | None, now: float) -> None:
        guesses = known
        if guesses is None or now - guesses.last > _FORGOTTEN:
            guesses = self._guesses[address] = _Guesses()
        guesses.count += 1
        guesses.last = now
        if guesses.count > _FREE:
            guesses.blocked = now + min(_LONGEST, 2.0 ** min(guesses.count - _FREE - 1, 10))
        self._guesses.move_to_end(address)
        if len(self._guesses) > _ADDRESSES:
            self._guesses.popitem(last=False)
