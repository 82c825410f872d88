"""The outside world and the configuration: what everything else is made of."""

import os
import random
from dataclasses import fields

import httpx
from injector import Binder, Module, provider, singleton

from tornado_gateway.clock import SystemClock
from tornado_gateway.config.build import Loaded, MakeProvider, build
from tornado_gateway.config.model import ProviderSettings
from tornado_gateway.config.reload import Reloader
from tornado_gateway.domain.ports import ChatProvider, Clock, Publisher, Randomness
from tornado_gateway.domain.snapshot import SnapshotHolder
from tornado_gateway.providers.pooled import PooledTransport
from tornado_gateway.providers.registry import ProviderRegistry, ProviderSpec
from tornado_gateway.workers.seat import Crew, Seat


class WorldModule(Module):
    """What is outside: time, chance, the network."""

    def configure(self, binder: Binder) -> None:
        binder.bind(Clock, to=SystemClock, scope=singleton)
        binder.bind(Randomness, to=random.SystemRandom, scope=singleton)
        binder.bind(httpx.AsyncBaseTransport, to=PooledTransport, scope=singleton)


class ConfigModule(Module):
    """The configuration that was found at start, what follows it, and who else serves it."""

    def __init__(self, loaded: Loaded, seat: Seat | None = None) -> None:
        self._loaded = loaded
        self._crew = Crew(seat)

    def configure(self, binder: Binder) -> None:
        binder.bind(Crew, to=self._crew)

    @singleton
    @provider
    def loaded(self) -> Loaded:
        return self._loaded

    @singleton
    @provider
    def snapshots(self, loaded: Loaded, registry: ProviderRegistry, clock: Clock) -> SnapshotHolder:
        return SnapshotHolder(build(loaded, make_provider=_maker(registry), now=clock.now))

    @singleton
    @provider
    def reloader(
        self,
        loaded: Loaded,
        snapshots: SnapshotHolder,
        registry: ProviderRegistry,
        publisher: Publisher,
        clock: Clock,
        crew: Crew,
    ) -> Reloader:
        return Reloader(
            loaded,
            environ=os.environ,
            snapshots=snapshots,
            make_provider=_maker(registry),
            publisher=publisher,
            clock=clock,
            keep=crew.keep,
            workers=crew.workers,
        )


def _maker(registry: ProviderRegistry) -> MakeProvider:
    def make(settings: ProviderSettings) -> ChatProvider:
        return registry.make(
            ProviderSpec(**{field.name: getattr(settings, field.name) for field in fields(ProviderSpec)})
        )

    return make
