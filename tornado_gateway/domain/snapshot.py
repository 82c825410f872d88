"""Snapshot: all that one revision of gateway.yaml says, frozen. SnapshotHolder: the current one and its leases."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from ipaddress import IPv4Network, IPv6Network

from tornado_gateway.domain.access import Access
from tornado_gateway.domain.administration import AdminPolicy
from tornado_gateway.domain.caching import MEMORY_BYTES
from tornado_gateway.domain.endpoints import Provider
from tornado_gateway.domain.prices import PriceTable
from tornado_gateway.domain.quotas import Quotas
from tornado_gateway.domain.remembered import Remembered
from tornado_gateway.domain.routes import RoutePlan, RouteTable
from tornado_gateway.domain.webhooks import Webhook


@dataclass(frozen=True, slots=True)
class CorsPolicy:
    """``origins`` holds ``*`` alone or origins by name; ``max_age`` is in seconds."""

    origins: frozenset[str] = frozenset({"*"})
    methods: tuple[str, ...] = ("GET", "POST", "PUT", "DELETE", "OPTIONS")
    headers: tuple[str, ...] = ("Content-Type", "Authorization")
    credentials: bool = True
    max_age: int = 86400


@dataclass(frozen=True, slots=True)
class ServerPolicy:
    """The part of ``server`` that a reload may change; times in seconds."""

    read_timeout: float = 30.0
    write_timeout: float = 30.0
    max_body_bytes: int = 10_485_760
    drain_timeout: float = 30.0
    keep_alive: float = 15.0
    """Silence of a provider after which a stream sends a comment."""
    max_connections: int | None = None
    """Clients' connections that one process holds; None leaves it to what the system lets it open."""
    trusted_proxies: tuple[IPv4Network | IPv6Network, ...] = ()
    """Who is believed where calls come from."""


_PLANS = 4096
"""Wildcard routes make plans for names that callers invent."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    revision: str
    loaded_at: datetime
    routes: RouteTable
    prices: PriceTable
    providers: Mapping[str, Provider] = field(default_factory=dict)
    plans: Remembered[tuple[int, str], RoutePlan] = field(
        default_factory=lambda: Remembered(_PLANS), compare=False, repr=False
    )
    """What ``routing.plan`` has worked out already; the one part that is filled in later, and only by it."""
    quotas: Quotas | None = None
    """None where the file bounds nothing."""
    webhooks: tuple[Webhook, ...] = ()
    cors: CorsPolicy = field(default_factory=CorsPolicy)
    server: ServerPolicy = field(default_factory=ServerPolicy)
    cache_bytes: int = MEMORY_BYTES
    """What all answers kept in memory may take."""
    access: Access = field(default_factory=Access)
    admin: AdminPolicy = field(default_factory=AdminPolicy)


class _Leased:
    __slots__ = ("count", "retired", "snapshot")

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot
        self.count = 0
        self.retired = False


class SnapshotHolder:
    """One reference that requests lease and a reload swaps. Used from the event loop's thread alone.

    ``on_retired`` is called with a swapped-out snapshot once its last lease has ended.
    """

    def __init__(self, snapshot: Snapshot, on_retired: Callable[[Snapshot], None] | None = None) -> None:
        self._current = _Leased(snapshot)
        self._on_retired = on_retired
        self._old: list[_Leased] = []

    @property
    def current(self) -> Snapshot:
        return self._current.snapshot

    @property
    def leases(self) -> int:
        """Leases out, over all revisions."""
        return self._current.count + sum(leased.count for leased in self._old)

    @property
    def revisions(self) -> int:
        """Revisions still alive: 1 where no request holds on to an old one."""
        return 1 + len(self._old)

    @contextmanager
    def lease(self) -> Iterator[Snapshot]:
        """The current snapshot, kept alive until the ``with`` ends whatever is swapped in meanwhile."""
        leased = self._current
        leased.count += 1
        try:
            yield leased.snapshot
        finally:
            leased.count -= 1
            if leased.retired and not leased.count:
                self._old.remove(leased)
                self._retire(leased)

    def swap(self, snapshot: Snapshot) -> Snapshot:
        """Makes ``snapshot`` current and returns the one before."""
        old = self._current
        self._current = _Leased(snapshot)
        old.retired = True
        if old.count:
            self._old.append(old)
        else:
            self._retire(old)
        return old.snapshot

    def _retire(self, leased: _Leased) -> None:
        if self._on_retired is not None:
            self._on_retired(leased.snapshot)
