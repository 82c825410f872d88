"""What a ledger's totals say: sums of them, and each as JSON."""

from collections.abc import Iterable
from typing import Any

from msgspec.structs import replace

from tornado_gateway.domain.groupings import Group
from tornado_gateway.domain.ledger import LedgerTotal
from tornado_gateway.domain.money import EXACT
from tornado_gateway.reports.numbers import number


def summed(totals: Iterable[LedgerTotal], group: Group = ()) -> LedgerTotal:
    """All of them as one, exactly."""
    first, *rest = totals
    one = replace(first, group=group)
    for each in rest:
        one = LedgerTotal(
            group=group,
            requests=one.requests + each.requests,
            failed=one.failed + each.failed,
            prompt_tokens=one.prompt_tokens + each.prompt_tokens,
            completion_tokens=one.completion_tokens + each.completion_tokens,
            cost=EXACT.add(one.cost, each.cost),
            saved=EXACT.add(one.saved, each.saved),
            unpriced=one.unpriced + each.unpriced,
        )
    return one


def figures(total: LedgerTotal) -> dict[str, Any]:
    """As JSON, without the group."""
    return {
        "requests": total.requests,
        "failed": total.failed,
        "prompt_tokens": total.prompt_tokens,
        "completion_tokens": total.completion_tokens,
        "cost": number(total.cost),
        "saved": number(total.saved),
        "unpriced": total.unpriced,
    }
