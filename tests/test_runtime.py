import os
from pathlib import Path

from tests.support import finished
from tornado_gateway.bootstrap import make_runtime, open_ledger
from tornado_gateway.config.build import load
from tornado_gateway.config.schema import packaged_default
from tornado_gateway.domain.ledger import LedgerQuery


async def test_a_drain_waits_for_calls_only_so_long(tmp_path: Path) -> None:
    file = tmp_path / "gateway.yaml"
    file.write_text(packaged_default().read_text().replace("drain_timeout: 30", "drain_timeout: 0.01"))
    runtime = make_runtime(load(file, os.environ))
    assert await runtime.drain()
    runtime.lifecycle.enter()
    assert not await runtime.drain()
    runtime.lifecycle.leave()
    assert await runtime.drain()
    await runtime.close()


async def test_what_ends_last_is_in_the_ledger(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/usage.db"
    loaded = load(packaged_default(), {"LEDGER_URL": url})
    runtime = make_runtime(loaded)
    await runtime.start([])
    runtime.bus.publish(finished())
    await runtime.close()
    ledger = open_ledger(loaded)
    assert [row.request_id for row in ledger.rows(LedgerQuery())] == ["req_1"]
    ledger.close()
