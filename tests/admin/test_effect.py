from datetime import timedelta
from pathlib import Path

from msgspec.structs import replace

from tests.operating import written
from tests.support import NOW, finished
from tornado_gateway.admin.effect import effect_of
from tornado_gateway.admin.reading import LedgerReader
from tornado_gateway.config.build import Loaded, load
from tornado_gateway.domain.rows import row_of
from tornado_gateway.storage.memory_ledger import MemoryLedger


def files(folder: Path) -> tuple[Loaded, Loaded]:
    path = written(folder)
    old = load(path, {})
    path.write_text(path.read_text().replace("output: 0.06", "output: 0.12"))
    return old, load(path, {})


async def test_the_rows_of_the_last_days_at_the_new_prices(tmp_path: Path) -> None:
    row = row_of(finished(provider="echo", model="echo4", route="echo4", requested_model="echo4"))
    early = replace(row, id="early", finished_at=NOW - timedelta(days=9))
    ledger = MemoryLedger()
    ledger.append([row, early])
    reader = LedgerReader(lambda: ledger)
    found = await effect_of(reader, *files(tmp_path), NOW - timedelta(days=3))
    assert found["no_effect"] is None
    served = found["effect"]["served"]
    assert (bytes(served["old"]), bytes(served["new"]), bytes(served["difference"])) == (
        b"0.00186",
        b"0.00336",
        b"0.0015",
    )


async def test_without_a_ledger_it_says_why(tmp_path: Path) -> None:
    found = await effect_of(LedgerReader(None), *files(tmp_path), NOW)
    assert found["effect"] is None
    assert "keeps no ledger" in found["no_effect"]
