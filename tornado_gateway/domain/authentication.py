"""Authenticator: finds out who calls, and turns away whom nobody knows."""

from collections.abc import Awaitable, Callable

from tornado_gateway.domain.access import Access
from tornado_gateway.domain.errors import InvalidApiKey
from tornado_gateway.domain.events import CredentialRefused
from tornado_gateway.domain.keys import KeyRing
from tornado_gateway.domain.ports import Clock, Publisher
from tornado_gateway.domain.principal import Principal
from tornado_gateway.domain.snapshot import SnapshotHolder
from tornado_gateway.domain.tokens import TokenPolicy, TokenRefused, TokenVerifier, looks_like_token

_HOW = "send one as Authorization: Bearer KEY, x-api-key or api-key."


class Authenticator:
    """Everything is looked up in memory: no disk and no database is touched for a call.

    ``stored`` gives the store's keys as they were read last. ``exposed`` says whether anybody outside this machine
    could reach the gateway; whoever opens its sockets knows, and sets it.
    """

    def __init__(
        self,
        *,
        snapshots: SnapshotHolder,
        clock: Clock,
        publisher: Publisher,
        verifier: TokenVerifier,
        stored: Callable[[], KeyRing] = KeyRing,
    ) -> None:
        self._snapshots = snapshots
        self._clock = clock
        self._publisher = publisher
        self._verifier = verifier
        self._stored = stored
        self.exposed = False

    @property
    def idle(self) -> bool:
        """Whether everybody gets in and nobody can be known: then there is nothing to look for."""
        access = self._snapshots.current.access
        return not access.knows_somebody and not self._required(access)

    def authenticate(
        self, credential: str | None, request_id: str, *, demanded: bool = False
    ) -> Principal | Awaitable[Principal | None] | None:
        """Who calls, None for anybody; awaitable only where a token's issuer must be asked for its keys first.

        Raises ``InvalidApiKey``, now or when awaited, for whoever is not known where that is required by the file or
        ``demanded`` by the place.
        """
        access = self._snapshots.current.access
        strict = demanded or self._required(access)
        try:
            found = self._identify(credential, access)
        except _Unknown as unknown:
            return self._anybody(unknown, request_id, strict=strict)
        return found if isinstance(found, Principal) else self._awaited(found, request_id, strict=strict)

    def _required(self, access: Access) -> bool:
        return self.exposed if access.required is None else access.required

    def _identify(self, credential: str | None, access: Access) -> Principal | Awaitable[Principal]:
        if credential is None:
            raise _Unknown("missing", f"No API key given: {_HOW}")
        if access.tokens is not None and looks_like_token(credential):
            return self._bearer(credential, access.tokens)
        key = access.keys.find(credential)
        if key is None and access.stored:
            key = self._stored().find(credential)
        if key is None:
            raise _Unknown("unknown", f"The API key is not known: {_HOW}")
        if key.disabled:
            raise _Unknown("disabled", "The API key is disabled.", key=key.id)
        if key.expires is not None and self._clock.now() >= key.expires:
            raise _Unknown("expired", "The API key has expired.", key=key.id)
        return key.principal

    def _bearer(self, token: str, policy: TokenPolicy) -> Principal | Awaitable[Principal]:
        try:
            return self._verifier.verify(token, policy)
        except TokenRefused as refused:
            raise _bad(refused) from refused

    async def _awaited(self, found: Awaitable[Principal], request_id: str, *, strict: bool) -> Principal | None:
        try:
            return await found
        except TokenRefused as refused:
            return self._anybody(_bad(refused), request_id, strict=strict)

    def _anybody(self, unknown: "_Unknown", request_id: str, *, strict: bool) -> Principal | None:
        """Turns the caller away, or takes it for anybody: clients send some key wherever they call."""
        if not strict:
            return None
        self._publisher.publish(CredentialRefused(request_id, unknown.reason, unknown.key, unknown.detail))
        raise InvalidApiKey(unknown.message)


class _Unknown(Exception):
    def __init__(self, reason: str, message: str, *, key: str | None = None, detail: str | None = None) -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message
        self.key = key
        self.detail = detail


def _bad(refused: TokenRefused) -> _Unknown:
    return _Unknown("token", f"The token {refused.reason}.", detail=refused.reason)
