"""What the ledger keeps of an event: one row for each call that ended, whichever way it did.

Made by whoever writes the ledger, off the request's path: the receipt takes longer than the price did.
"""

import random
from collections.abc import Mapping
from datetime import datetime

from tornado_gateway.domain.events import AttemptAbandoned, RequestFinished
from tornado_gateway.domain.ledger import LedgerRow
from tornado_gateway.domain.money import Cost
from tornado_gateway.domain.receipt import encode, receipt_of

_LONGEST_NAME = 256
"""Characters. A model's name may be a caller's text of any length, and a ledger is no place for one."""
_LONGEST_WORD = 64
"""Characters of an error's code or a finish reason: a provider's words."""
_LONGEST_TAG = 512
_MOST_TAGS = 64


def row_of(event: RequestFinished) -> LedgerRow:
    """The row of a call, under an id of its own: two calls may come with one request id."""
    return LedgerRow(
        id=_new_id(event.finished_at),
        finished_at=event.finished_at,
        request_id=event.request_id,
        kind="mirror" if event.mirrored else "request",
        key=event.principal,
        route=event.route,
        provider=event.provider,
        model=_text(event.model, _LONGEST_NAME),
        requested_model=_text(event.requested_model, _LONGEST_NAME),
        dialect=event.dialect,
        streaming=event.streaming,
        status=event.status,
        error=None if event.error is None else _text(event.error, _LONGEST_WORD),
        attempts=event.attempts,
        usage=event.usage,
        cost=None if event.cost is None else event.cost.amount,
        saved=event.saved,
        duration=event.duration,
        time_to_first_token=event.time_to_first_token,
        revision=event.revision,
        finish_reason=None if event.finish_reason is None else _text(event.finish_reason, _LONGEST_WORD),
        tags=_tags(event.tags, event.metadata) if event.tags or event.metadata else {},
        receipt=_receipt(event.cost, event.revision),
    )


def row_of_abandoned(event: AttemptAbandoned, at: datetime) -> LedgerRow:
    """The row of the slower one of two tries: nobody got its answer, and it may have to be paid all the same."""
    return LedgerRow(
        id=_new_id(at),
        finished_at=at,
        request_id=event.request_id,
        kind="abandoned",
        route=event.route,
        provider=event.provider,
        model=_text(event.model, _LONGEST_NAME),
        status=499,
        error="abandoned",
        usage=event.usage,
        cost=None if event.cost is None else event.cost.amount,
        revision=event.revision,
        receipt=_receipt(event.cost, event.revision),
    )


def _receipt(cost: Cost | None, revision: str) -> str | None:
    return None if cost is None else encode(receipt_of(cost, revision))


def _new_id(at: datetime) -> str:
    """Ids sort by time, roughly, so that a database's index of them grows at its end."""
    return f"{int(at.timestamp() * 1e6):016x}{random.getrandbits(64):016x}"


def _tags(own: Mapping[str, str], metadata: Mapping[str, str] | None) -> dict[str, str]:
    """The key's own first, so that a caller's can't push them out."""
    named = [*own.items(), *((name, value) for name, value in (metadata or {}).items() if name not in own)]
    return {_text(name, _LONGEST_TAG): _text(value, _LONGEST_TAG) for name, value in named[:_MOST_TAGS]}


def _text(text: str, longest: int) -> str:
    """Not too long, and without what no database takes: a NUL, or half of a surrogate pair."""
    text = text[:longest]
    if text.isascii() and "\0" not in text:
        return text
    return text.encode("utf-8", "replace").decode().replace("\0", "\ufffd")
