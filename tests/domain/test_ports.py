"""The stand-ins of these tests and the real sides are what the ports ask for."""

import random

import httpx

from tests.support import FakeClock, Half, Recorder, ScriptedProvider
from tornado_gateway.domain.ports import ChatProvider, Clock, Publisher, Randomness
from tornado_gateway.providers.registry import ProviderRegistry, ProviderSpec


def test_stand_ins_fit_the_ports() -> None:
    assert isinstance(FakeClock(), Clock)
    assert isinstance(Half(), Randomness)
    assert isinstance(Recorder(), Publisher)
    assert isinstance(ScriptedProvider(), ChatProvider)


def test_chance_itself_fits() -> None:
    assert isinstance(random, Randomness)
    assert isinstance(random.Random(), Randomness)


def test_every_kind_of_provider_fits() -> None:
    registry = ProviderRegistry(httpx.MockTransport(lambda request: httpx.Response(500)), FakeClock())
    for kind in registry.kinds:
        made = registry.make(ProviderSpec("p", kind, base_url="http://up.example/v1", api_key="k"))
        assert isinstance(made, ChatProvider), kind


def test_a_port_is_more_than_a_name() -> None:
    assert not isinstance(object(), ChatProvider)
    assert not isinstance(Recorder(), Clock)
