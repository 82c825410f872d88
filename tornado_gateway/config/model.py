"""The settings of one file as frozen values, defaults filled in. Secrets never show in a ``repr``."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from tornado_gateway.config.kinds import KINDS
from tornado_gateway.config.model_admin import AdminSettings
from tornado_gateway.config.model_auth import AuthSettings
from tornado_gateway.config.model_guardrails import GuardrailSettings
from tornado_gateway.config.model_ledger import LedgerSettings
from tornado_gateway.config.model_otel import OtelSettings
from tornado_gateway.config.model_state import StateSettings
from tornado_gateway.domain.caching import MEMORY_BYTES, CachePolicy
from tornado_gateway.domain.money import PriceCard
from tornado_gateway.domain.policies import BreakerPolicy, Concurrency, Fallback, Hedge, Mirror, Probe, Timeouts
from tornado_gateway.domain.quotas import Quotas
from tornado_gateway.domain.snapshot import CorsPolicy
from tornado_gateway.domain.tls import TlsPolicy
from tornado_gateway.domain.webhooks import Webhook


@dataclass(frozen=True, slots=True)
class ServerSettings:
    """Times in seconds. ``workers`` is ``auto`` where there is to be one for each CPU."""

    host: str = "127.0.0.1"
    port: int = 8080
    read_timeout: float = 30.0
    write_timeout: float = 30.0
    workers: int | Literal["auto"] = 1
    max_body_bytes: int = 10_485_760
    drain_timeout: float = 30.0
    keep_alive: float = 15.0
    max_connections: int | None = None
    tls: TlsPolicy | None = None
    trusted_proxies: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LogSettings:
    level: str = "INFO"
    format: str = "json"


@dataclass(frozen=True, slots=True)
class CacheSettings:
    memory_bytes: int = MEMORY_BYTES


@dataclass(frozen=True, slots=True)
class EndpointSettings:
    """One address and key of a provider; None where neither it nor the provider says one."""

    base_url: str | None = None
    api_key: str | None = field(default=None, repr=False)
    weight: int = 1


@dataclass(frozen=True, slots=True)
class ProviderSettings:
    """``endpoints`` are at least one, filled up from the provider's own address and key.

    ``timeout`` (seconds) stands where ``timeouts`` has no ``first_token`` or ``idle``, and for the whole of an answer
    that is no stream. ``options`` are the members that only this kind has. A proxy's address may hold a password.
    """

    name: str
    kind: str
    endpoints: tuple[EndpointSettings, ...] = (EndpointSettings(),)
    timeout: float = 60.0
    timeouts: Timeouts = field(default_factory=Timeouts)
    max_retries: int = 3
    breaker: BreakerPolicy | None = field(default_factory=BreakerPolicy)
    concurrency: Concurrency | None = None
    probe: Probe | None = None
    ca_file: str | None = None
    proxy: str | None = field(default=None, repr=False)
    options: Mapping[str, Any] = field(default_factory=dict)

    @property
    def base_url(self) -> str | None:
        """The first endpoint's."""
        return self.endpoints[0].base_url

    @property
    def api_key(self) -> str | None:
        """The first endpoint's."""
        return self.endpoints[0].api_key

    @property
    def configured(self) -> bool:
        """False where a key is needed and came out empty at every endpoint."""
        return any(endpoint.api_key for endpoint in self.endpoints) or not KINDS[self.kind].needs_key


@dataclass(frozen=True, slots=True)
class TargetSettings:
    provider: str
    model: str | None = None
    weight: int = 1


@dataclass(frozen=True, slots=True)
class RouteSettings:
    """``retries`` is None where the provider's ``max_retries`` holds."""

    name: str
    targets: tuple[TargetSettings, ...]
    strategy: str = "priority"
    fallbacks: tuple[Fallback, ...] = ()
    retries: int | None = None
    timeouts: Timeouts = field(default_factory=Timeouts)
    hedge: Hedge | None = None
    mirror: Mirror | None = None
    cache: CachePolicy | None = None
    guardrails: tuple[str, ...] = ()
    line: int | None = None


@dataclass(frozen=True, slots=True)
class Settings:
    providers: tuple[ProviderSettings, ...]
    routes: tuple[RouteSettings, ...]
    prices: tuple[PriceCard, ...]
    allow_unpriced: bool = False
    server: ServerSettings = field(default_factory=ServerSettings)
    log: LogSettings = field(default_factory=LogSettings)
    cors: CorsPolicy = field(default_factory=CorsPolicy)
    cache: CacheSettings = field(default_factory=CacheSettings)
    auth: AuthSettings = field(default_factory=AuthSettings)
    admin: AdminSettings = field(default_factory=AdminSettings)
    state: StateSettings = field(default_factory=StateSettings)
    quotas: Quotas | None = None
    webhooks: tuple[Webhook, ...] = ()
    ledger: LedgerSettings = field(default_factory=LedgerSettings)
    otel: OtelSettings = field(default_factory=OtelSettings)
    guardrails: tuple[GuardrailSettings, ...] = ()
    global_guardrails: tuple[str, ...] = ()

    @property
    def counts(self) -> bool:
        """Whether there are limits or budgets: in one process's memory, several would admit several times as much."""
        return self.quotas is not None or self.auth.bounded
