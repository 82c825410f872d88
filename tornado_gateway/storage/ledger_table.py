"""The ledger's table: its columns, and records of them as rows."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import msgspec

from tornado_gateway.domain.ledger import LedgerRow
from tornado_gateway.domain.usage import COMPLETION_BUCKETS, PROMPT_BUCKETS, TokenUsage

TABLE = "gateway_ledger"

COLUMNS = (
    "id",
    "finished_at",
    "request_id",
    "kind",
    "key_id",
    "route",
    "provider",
    "model",
    "requested_model",
    "dialect",
    "streaming",
    "status",
    "error",
    "attempts",
    "input_tokens",
    "output_tokens",
    "cached_input_tokens",
    "cache_write_tokens",
    "cache_write_1h_tokens",
    "audio_input_tokens",
    "reasoning_tokens",
    "audio_output_tokens",
    "estimated",
    "images",
    "service_tier",
    "cost",
    "saved",
    "duration",
    "time_to_first_token",
    "revision",
    "finish_reason",
    "tags",
    "receipt",
)
"""In the order in which a record holds them. ``input_tokens`` is NULL where nothing is known of the call's usage."""

PROMPT_COLUMNS = tuple(f"{name}_tokens" for name in PROMPT_BUCKETS)
COMPLETION_COLUMNS = tuple(f"{name}_tokens" for name in COMPLETION_BUCKETS)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_NOTHING = TokenUsage()
_NO_TAGS = "{}"
_tags = msgspec.json.Decoder(dict[str, str])


def microseconds(at: datetime) -> int:
    """Since 1970, exactly: a float has not enough digits for it."""
    return (at - _EPOCH) // _MICROSECOND


def record_of(row: LedgerRow) -> list[Any]:
    """The row by ``COLUMNS``: the time in microseconds, money and tags as text."""
    usage = row.usage
    some = _NOTHING if usage is None else usage
    return [
        row.id,
        microseconds(row.finished_at),
        row.request_id,
        row.kind,
        row.key,
        row.route,
        row.provider,
        row.model,
        row.requested_model,
        row.dialect,
        row.streaming,
        row.status,
        row.error,
        row.attempts,
        None if usage is None else some.input,
        None if usage is None else some.output,
        some.cached_input,
        some.cache_write,
        some.cache_write_1h,
        some.audio_input,
        some.reasoning,
        some.audio_output,
        some.estimated,
        some.images,
        some.service_tier,
        None if row.cost is None else str(row.cost),
        None if row.saved is None else str(row.saved),
        row.duration,
        row.time_to_first_token,
        row.revision,
        row.finish_reason,
        msgspec.json.encode(row.tags).decode() if row.tags else _NO_TAGS,
        row.receipt,
    ]


def row_of_record(record: Sequence[Any]) -> LedgerRow:
    """The row again; money may have come as text or as ``Decimal``. A million of them are read in some seconds."""
    (
        identity,
        finished_at,
        request_id,
        kind,
        key,
        route,
        provider,
        model,
        requested_model,
        dialect,
        streaming,
        status,
        error,
        attempts,
        input_tokens,
        output_tokens,
        cached_input,
        cache_write,
        cache_write_1h,
        audio_input,
        reasoning,
        audio_output,
        estimated,
        images,
        service_tier,
        cost,
        saved,
        duration,
        time_to_first_token,
        revision,
        finish_reason,
        tags,
        receipt,
    ) = record
    usage = None
    if input_tokens is not None:
        usage = TokenUsage(
            input_tokens,
            output_tokens,
            cached_input,
            cache_write,
            cache_write_1h,
            audio_input,
            reasoning,
            audio_output,
            bool(estimated),
            images,
            service_tier,
        )
    return LedgerRow(
        id=identity,
        finished_at=_EPOCH + timedelta(0, 0, finished_at),
        request_id=request_id,
        kind=kind,
        key=key,
        route=route,
        provider=provider,
        model=model,
        requested_model=requested_model,
        dialect=dialect,
        streaming=bool(streaming),
        status=status,
        error=error,
        attempts=attempts,
        usage=usage,
        cost=None if cost is None else Decimal(cost),
        saved=None if saved is None else Decimal(saved),
        duration=duration,
        time_to_first_token=time_to_first_token,
        revision=revision,
        finish_reason=finish_reason,
        tags={} if tags == _NO_TAGS else _tags.decode(tags),
        receipt=receipt,
    )
