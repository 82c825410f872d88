"""The events worth a line, as log records. Never a prompt, an answer or a key: the events hold none."""

from collections.abc import Callable, Sequence
from typing import Any

from loguru import logger

from tornado_gateway.domain.events import (
    AttemptAbandoned,
    AttemptFailed,
    BudgetThreshold,
    CircuitChanged,
    ConfigRejected,
    ConfigReloaded,
    CredentialRefused,
    Event,
    GuardrailVerdict,
    KeysFetched,
    RequestFinished,
    SpendingUnknown,
    StateChanged,
    WebhookSent,
)
from tornado_gateway.observability.call_lines import MESSAGE, fields_of, level_of

_MESSAGE_LIMIT = 500
"""Characters of a provider's error text that a line keeps."""

_MEANWHILE = {
    "open": "every call is let in",
    "closed": "calls that are limited are turned away",
    "local": "each process counts in its own memory",
}


class LogSubscriber:
    """One line a finished request, a failed attempt, a caller turned away, a configuration loaded or rejected."""

    name = "log"

    def __init__(self, request_finished: Callable[[RequestFinished], None] | None = None) -> None:
        """``request_finished`` writes the lines of which there is one a request; loguru does where it is not given."""
        self._writers: dict[type, Callable[[Any], None]] = {
            AttemptFailed: _attempt_failed,
            AttemptAbandoned: _attempt_abandoned,
            CircuitChanged: _circuit_changed,
            RequestFinished: request_finished or _request_finished,
            CredentialRefused: _credential_refused,
            KeysFetched: _keys_fetched,
            ConfigReloaded: _config_reloaded,
            ConfigRejected: _config_rejected,
            BudgetThreshold: _budget_threshold,
            SpendingUnknown: _spending_unknown,
            StateChanged: _state_changed,
            WebhookSent: _webhook_sent,
            GuardrailVerdict: _guardrail_verdict,
        }

    def handle(self, events: Sequence[Event]) -> None:
        for event in events:
            write = self._writers.get(type(event))
            if write is not None:
                write(event)


def _request_finished(event: RequestFinished) -> None:
    logger.bind(**fields_of(event)).log(level_of(event), MESSAGE)


def _attempt_failed(event: AttemptFailed) -> None:
    logger.bind(
        request_id=event.request_id,
        route=event.route,
        provider=event.provider,
        model=event.model,
        attempt=event.attempt,
        error=event.outcome,
        detail=event.message[:_MESSAGE_LIMIT],
        will_retry=event.will_retry,
    ).warning("attempt failed")


def _attempt_abandoned(event: AttemptAbandoned) -> None:
    logger.bind(
        request_id=event.request_id,
        route=event.route,
        provider=event.provider,
        model=event.model,
        prompt_tokens=event.usage.prompt_tokens,
        cost=None if event.cost is None else event.cost.amount,
        estimated=True,
        revision=event.revision,
    ).info("attempt abandoned, another was quicker")


def _circuit_changed(event: CircuitChanged) -> None:
    line = logger.bind(provider=event.provider, endpoint=event.endpoint, state=event.state, previous=event.previous)
    emit = line.warning if event.state == "open" else line.info
    emit("circuit " + event.state.replace("_", " "))


def _credential_refused(event: CredentialRefused) -> None:
    line = logger.bind(request_id=event.request_id, reason=event.reason, principal=event.principal, detail=event.detail)
    line.info("caller turned away")


def _keys_fetched(event: KeysFetched) -> None:
    line = logger.bind(source=event.source, problem=event.problem, count=event.count)
    if event.problem is not None:
        line.warning("keys can't be fetched, those that are known stay in force")
    elif event.source == "store":
        line.info("keys loaded")


def _budget_threshold(event: BudgetThreshold) -> None:
    logger.bind(
        subject=event.subject,
        percent=event.percent,
        spent=event.spent,
        amount=event.amount,
        period=event.period,
        ends=None if event.ends is None else event.ends.isoformat(),
    ).warning("budget has reached a threshold")


def _spending_unknown(event: SpendingUnknown) -> None:
    line = logger.bind(subject=event.subject, period=event.period)
    line.warning("the ledger can't be read: the budget counts from now, what was spent before is added later")


def _state_changed(event: StateChanged) -> None:
    line = logger.bind(available=event.available, fail=event.fail)
    if event.available:
        line.info("the store of limits and budgets is back")
        return
    line.warning("the store of limits and budgets is away: " + _MEANWHILE[event.fail])


def _webhook_sent(event: WebhookSent) -> None:
    line = logger.bind(event=event.event, host=event.host, tries=event.tries, failure=event.failure)
    if event.failure is None:
        line.info("webhook told")
    else:
        line.warning("webhook could not be told")


def _guardrail_verdict(event: GuardrailVerdict) -> None:
    line = logger.bind(
        request_id=event.request_id,
        route=event.route,
        rule=event.rule,
        action=event.action,
        direction=event.direction,
        where=event.where,
        count=event.count,
    )
    if event.action.startswith("failed"):
        line.warning("guardrail's hook gave no answer")
    else:
        line.info("guardrail found something")


def _config_reloaded(event: ConfigReloaded) -> None:
    line = logger.bind(revision=event.revision, previous=event.previous, notes=event.notes)
    emit = line.warning if event.notes else line.info
    emit("configuration loaded")


def _config_rejected(event: ConfigRejected) -> None:
    line = logger.bind(revision=event.revision, problems=event.problems)
    line.error("configuration rejected, the one in use stays")
