from pathlib import Path

import httpx
import pytest
from injector import Binder, Module

from tests.support import FakeClock, Half, finished
from tornado_gateway.bootstrap import make_injector, make_runtime, open_ledger
from tornado_gateway.bootstrap.runtime import Recorder, Runtime
from tornado_gateway.config.build import load
from tornado_gateway.config.schema import packaged_default
from tornado_gateway.domain.gateway import GatewayService
from tornado_gateway.domain.ledger import LedgerQuery, LedgerUnavailable
from tornado_gateway.domain.ports import Clock, Randomness
from tornado_gateway.domain.snapshot import SnapshotHolder
from tornado_gateway.observability.bus import EventBus
from tornado_gateway.observability.metrics import MetricsSubscriber
from tornado_gateway.providers.registry import ProviderRegistry
from tornado_gateway.storage.recorder import NoRecorder


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


async def test_providers_without_a_key_are_told_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    async def told(*names: str) -> list[str]:
        runtime = make_runtime(load(packaged_default(), {f"{name}_API_KEY": "k" for name in names}))
        await runtime.close()
        return [note for note in runtime.notes if "API key" in note]

    names = ["OPENAI", "ANTHROPIC", "GEMINI", "MISTRAL", "GROQ", "DEEPSEEK", "XAI"]
    for name in names:
        monkeypatch.delenv(f"{name}_API_KEY", raising=False)
    assert await told(*names[:4]) == ["providers groq, deepseek, xai have no API key: their routes answer 503"]
    assert await told(*names[:6]) == ["provider xai has no API key: its routes answer 503"]
    assert await told(*names) == []


def test_the_ledger_of_a_configuration(tmp_path: Path) -> None:
    ledger = open_ledger(load(packaged_default(), {"LEDGER_URL": f"sqlite:///{tmp_path}/usage.db"}))
    assert ledger.count(LedgerQuery()) == 0
    ledger.close()
    with pytest.raises(LedgerUnavailable, match="keeps no ledger"):
        open_ledger(load(packaged_default(), {"LEDGER_URL": "none"}))


async def test_without_a_ledger_nobody_records_and_with_one_its_figures_are_among_the_metrics(tmp_path: Path) -> None:
    house = make_injector(load(packaged_default(), {"LEDGER_URL": "none"}))
    assert isinstance(house.get(Recorder), NoRecorder)
    assert b"gateway_ledger" not in house.get(MetricsSubscriber).render()[0]
    house = make_injector(load(packaged_default(), {"LEDGER_URL": f"sqlite:///{tmp_path}/usage.db"}))
    house.get(EventBus).publish(finished())
    assert b"gateway_ledger_waiting 1.0" in house.get(MetricsSubscriber).render()[0]
    assert list(tmp_path.iterdir()) == [], "nothing is opened before the start"
