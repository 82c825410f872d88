"""What happened, for whoever listens. Published, never awaited; no key in any of them, and no prompt or answer unless
``otel.capture_content`` asks for it."""

from collections.abc import Mapping
from datetime import datetime

import msgspec

from tornado_gateway.domain.context import UNKNOWN
from tornado_gateway.domain.money import Cost
from tornado_gateway.domain.tracing import CallTrace
from tornado_gateway.domain.usage import TokenUsage


class RequestStarted(msgspec.Struct, frozen=True):
    request_id: str
    dialect: str
    streaming: bool


class AttemptFailed(msgspec.Struct, frozen=True):
    """One try at one target failed; published for each failed attempt, the last one too.

    ``outcome`` is the error's code, ``message`` its text as the caller may see it. ``model`` may be a caller's text
    (wildcard routes); ``model_label`` is what metrics show for it, as in ``RequestFinished``.
    """

    request_id: str
    route: str
    provider: str
    model: str
    attempt: int
    outcome: str
    message: str
    will_retry: bool
    model_label: str = UNKNOWN


class AttemptAbandoned(msgspec.Struct, frozen=True, kw_only=True):
    """One of two tries at once lost the race: its provider may have worked on it, so that it has a price of its own."""

    request_id: str
    route: str
    provider: str
    model: str
    model_label: str
    usage: TokenUsage
    cost: Cost | None
    revision: str


class CircuitChanged(msgspec.Struct, frozen=True):
    """``state`` is ``closed``, ``open`` or ``half_open``; ``endpoint`` is its place among the provider's."""

    provider: str
    endpoint: int
    state: str
    previous: str


class RequestFinished(msgspec.Struct, frozen=True, kw_only=True):
    """The end of a model call, on every way out: exactly one for each ``RequestStarted``.

    Durations are in seconds. ``route``, ``provider`` and ``model`` come from gateway.yaml (or are ``unknown``);
    ``requested_model`` is the caller's text and no metric's label. ``model_label`` names the model for metrics: a
    wildcard route's model is a caller's text too, so it is its price row's name.
    """

    request_id: str
    dialect: str
    streaming: bool
    requested_model: str
    route: str
    provider: str
    model: str
    model_label: str
    status: int
    error: str | None
    attempts: int
    usage: TokenUsage | None
    cost: Cost | None
    duration: float
    upstream: float
    overhead: float
    """The gateway's own share: all that was not the provider's, in a stream up to its first content."""
    time_to_first_token: float | None
    revision: str
    finished_at: datetime
    """The moment for which it was priced."""
    principal: str | None = None
    """The caller's key by its id."""
    tags: Mapping[str, str] = {}
    """The key's own."""
    metadata: Mapping[str, str] | None = None
    finish_reason: str | None = None
    trace: CallTrace | None = None
    """What was tried, where the call is traced; it alone may hold prompt and answer, where capturing them is on."""


class ConfigReloaded(msgspec.Struct, frozen=True):
    """``notes`` are warnings and what a reload can't change (host, port, workers)."""

    revision: str
    previous: str | None
    loaded_at: datetime
    notes: tuple[str, ...] = ()


class ConfigRejected(msgspec.Struct, frozen=True):
    """``problems`` are the lines that ``check`` would print."""

    revision: str
    problems: tuple[str, ...]
    at: datetime


Event = (
    RequestStarted
    | AttemptFailed
    | AttemptAbandoned
    | CircuitChanged
    | RequestFinished
    | ConfigReloaded
    | ConfigRejected
)
