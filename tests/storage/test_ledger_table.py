from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone

from tornado_gateway.domain.ledger import LedgerRow
from tornado_gateway.domain.usage import TokenUsage
from tornado_gateway.storage.ledger_table import COLUMNS, microseconds, record_of, row_of_record


def test_a_record_has_a_value_for_each_column(row: Callable[..., LedgerRow]) -> None:
    made = row(usage=TokenUsage(1, 2, cached_input=3), tags={"a": "b"})
    named = dict(zip(COLUMNS, record_of(made), strict=True))
    assert (named["input_tokens"], named["cached_input_tokens"], named["images"]) == (1, 3, None)
    assert (named["cost"], named["tags"], named["key_id"]) == ("0.00186", '{"a":"b"}', "team-a")
    assert row_of_record(record_of(made)) == made


def test_nothing_known_is_not_nothing_used(row: Callable[..., LedgerRow]) -> None:
    assert row_of_record(record_of(row(usage=None))).usage is None
    assert row_of_record(record_of(row(usage=TokenUsage()))).usage == TokenUsage()


def test_microseconds_are_exact_in_any_zone() -> None:
    at = datetime(9998, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)
    assert microseconds(at) == 253370764799999999
    assert microseconds(at.astimezone(timezone(timedelta(hours=5)))) == microseconds(at)
