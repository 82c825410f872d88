import os
import socket
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support import finished
from tornado_gateway.bootstrap import make_runtime, open_ledger
from tornado_gateway.config.build import load
from tornado_gateway.config.schema import packaged_default
from tornado_gateway.domain.errors import GatewayError
from tornado_gateway.domain.ledger import LedgerQuery
from tornado_gateway.httpserver.lifecycle import Lifecycle


@dataclass(eq=False)
class Call:
    """Ends when it is told to."""

    lifecycle: Lifecycle
    told: str | None = None

    def end(self, error: GatewayError) -> None:
        self.told = error.default_code
        self.lifecycle.leave(self)


@pytest.mark.parametrize(("host", "exposed"), [("127.0.0.1", False), ("0.0.0.0", True)])
async def test_the_sockets_tell_whether_others_can_come(host: str, exposed: bool) -> None:
    runtime = make_runtime(load(packaged_default(), {"LEDGER_URL": "none"}))
    with socket.create_server((host, 0)) as listening:
        listening.setblocking(False)
        await runtime.start([listening])
        assert runtime.access.authenticator.exposed is exposed
        assert runtime.access.authenticator.idle is not exposed
        await runtime.close()


async def test_a_drain_waits_for_calls_only_so_long(tmp_path: Path) -> None:
    file = tmp_path / "gateway.yaml"
    file.write_text(packaged_default().read_text().replace("drain_timeout: 30", "drain_timeout: 0.01"))
    runtime = make_runtime(load(file, os.environ))
    assert await runtime.drain()
    call = Call(runtime.lifecycle)
    runtime.lifecycle.enter(call)
    assert not await runtime.drain()
    assert call.told == "shutting_down"
    assert await runtime.drain()
    runtime.lifecycle.enter(call)
    assert not await runtime.retire()
    assert runtime.lifecycle.calls == 0
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
