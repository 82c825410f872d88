"""AccessControl: what finds out who calls, put together, from its start to its end."""

import socket
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import httpx

from tornado_gateway.config.build import Loaded
from tornado_gateway.domain.authentication import Authenticator
from tornado_gateway.domain.exposure import is_loopback
from tornado_gateway.domain.key_store import KeyStore
from tornado_gateway.domain.ledger import LedgerUnavailable
from tornado_gateway.domain.ledger_url import LedgerPlace, parse_ledger_url
from tornado_gateway.domain.ports import Clock, Publisher
from tornado_gateway.domain.snapshot import SnapshotHolder
from tornado_gateway.domain.stored_keys import StoredKeys
from tornado_gateway.httpserver.gates.auth import AuthGate
from tornado_gateway.providers.identity.documents import KeySetDocuments
from tornado_gateway.providers.identity.key_sets import KeySets
from tornado_gateway.providers.identity.verifier import JwtVerifier
from tornado_gateway.storage.opening import key_store_at


@dataclass(frozen=True, slots=True)
class AccessControl:
    """The authenticator and its gate, and those who keep what it looks up current."""

    authenticator: Authenticator
    gate: AuthGate
    verifier: JwtVerifier
    stored: StoredKeys

    async def start(self, sockets: Sequence[socket.socket]) -> None:
        """Before ``sockets`` are served: what they say of who can come counts, wherever their address came from."""
        self.authenticator.exposed = any(_exposed(each) for each in sockets)
        self.verifier.start()
        await self.stored.start()

    async def close(self) -> None:
        await self.verifier.close()
        await self.stored.close()


def make_access_control(
    place: LedgerPlace | None,
    snapshots: SnapshotHolder,
    transport: httpx.AsyncBaseTransport,
    clock: Clock,
    publisher: Publisher,
) -> AccessControl:
    """``place`` is where stored keys are, None where there is no database."""
    sets = KeySets(source=KeySetDocuments(transport), clock=clock, publisher=publisher)
    verifier = JwtVerifier(snapshots=snapshots, keys=sets, clock=clock)
    stored = StoredKeys(
        open_store=None if place is None else partial(key_store_at, place),
        snapshots=snapshots,
        clock=clock,
        publisher=publisher,
    )
    authenticator = Authenticator(
        snapshots=snapshots, clock=clock, publisher=publisher, verifier=verifier, stored=lambda: stored.ring
    )
    return AccessControl(authenticator, AuthGate(authenticator), verifier, stored)


def open_key_store(loaded: Loaded) -> KeyStore:
    """The keys beside the ledger that ``loaded`` names. Raises ``LedgerUnavailable`` where it names none."""
    place = parse_ledger_url(loaded.settings.ledger.url)
    if place is None:
        raise LedgerUnavailable(f"{loaded.path} keeps no ledger, where keys would be: say so under ledger.url")
    return key_store_at(place)


def _exposed(listening: socket.socket) -> bool:
    return listening.family != socket.AF_UNIX and not is_loopback(listening.getsockname()[0])
