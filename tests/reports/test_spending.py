from decimal import Decimal

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from tornado_gateway.domain.ledger import LedgerTotal
from tornado_gateway.reports.spending import figures, summed

numbers = st.integers(0, 10**9)
money = st.decimals(0, 10**6, places=20)
totals = st.builds(
    LedgerTotal, group=st.just(("x",)), requests=numbers, failed=numbers, prompt_tokens=numbers,
    completion_tokens=numbers, cost=money, saved=money, unpriced=numbers,
)  # fmt: skip


@given(st.lists(totals, min_size=1))
def test_sums_are_exact(parts: list[LedgerTotal]) -> None:
    one = summed(parts, ("all",))
    assert one.group == ("all",)
    for name in ("requests", "failed", "prompt_tokens", "completion_tokens", "cost", "saved", "unpriced"):
        assert getattr(one, name) == sum(getattr(part, name) for part in parts)


def test_json_without_the_group() -> None:
    total = LedgerTotal(
        group=("x",), requests=4, failed=1, prompt_tokens=2, completion_tokens=3, cost=Decimal("1.86E-3"),
        saved=Decimal(0), unpriced=3,
    )  # fmt: skip
    assert msgspec.json.encode(figures(total)) == (
        b'{"requests":4,"failed":1,"prompt_tokens":2,"completion_tokens":3,"cost":0.00186,"saved":0,"unpriced":3}'
    )
