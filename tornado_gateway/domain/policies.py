"""What gateway.yaml says about trouble: how long to wait, whom to ask instead, when to leave somebody alone."""

from dataclasses import dataclass
from typing import Final

FALLBACK_KINDS: Final = frozenset(
    {
        "unreachable",
        "timeout",
        "server_error",
        "rate_limited",
        "circuit_open",
        "auth_failed",
        "not_configured",
        "context_length",
        "content_filter",
        "rejected",
    }
)
"""Kinds of failure that a fallback may be for."""

USUAL_KINDS: Final = FALLBACK_KINDS - {"context_length", "content_filter", "rejected"}
"""The kinds of a fallback that names none: the provider's trouble, not the request's."""


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds; None where nothing was said.

    ``connect`` ends with the connection, ``first_token`` with the first content, ``idle`` is the silence between two
    pieces of it, ``total`` is all of it.
    """

    connect: float | None = None
    first_token: float | None = None
    idle: float | None = None
    total: float | None = None

    def over(self, other: "Timeouts") -> "Timeouts":
        """These, and where nothing was said the ones of ``other``."""
        return Timeouts(
            connect=other.connect if self.connect is None else self.connect,
            first_token=other.first_token if self.first_token is None else self.first_token,
            idle=other.idle if self.idle is None else self.idle,
            total=other.total if self.total is None else self.total,
        )


@dataclass(frozen=True, slots=True)
class BreakerPolicy:
    """When an endpoint is left alone, and for how long.

    It opens after ``consecutive`` failures in a row, or where of at least ``minimum`` calls within ``window`` seconds
    the share ``ratio`` (0 to 1) failed; after ``cooldown`` seconds one call is let through to try.
    """

    consecutive: int = 10
    ratio: float = 0.5
    window: float = 30.0
    minimum: int = 20
    cooldown: float = 15.0


@dataclass(frozen=True, slots=True)
class Hedge:
    """When a second target is started beside a slow first one.

    Either ``after`` so many seconds, or after the time that the share ``percentile`` (0.95 for p95) of earlier calls
    took.
    """

    after: float | None = None
    percentile: float | None = None


@dataclass(frozen=True, slots=True)
class Mirror:
    """A copy of ``percent`` of the calls (more than 0, at most 100) goes to ``route``, and its answer nowhere."""

    route: str
    percent: float


@dataclass(frozen=True, slots=True)
class Fallback:
    """Another ``route``, for failures of the kinds in ``on``."""

    route: str
    on: frozenset[str] = USUAL_KINDS


@dataclass(frozen=True, slots=True)
class Concurrency:
    """At most ``limit`` calls under way at once; ``queue`` more may wait for a place, each ``wait`` seconds."""

    limit: int
    queue: int = 100
    wait: float = 1.0


@dataclass(frozen=True, slots=True)
class Probe:
    """A question of the gateway's own every ``interval`` seconds, at ``path`` under the endpoint's base URL."""

    interval: float
    path: str
