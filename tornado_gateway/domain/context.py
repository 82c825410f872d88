"""Who asks, since when, under which id: what goes with a request from gate to gate and down to the provider."""

from collections.abc import Mapping
from dataclasses import dataclass, field

UNKNOWN = "unknown"
"""The label of a route, provider or model that gateway.yaml does not name."""


@dataclass(slots=True)
class Timing:
    """Seconds on the monotonic clock; the one part of a context that is written to on the way."""

    received: float
    upstream: float = 0.0
    """Time spent waiting for providers, over all attempts."""
    upstream_to_first: float = 0.0
    """The part of ``upstream`` before a stream's first content."""
    first_token: float | None = None
    """When the first content came, on the same clock as ``received``."""


@dataclass(slots=True)
class Trail:
    """Where a call has got to, for the response's headers and the log: written by the service as it goes.

    ``model`` is the provider's; ``route`` and ``model_label`` are names of gateway.yaml, fit for a metric's label.
    """

    route: str = UNKNOWN
    provider: str = UNKNOWN
    model: str = UNKNOWN
    model_label: str = UNKNOWN
    attempts: int = 0
    revision: str = ""


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
    trail: Trail = field(default_factory=Trail)
    traceparent: str | None = None
    tracestate: str | None = None
    principal: Principal | None = None
    forward: Mapping[str, str] = field(default_factory=dict)
    dropped: list[str] = field(default_factory=list)
    """Harmless hints that the translation left out, for ``X-Gateway-Dropped``."""
