import threading

import pytest

from tests.serving import until
from tornado_gateway.admin.reading import LedgerReader, Patience
from tornado_gateway.domain.admin_errors import LedgerAway, LedgerSlow
from tornado_gateway.domain.ledger import Ledger, LedgerQuery, LedgerUnavailable
from tornado_gateway.storage.memory_ledger import MemoryLedger


def count(ledger: Ledger, check: Patience) -> tuple[int, int]:
    check()
    return ledger.count(LedgerQuery()), threading.get_ident()


async def test_in_a_thread() -> None:
    reader = LedgerReader(MemoryLedger)
    found, thread = await reader.ask(count)
    assert found == 0
    assert thread != threading.get_ident()


async def test_without_a_ledger_and_with_one_that_is_away() -> None:
    def away() -> Ledger:
        raise LedgerUnavailable("db: no route to host")

    none: LedgerReader[Ledger] = LedgerReader(None)
    gone = LedgerReader(away)
    with pytest.raises(LedgerAway, match="keeps no ledger"):
        await none.ask(count)
    with pytest.raises(LedgerAway, match="no route to host"):
        await gone.ask(count)


async def test_not_for_ever_and_what_nobody_waits_for_ends() -> None:
    reader = LedgerReader(MemoryLedger, seconds=0.05, threads=1)
    ended = threading.Event()
    begun: list[int] = []

    def endless(ledger: Ledger, check: Patience) -> None:
        begun.append(1)
        try:
            while True:
                check()
        finally:
            ended.set()

    with pytest.raises(LedgerSlow, match="shorter period"):
        await reader.ask(endless)
    await until(ended.is_set)
    assert begun == [1]


async def test_not_for_any_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tornado_gateway.admin.reading._WAITING", 0)
    reader = LedgerReader(MemoryLedger)
    with pytest.raises(LedgerSlow, match="under way"):
        await reader.ask(count)
