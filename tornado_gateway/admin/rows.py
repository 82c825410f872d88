"""A ledger row as JSON: all of it but the receipt, which has an answer of its own."""

from typing import Any

import msgspec

from tornado_gateway.domain.audit import Audit
from tornado_gateway.domain.ledger import LedgerRow
from tornado_gateway.reports.numbers import number


def row_document(row: LedgerRow) -> dict[str, Any]:
    usage = row.usage
    return {
        "id": row.id,
        "finished_at": row.finished_at,
        "request_id": row.request_id,
        "kind": row.kind,
        "key": row.key,
        "route": row.route,
        "provider": row.provider,
        "model": row.model,
        "requested_model": row.requested_model,
        "dialect": row.dialect,
        "streaming": row.streaming,
        "status": row.status,
        "error": row.error,
        "attempts": row.attempts,
        "usage": None
        if usage is None
        else {
            "prompt_tokens": usage.prompt_tokens,
            "completion_tokens": usage.completion_tokens,
            "buckets": dict(usage.buckets()),
            "estimated": usage.estimated,
            "images": usage.images,
        },
        "cost": number(row.cost),
        "saved": number(row.saved),
        "duration": row.duration,
        "time_to_first_token": row.time_to_first_token,
        "revision": row.revision,
        "finish_reason": row.finish_reason,
        "tags": dict(row.tags),
    }


def receipt_document(row: LedgerRow, made: Audit) -> dict[str, Any]:
    """What the row's cost is made of, added up again, and what the file in force makes of the same usage."""
    readable = made.receipt is not None and row.receipt is not None
    card = None if made.by_file is None else made.by_file.card
    return {
        "receipt": msgspec.Raw((row.receipt or "").encode()) if readable else None,
        "recomputed": number(made.recomputed),
        "by_file": None
        if made.by_file is None
        else {
            "cost": number(made.by_file.amount),
            "row": None if card is None else card.model,
            "line": None if card is None else card.line,
        },
        "differences": made.differences,
    }
