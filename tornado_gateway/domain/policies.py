"""How a provider or a route is to be treated: what gateway.yaml says of time, places and who stands in. Frozen."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Timeouts:
    """In seconds, None where nothing is said. ``idle`` is between two pieces of a stream."""

    connect: float | None = None
    first_token: float | None = None
    idle: float | None = None
    total: float | None = None

    def over(self, other: "Timeouts") -> "Timeouts":
        """These, and those of ``other`` where nothing is said here."""
        return Timeouts(
            self.connect if self.connect is not None else other.connect,
            self.first_token if self.first_token is not None else other.first_token,
            self.idle if self.idle is not None else other.idle,
            self.total if self.total is not None else other.total,
        )


@dataclass(frozen=True, slots=True)
class BreakerPolicy:
    """A circuit opens after ``consecutive`` failures, or where ``ratio`` of at least ``minimum`` calls of the last
    ``window`` seconds failed; it stays open for ``cooldown`` seconds."""

    consecutive: int = 5
    ratio: float = 0.5
    window: float = 30.0
    minimum: int = 20
    cooldown: float = 15.0


@dataclass(frozen=True, slots=True)
class Concurrency:
    """``limit`` calls at once, ``queue`` of them waiting for ``wait`` seconds."""

    limit: int
    queue: int = 100
    wait: float = 1.0


@dataclass(frozen=True, slots=True)
class Hedge:
    """A second target is asked ``after`` so many seconds, or after that ``percentile`` (0 to 1) of the usual time."""

    after: float | None = None
    percentile: float | None = None


@dataclass(frozen=True, slots=True)
class Mirror:
    """``percent`` of a route's calls go to ``route`` too; its answers reach nobody."""

    route: str
    percent: float


@dataclass(frozen=True, slots=True)
class Probe:
    """Every ``interval`` seconds ``path`` below the base URL is asked for."""

    interval: float
    path: str


FALLBACK_KINDS = frozenset(
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
USUAL_KINDS = FALLBACK_KINDS - {"context_length", "content_filter", "rejected"}
"""What another provider may do better with the same request."""


@dataclass(frozen=True, slots=True)
class Fallback:
    """``route`` is asked where this one failed in one of the ways ``on``."""

    route: str
    on: frozenset[str] = USUAL_KINDS
