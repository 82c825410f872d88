import asyncio
import threading
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import pytest

from tornado_gateway.domain.ledger import LedgerQuery, LedgerTotal, LedgerUnavailable
from tornado_gateway.storage.ledger_spent import LedgerSpent


class Ledger:
    """Remembers in which threads it was used."""

    def __init__(self, *costs: str) -> None:
        self.costs = costs
        self.threads: set[int] = set()
        self.asked: list[tuple[LedgerQuery, Sequence[str]]] = []
        self.closed = False

    def totals(self, query: LedgerQuery, by: Sequence[str]) -> list[LedgerTotal]:
        self.threads.add(threading.get_ident())
        self.asked.append((query, by))
        return [
            LedgerTotal(
                group=(),
                requests=1,
                failed=0,
                prompt_tokens=1,
                completion_tokens=1,
                cost=Decimal(cost),
                saved=Decimal(0),
            )
            for cost in self.costs
        ]

    def close(self) -> None:
        self.threads.add(threading.get_ident())
        self.closed = True


async def test_sums_in_one_thread_that_is_not_the_loops() -> None:
    ledger: Any = Ledger("0.1", "0.000000000000000000000000000001")
    opened: list[int] = []

    def open_it() -> Any:
        opened.append(threading.get_ident())
        return ledger

    spent = LedgerSpent(open_it)
    assert opened == []
    query = LedgerQuery(key="team-a")
    assert (
        await asyncio.gather(spent.spent(query), spent.spent(query))
        == [Decimal("0.100000000000000000000000000001")] * 2
    )
    await spent.close()
    assert ledger.closed
    assert ledger.asked == [(query, ()), (query, ())]
    assert len(ledger.threads) == len(opened) == 1
    assert threading.get_ident() not in ledger.threads


async def test_nothing_was_spent() -> None:
    spent = LedgerSpent(Ledger)  # type: ignore[arg-type]
    assert await spent.spent(LedgerQuery()) == 0
    await spent.close()


async def test_a_ledger_that_can_not_be_opened_is_tried_again() -> None:
    answers: list[Any] = [LedgerUnavailable("no"), Ledger("1")]

    def open_it() -> Any:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    spent = LedgerSpent(open_it)
    with pytest.raises(LedgerUnavailable):
        await spent.spent(LedgerQuery())
    assert await spent.spent(LedgerQuery()) == 1
    await spent.close()


async def test_closed_before_it_was_asked() -> None:
    await LedgerSpent(lambda: pytest.fail("nobody asked")).close()
