from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tornado_gateway.cli.spending import chart, figures, show, summed
from tornado_gateway.domain.ledger import LedgerQuery, LedgerTotal

numbers = st.integers(0, 10**9)
money = st.decimals(0, 10**6, places=20)
totals = st.builds(
    LedgerTotal, group=st.just(("x",)), requests=numbers, failed=numbers, prompt_tokens=numbers,
    completion_tokens=numbers, cost=money, saved=money, unpriced=numbers,
)  # fmt: skip


def total(group: str, cost: str, **members: int) -> LedgerTotal:
    return LedgerTotal(
        group=(group,), requests=1, failed=0, prompt_tokens=1, completion_tokens=1, cost=Decimal(cost),
        saved=Decimal(0), **members,
    )  # fmt: skip


@given(st.lists(totals, min_size=1))
def test_sums_are_exact(parts: list[LedgerTotal]) -> None:
    one = summed(parts, ("all",))
    assert one.group == ("all",)
    for name in ("requests", "failed", "prompt_tokens", "completion_tokens", "cost", "saved", "unpriced"):
        assert getattr(one, name) == sum(getattr(part, name) for part in parts)


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
    assert figures(total("x", "0", unpriced=3))["unpriced"] == 3
