"""Who asks, since when, under which id: what goes with a request from gate to gate and down to the provider."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(slots=True)
class Timing:
    """Seconds on the monotonic clock; the one part of a context that is written to on the way."""

    received: float
    upstream: float = 0.0
    """Time spent waiting for providers, over all attempts."""
    first_token: float | None = None
    """When the first content came, on the same clock as ``received``."""


@dataclass(frozen=True, slots=True)
class Principal:
    """The caller as the auth gate knows it."""

    id: str
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RequestContext:
    """``forward`` holds the caller's headers that a provider may see (lower-case names), never a credential."""

    request_id: str
    dialect: str
    timing: Timing
    traceparent: str | None = None
    tracestate: str | None = None
    principal: Principal | None = None
    forward: Mapping[str, str] = field(default_factory=dict)
    dropped: list[str] = field(default_factory=list)
    """Harmless hints that the translation left out, for ``X-Gateway-Dropped``."""
