"""Rows of the ledger as records of a file, CSV, JSON lines or Parquet: one value a column, every digit of money."""

import csv
import io
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from decimal import Decimal
from importlib import import_module
from itertools import islice
from typing import Any, BinaryIO

import msgspec

from tornado_gateway.domain.ledger import LedgerRow
from tornado_gateway.domain.money import decimal_digits
from tornado_gateway.domain.usage import BUCKETS

Write = Callable[[Iterable[LedgerRow], BinaryIO], int]
"""Writes the rows as they come, in bounded memory; says how many they were."""

COLUMNS = {
    "id": "text",
    "finished_at": "time",
    "request_id": "text",
    "kind": "text",
    "key": "text",
    "route": "text",
    "provider": "text",
    "model": "text",
    "requested_model": "text",
    "dialect": "text",
    "streaming": "flag",
    "status": "count",
    "error": "text",
    "attempts": "count",
    "prompt_tokens": "count",
    "completion_tokens": "count",
    **dict.fromkeys(BUCKETS, "count"),
    "images": "count",
    "service_tier": "text",
    "estimated": "flag",
    "cost": "money",
    "saved": "money",
    "duration": "seconds",
    "time_to_first_token": "seconds",
    "revision": "text",
    "finish_reason": "text",
    "tags": "document",
    "receipt": "document",
}
"""The kind of each column. ``input`` to ``audio_output`` are the disjoint parts of the two columns before them."""

_ROWS_AT_ONCE = 5000
_CALLERS = frozenset({"model", "requested_model", "error", "finish_reason"})
"""Columns whose text others than the operator may have chosen."""
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


class MissingLibrary(Exception):
    """Its text names the extra that brings it."""


def values_of(row: LedgerRow) -> list[Any]:
    """By ``COLUMNS``; None where nothing is known. Documents are JSON texts."""
    usage = row.usage
    buckets = [None] * len(BUCKETS) if usage is None else [getattr(usage, bucket) for bucket in BUCKETS]
    return [
        row.id,
        row.finished_at,
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
        None if usage is None else usage.prompt_tokens,
        None if usage is None else usage.completion_tokens,
        *buckets,
        None if usage is None else usage.images,
        None if usage is None else usage.service_tier,
        None if usage is None else usage.estimated,
        row.cost,
        row.saved,
        row.duration,
        row.time_to_first_token,
        row.revision,
        row.finish_reason,
        msgspec.json.encode(row.tags).decode(),
        row.receipt,
    ]


def write_csv(rows: Iterable[LedgerRow], file: BinaryIO) -> int:
    """With a head; money in plain digits, times in UTC."""
    text = io.TextIOWrapper(file, "utf-8", newline="")
    table = csv.writer(text)
    table.writerow(COLUMNS)
    count = 0
    for row in rows:
        count += 1
        table.writerow([_cell(name, value) for name, value in zip(COLUMNS, values_of(row), strict=True)])
    text.flush()
    text.detach()
    return count


def _cell(name: str, value: Any) -> Any:
    if isinstance(value, Decimal):
        return decimal_digits(value)
    if isinstance(value, datetime):
        return _instant(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if name in _CALLERS and value and value.startswith(_FORMULA):
        # A caller could name a model so that a spreadsheet takes it for a formula, and runs it.
        return f"'{value}"
    return value


def write_jsonl(rows: Iterable[LedgerRow], file: BinaryIO) -> int:
    """An object a line; money is a number with exactly its digits, which not every reader keeps."""
    count = 0
    for row in rows:
        count += 1
        record = {name: _member(name, value) for name, value in zip(COLUMNS, values_of(row), strict=True)}
        file.write(msgspec.json.encode(record) + b"\n")
    return count


def _member(name: str, value: Any) -> Any:
    if isinstance(value, Decimal):
        return msgspec.Raw(decimal_digits(value).encode())
    if isinstance(value, datetime):
        return _instant(value)
    if COLUMNS[name] == "document" and value is not None:
        return msgspec.Raw(value.encode())
    return value


def write_parquet(rows: Iterable[LedgerRow], file: BinaryIO) -> int:
    """Money is text, for no decimal of Parquet's is wide enough for all there may be: cast it where it is summed.

    Raises ``MissingLibrary``.
    """
    try:
        pyarrow, parquet = import_module("pyarrow"), import_module("pyarrow.parquet")
    except ImportError as error:
        message = "Parquet needs the extra 'parquet': pip install 'tornado-gateway[parquet]'"
        raise MissingLibrary(message) from error
    types = {
        "time": pyarrow.timestamp("us", tz="UTC"),
        "flag": pyarrow.bool_(),
        "count": pyarrow.int64(),
        "seconds": pyarrow.float64(),
    }
    schema = pyarrow.schema([(name, types.get(kind, pyarrow.string())) for name, kind in COLUMNS.items()])
    count = 0
    with parquet.ParquetWriter(file, schema) as table:
        for some in _batches(rows):
            count += len(some)
            columns = zip(*([_plain(value) for value in values_of(row)] for row in some), strict=True)
            arrays = [pyarrow.array(column, field.type) for column, field in zip(columns, schema, strict=True)]
            table.write_batch(pyarrow.record_batch(arrays, schema=schema))
    return count


def _plain(value: Any) -> Any:
    return decimal_digits(value) if isinstance(value, Decimal) else value


def _batches(rows: Iterable[LedgerRow]) -> Iterator[list[LedgerRow]]:
    left = iter(rows)
    while some := list(islice(left, _ROWS_AT_ONCE)):
        yield some


def _instant(at: datetime) -> str:
    """``2026-01-31T12:30:00.000001Z``, always as long."""
    return f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond:06d}Z"


FORMATS: dict[str, Write] = {"csv": write_csv, "jsonl": write_jsonl, "parquet": write_parquet}
