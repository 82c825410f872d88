import httpx
import pytest
from injector import Binder, Module

from tests.support import FakeClock, Half
from tornado_gateway.bootstrap import make_injector, make_runtime
from tornado_gateway.config.build import load
from tornado_gateway.config.schema import packaged_default
from tornado_gateway.domain.gateway import GatewayService
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
