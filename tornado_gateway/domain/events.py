"""What happened, for whoever listens. Published, never awaited; no key in any of them, and no prompt or answer unless
``otel.capture_content`` asks for it."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal

import msgspec

from tornado_gateway.domain.context import UNKNOWN
from tornado_gateway.domain.money import Cost
from tornado_gateway.domain.tracing import CallTrace
from tornado_gateway.domain.usage import TokenUsage


class RequestStarted(msgspec.Struct, frozen=True, gc=False):
    request_id: str
    dialect: str
    streaming: bool


class AttemptFailed(msgspec.Struct, frozen=True, gc=False):
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


class AttemptAbandoned(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One of two tries at once lost the race: its provider may have worked on it, so that it has a price of its own."""

    request_id: str
    route: str
    provider: str
    model: str
    model_label: str
    usage: TokenUsage
    cost: Cost | None
    revision: str


class CircuitChanged(msgspec.Struct, frozen=True, gc=False):
    """``state`` is ``closed``, ``open`` or ``half_open``; ``endpoint`` is its place among the provider's."""

    provider: str
    endpoint: int
    state: str
    previous: str


class RequestFinished(msgspec.Struct, frozen=True, kw_only=True, gc=False):
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
    cache: str | None = None
    """``hit``, ``miss`` or ``bypass`` on a route with a cache. A hit's ``usage`` is that of the answer when it was
    made, and its ``cost`` is 0."""
    saved: Decimal | None = None
    """USD that a hit's answer had cost, 0 where it had no price; None for any other call."""
    mirrored: bool = False
    """A mirror's copy: its caller is who asked for the other one."""


class CredentialRefused(msgspec.Struct, frozen=True, gc=False):
    """Somebody was turned away for want of a good key or token, of which nothing is told but whose it is or was.

    ``reason`` is ``missing``, ``unknown``, ``disabled``, ``expired`` or ``token``, whose ``detail`` says what it is.
    """

    request_id: str
    reason: str
    principal: str | None = None
    detail: str | None = None


class KeysFetched(msgspec.Struct, frozen=True, gc=False):
    """Keys were read anew: the token ``issuer``'s public ones, or those of the ``store`` where they have changed.

    ``problem`` is None where there are ``count`` of them now; else those that were known stay in force.
    """

    source: str
    count: int
    problem: str | None = None


class CallRefused(msgspec.Struct, frozen=True, gc=False):
    """A limit or a budget had no room: ``subject`` is whose (``key``, ``tag``, ``route``, ``address`` or ``everyone``),
    ``what`` is ``requests``, ``tokens``, ``concurrent`` or ``budget``."""

    route: str
    subject: str
    what: str


class BudgetThreshold(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """``spent`` has reached ``percent`` of ``amount`` (USD) in the period from ``began`` to ``ends``."""

    subject: str
    """``key team-a``, ``tag team=a`` or ``route gpt-4``."""
    percent: int
    spent: Decimal
    amount: Decimal
    period: str
    time_zone: str
    began: datetime | None
    ends: datetime | None


class SpendingUnknown(msgspec.Struct, frozen=True, gc=False):
    """The ledger can't be read: the budget counts from now on, and what was spent before is added later."""

    subject: str
    period: str


class StateChanged(msgspec.Struct, frozen=True, gc=False):
    """The store that limits and budgets are counted in went away or is back; ``fail`` is what holds meanwhile."""

    available: bool
    fail: str


class WebhookSent(msgspec.Struct, frozen=True, gc=False):
    """A message about ``event`` went to ``host``, after ``tries``; ``failure`` is why it did not arrive, None where it
    did."""

    event: str
    host: str
    tries: int
    failure: str | None


class GuardrailVerdict(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A rule found something, ``count`` times in one direction of one call: ``where`` is the first place, by its field.

    ``action`` is ``deny``, ``redact`` or ``flag``, or ``failed_open`` or ``failed_closed`` of a hook that gave no
    answer, and then ``where`` is why; ``direction`` is ``request`` or ``response``.
    """

    request_id: str
    route: str
    rule: str
    action: str
    direction: str
    where: str
    count: int


class ConfigReloaded(msgspec.Struct, frozen=True, gc=False):
    """``notes`` are warnings and what a reload can't change (host, port, workers)."""

    revision: str
    previous: str | None
    loaded_at: datetime
    notes: tuple[str, ...] = ()


class ConfigRejected(msgspec.Struct, frozen=True, gc=False):
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
    | CredentialRefused
    | KeysFetched
    | CallRefused
    | BudgetThreshold
    | SpendingUnknown
    | StateChanged
    | WebhookSent
    | GuardrailVerdict
    | ConfigReloaded
    | ConfigRejected
)
