from collections.abc import Callable

from tornado_gateway.domain.ledger import LedgerQuery, LedgerRow
from tornado_gateway.storage.memory_ledger import MemoryLedger


def test_rows_live_on_when_it_is_closed(row: Callable[..., LedgerRow]) -> None:
    ledger = MemoryLedger()
    made = row()
    ledger.append([made])
    ledger.close()
    assert list(ledger.rows(LedgerQuery())) == [made]
