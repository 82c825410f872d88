from pathlib import Path

import httpx
import pytest
from injector import Binder, Module

from tests.support import FakeClock, Half
from tornado_gateway.bootstrap import make_injector, make_runtime, open_ledger
from tornado_gateway.config.build import load
from tornado_gateway.config.schema import packaged_default
from tornado_gateway.domain.gateway import GatewayService
from tornado_gateway.domain.ledger import LedgerQuery, LedgerUnavailable
from tornado_gateway.domain.ports import Clock, Randomness
from tornado_gateway.domain.snapshot import SnapshotHolder
from tornado_gateway.providers.registry import ProviderRegistry
from tornado_gateway.runtime import Runtime


class Replaced(Module):
    def configure(self, binder: Binder) -> None:
        binder.bind(Clock, to=FakeClock())
        binder.bind(Randomness, to=Half())
        binder.bind(httpx.AsyncBaseTransport, to=httpx.MockTransport(lambda request: httpx.Response(200)))


async def test_every_port_is_replaced_in_one_line() -> None:
    house = make_injector(load(packaged_default(), {}), Replaced())
    assert isinstance(house.get(Clock), FakeClock)
    assert isinstance(house.get(Randomness), Half)
    assert isinstance(house.get(httpx.AsyncBaseTransport), httpx.MockTransport)
    assert house.get(GatewayService) is house.get(GatewayService)


async def test_one_of_each_and_all_of_one_house() -> None:
    house = make_injector(load(packaged_default(), {}))
    for kind in (SnapshotHolder, ProviderRegistry, Clock):
        assert house.get(kind) is house.get(kind)
    runtime = make_runtime(load(packaged_default(), {}))
    assert isinstance(runtime, Runtime)
    assert runtime.snapshots.current.revision == load(packaged_default(), {}).revision
    await runtime.close()


def test_the_ledger_of_a_configuration(tmp_path: Path) -> None:
    ledger = open_ledger(load(packaged_default(), {"LEDGER_URL": f"sqlite:///{tmp_path}/usage.db"}))
    assert ledger.count(LedgerQuery()) == 0
    ledger.close()
    with pytest.raises(LedgerUnavailable, match="keeps no ledger"):
        open_ledger(load(packaged_default(), {"LEDGER_URL": "none"}))
