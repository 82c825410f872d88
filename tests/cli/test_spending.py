from datetime import UTC, datetime
from decimal import Decimal

import pytest

from tornado_gateway.cli.spending import chart, show
from tornado_gateway.domain.ledger import LedgerQuery, LedgerTotal


def total(group: str, cost: str, **members: int) -> LedgerTotal:
    return LedgerTotal(
        group=(group,), requests=1, failed=0, prompt_tokens=1, completion_tokens=1, cost=Decimal(cost),
        saved=Decimal(0), **members,
    )  # fmt: skip


def test_a_chart_ends_where_the_period_does() -> None:
    days = [total("2026-01-02", "1"), total("2026-01-03", "2")]
    now = datetime(2026, 1, 10, tzinfo=UTC)

    def last_line(**members: datetime) -> str:
        return list(chart(days, LedgerQuery(**members), now))[-1]

    since = datetime(2026, 1, 1, 12, tzinfo=UTC)
    assert last_line() == "2026-01-02 to 2026-01-10"
    assert last_line(since=since, until=datetime(2026, 1, 5, tzinfo=UTC)) == "2026-01-01 to 2026-01-04"
    assert last_line(since=since, until=datetime(2027, 1, 1, tzinfo=UTC)) == "2026-01-01 to 2026-01-10"


def test_what_has_no_price_anywhere(capsys: pytest.CaptureFixture[str]) -> None:
    show(["model"], [total("x", "0", unpriced=3)], 5)
    out = capsys.readouterr().out
    assert "unknown" in out
    assert out.endswith("calls without a price, which are in no sum of USD: 3\n")
