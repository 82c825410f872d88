from datetime import UTC, datetime
from decimal import Decimal

import msgspec

from tornado_gateway.domain.ledger import LedgerRow
from tornado_gateway.domain.usage import TokenUsage


def test_a_row_is_the_same_after_a_way_through_json() -> None:
    row = LedgerRow(
        id="a",
        finished_at=datetime(2026, 1, 2, tzinfo=UTC),
        request_id="r",
        route="x",
        provider="p",
        model="m",
        status=200,
        usage=TokenUsage(1, 2, cached_input=3),
        cost=Decimal("0.000000000000000000000001"),
        tags={"team": "a"},
    )
    assert msgspec.json.decode(msgspec.json.encode(row), type=LedgerRow) == row
