"""What the ledger keeps of an event: one row for each call that ended, whichever way it did."""

from datetime import datetime
from uuid import uuid4

from tornado_gateway.domain.events import AttemptAbandoned, RequestFinished
from tornado_gateway.domain.ledger import LedgerRow


def row_of(event: RequestFinished) -> LedgerRow:
    """The row of a call, under an id of its own: two calls may come with one request id."""
    return LedgerRow(
        id=uuid4().hex,
        finished_at=event.finished_at,
        request_id=event.request_id,
        key=event.principal,
        route=event.route,
        provider=event.provider,
        model=event.model,
        requested_model=event.requested_model,
        dialect=event.dialect,
        streaming=event.streaming,
        status=event.status,
        error=event.error,
        attempts=event.attempts,
        usage=event.usage,
        cost=None if event.cost is None else event.cost.amount,
        saved=event.saved,
        duration=event.duration,
        time_to_first_token=event.time_to_first_token,
        revision=event.revision,
        finish_reason=event.finish_reason,
        tags={**(event.metadata or {}), **event.tags},
    )


def row_of_abandoned(event: AttemptAbandoned, at: datetime) -> LedgerRow:
    """The row of the slower one of two tries: nobody got its answer, and it may have to be paid all the same."""
    return LedgerRow(
        id=uuid4().hex,
        finished_at=at,
        request_id=event.request_id,
        kind="abandoned",
        route=event.route,
        provider=event.provider,
        model=event.model,
        status=499,
        error="abandoned",
        usage=event.usage,
        cost=None if event.cost is None else event.cost.amount,
        revision=event.revision,
    )
