"""Who asks, since when, under which id: what goes with a request from gate to gate and down to the provider.

These are made anew for each request, and a frozen dataclass takes six times as long to make as a struct, forty times to
make another of it.
"""

from collections.abc import Mapping

import msgspec

from tornado_gateway.domain.caching import CacheMark, Wish
from tornado_gateway.domain.errors import ClientClosed, DeadlinePassed, GatewayError
from tornado_gateway.domain.money import PriceCard
from tornado_gateway.domain.policies import Timeouts
from tornado_gateway.domain.principal import Principal
from tornado_gateway.domain.rates import Rate
from tornado_gateway.domain.tracing import AttemptTrace, CallTrace

UNKNOWN = "unknown"
"""The label of a route, provider or model that gateway.yaml does not name."""


class Timing(msgspec.Struct):
    """Seconds on the monotonic clock; the one part of a context that is written to on the way."""

    received: float
    """When the request had come in; how long its client took to send it is nobody's work."""
    upstream: float = 0.0
    """Time spent waiting for providers, over all attempts."""
    upstream_to_first: float = 0.0
    """The part of ``upstream`` before a stream's first content."""
    first_token: float | None = None
    """When the first content came, on the same clock as ``received``."""


class Trail(msgspec.Struct):
    """Where a call has got to, for the response's headers and the log: written by the service as it goes.

    ``model`` is the provider's; ``route`` and ``model_label`` are names of gateway.yaml, fit for a metric's label.
    """

    route: str = UNKNOWN
    provider: str = UNKNOWN
    model: str = UNKNOWN
    model_label: str = UNKNOWN
    attempts: int = 0
    revision: str = ""
    trace: CallTrace | None = None
    """None where the call is not traced."""
    attempt: AttemptTrace | None = None
    """The try under way, where it is."""
    asked: bool = False
    """A provider has the request and has not answered yet: whoever leaves now may have to pay for it."""
    card: PriceCard | None = None
    """By which whoever was asked last is paid."""
    cache: CacheMark | None = None
    """None where the route has no cache, or nothing is known of it yet."""
    ended: GatewayError | None = None
    """Why the call is cancelled, where its client has not left."""
    rates: tuple[Rate, ...] = ()
    """What the limits that the call is under still allow."""


class Limits(msgspec.Struct):
    """How long the attempt under way may take: written by the service before each one, read by whoever waits.

    Seconds; ``deadline`` is a point of the monotonic clock, at which the whole call must have ended.
    """

    connect: float | None = None
    first_token: float | None = None
    idle: float | None = None
    total: float | None = None
    deadline: float | None = None
    allowed: float | None = None
    """The seconds that ``deadline`` came from, for the message."""
    plan: float | None = None
    """The seconds that the route has for a whole call."""
    granted: float | None = None
    """What the operator lets the attempt take, however little of it the deadline leaves."""

    def bound(self, since: float, seconds: float | None) -> None:
        """Ends the call ``seconds`` after ``since``, unless it is to end sooner anyway."""
        if seconds is None:
            return
        deadline = since + seconds
        if self.deadline is None or deadline < self.deadline:
            self.deadline = deadline
            self.allowed = seconds

    def begin(self, timeouts: Timeouts, whole: float | None, now: float) -> None:
        """The limits of an attempt that begins ``now``; ``whole`` is what an answer that is not streamed may take."""
        left = None if self.deadline is None else max(0.0, self.deadline - now)
        self.connect = _sooner(timeouts.connect, left)
        self.first_token = _sooner(timeouts.first_token, left)
        self.idle = timeouts.idle
        own = timeouts.total if timeouts.total is not None else whole
        self.total = _sooner(own, left)
        self.granted = _sooner(own, self.plan)

    def next_wait(self, now: float) -> float | None:
        """Seconds that the next piece of a stream may take to come."""
        return self.idle if self.deadline is None else _sooner(self.idle, max(0.0, self.deadline - now))

    def deadline_passed(self) -> DeadlinePassed:
        return DeadlinePassed(f"There was no answer within the {self.allowed:g} seconds that the whole call may take.")


def _sooner(first: float | None, second: float | None) -> float | None:
    if first is None or second is None:
        return second if first is None else first
    return min(first, second)


class RequestContext(msgspec.Struct, frozen=True):
    """``forward`` holds the caller's headers that a provider may see (lower-case names), never a credential."""

    request_id: str
    dialect: str
    timing: Timing
    trail: Trail = msgspec.field(default_factory=Trail)
    traceparent: str | None = None
    tracestate: str | None = None
    principal: Principal | None = None
    address: str | None = None
    """Where the caller is, where that is limited: an IPv4 address or an IPv6 network of 64 bits."""
    forward: Mapping[str, str] = {}
    dropped: list[str] = []
    """Harmless hints that the translation left out, for ``X-Gateway-Dropped``."""
    limits: Limits = msgspec.field(default_factory=Limits)
    caching: Wish = "usual"
    mirrored: bool = False
    """A mirror's copy, which the operator wanted and no caller."""

    def cancelled(self) -> GatewayError:
        """What a cancelled call ended in."""
        return self.trail.ended or ClientClosed("The client went away.")

    def out_of_time(self, now: float) -> bool:
        """Whether the call's deadline lies behind ``now``."""
        return self.limits.deadline is not None and now >= self.limits.deadline
