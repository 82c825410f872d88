"""The composition root: who gets what. The only file that imports injector.

``make_injector(loaded, replacement)`` with a module of one line replaces any port in a test: what is bound last counts.
"""

import os
import random
from collections.abc import Iterator, Mapping
from dataclasses import fields

import httpx
from injector import Binder, Injector, Module, provider, singleton
from loguru import logger

from tornado_gateway.access_control import AccessControl, make_access_control
from tornado_gateway.clock import SystemClock
from tornado_gateway.config.build import Loaded, MakeProvider, build
from tornado_gateway.config.model import LogSettings, ProviderSettings
from tornado_gateway.config.reload import Reloader
from tornado_gateway.dispatching import DispatchModule
from tornado_gateway.domain.breakers import Breakers
from tornado_gateway.domain.caching import AnswerCache
from tornado_gateway.domain.conditions import conditions
from tornado_gateway.domain.dispatch import Dispatch
from tornado_gateway.domain.endpoints import Provider
from tornado_gateway.domain.gateway import GatewayService
from tornado_gateway.domain.ledger import Ledger, LedgerUnavailable
from tornado_gateway.domain.ledger_url import parse_ledger_url
from tornado_gateway.domain.mirroring import Mirrors
from tornado_gateway.domain.places import Places
from tornado_gateway.domain.ports import ChatProvider, Clock, Publisher, Randomness
from tornado_gateway.domain.probing import Prober
from tornado_gateway.domain.snapshot import SnapshotHolder
from tornado_gateway.httpserver.application import make_application, make_gates
from tornado_gateway.httpserver.dialects.recognition import DIALECTS, decode_call
from tornado_gateway.httpserver.lifecycle import Lifecycle
from tornado_gateway.httpserver.server import GatewayHTTPServer
from tornado_gateway.httpserver.services import Services
from tornado_gateway.httpserver.sharing import SharingHTTPServer
from tornado_gateway.limiting import Limiting, LimitsModule
from tornado_gateway.observability.bus import EventBus
from tornado_gateway.observability.exposition import Exposition
from tornado_gateway.observability.ledger_metrics import LedgerFamilies
from tornado_gateway.observability.log_subscriber import LogSubscriber
from tornado_gateway.observability.logging import configure
from tornado_gateway.observability.metrics import MetricsSubscriber
from tornado_gateway.observability.sink import LineSink
from tornado_gateway.providers.registry import ProviderRegistry, ProviderSpec
from tornado_gateway.providers.upstream import make_transport
from tornado_gateway.runtime import Recorder, Runtime
from tornado_gateway.storage.opening import ledger_at, recorder_at
from tornado_gateway.storage.recorder import LedgerRecorder, NoRecorder
from tornado_gateway.workers.seat import Crew, Seat

__all__ = [
    "DIALECTS",
    "Runtime",
    "decode_call",
    "make_injector",
    "make_providers",
    "make_runtime",
    "open_ledger",
    "start_log",
]


class WorldModule(Module):
    """What is outside: time, chance, the network."""

    def configure(self, binder: Binder) -> None:
        binder.bind(Clock, to=SystemClock, scope=singleton)
        binder.bind(Randomness, to=random.SystemRandom, scope=singleton)
        binder.bind(httpx.AsyncBaseTransport, to=make_transport, scope=singleton)


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
        )


def _maker(registry: ProviderRegistry) -> MakeProvider:
    def make(settings: ProviderSettings) -> ChatProvider:
        return registry.make(
            ProviderSpec(**{field.name: getattr(settings, field.name) for field in fields(ProviderSpec)})
        )

    return make


def start_log(settings: LogSettings, worker: int | None = None) -> LineSink:
    """From here on the log is what ``settings`` say, with the number of one of several workers in each line."""
    return configure(settings.level, "human" if settings.format == "human" else "json", worker=worker)


class ObservabilityModule(Module):
    """Who listens."""

    @singleton
    @provider
    def sink(self, loaded: Loaded, crew: Crew) -> LineSink:
        return start_log(loaded.settings.log, crew.number)

    @singleton
    @provider
    def metrics(self) -> MetricsSubscriber:
        return MetricsSubscriber()

    @singleton
    @provider
    def bus(self, metrics: MetricsSubscriber, sink: LineSink, recorder: Recorder) -> EventBus:
        bus = EventBus()
        if isinstance(recorder, LedgerRecorder):
            bus.add_lossless(recorder.offer)
            metrics.register(LedgerFamilies(lambda: recorder.figures))
        bus.add_inline(metrics)
        bus.add_inline(LogSubscriber())
        metrics.watch_drops(bus.dropped, sink.dropped)
        return bus

    @provider
    def publisher(self, bus: EventBus) -> Publisher:
        return bus

    @singleton
    @provider
    def exposition(self, metrics: MetricsSubscriber, bus: EventBus, crew: Crew) -> Exposition:
        return Exposition(metrics, bus.flush, crew.seat)


class StorageModule(Module):
    """Who keeps what happened."""

    @singleton
    @provider
    def recorder(self, loaded: Loaded, clock: Clock) -> Recorder:
        ledger = loaded.settings.ledger
        place = parse_ledger_url(ledger.url)
        if place is None:
            return NoRecorder()
        return recorder_at(
            place, clock, interval=ledger.flush_interval, days=ledger.retention_days, journal=ledger.journal
        )


class ServiceModule(Module):
    """The line from a caller to a provider and back."""

    def configure(self, binder: Binder) -> None:
        binder.bind(Lifecycle, scope=singleton)

    @singleton
    @provider
    def registry(self, transport: httpx.AsyncBaseTransport, clock: Clock) -> ProviderRegistry:
        return ProviderRegistry(transport, clock, os.environ)

    @singleton
    @provider
    def prober(self, snapshots: SnapshotHolder, breakers: Breakers, clock: Clock) -> Prober:
        return Prober(snapshots=snapshots, breakers=breakers, clock=clock)

    @singleton
    @provider
    def gateway(
        self,
        snapshots: SnapshotHolder,
        dispatch: Dispatch,
        publisher: Publisher,
        clock: Clock,
        randomness: Randomness,
        limiting: Limiting,
    ) -> GatewayService:
        return GatewayService(
            snapshots=snapshots,
            dispatch=dispatch,
            publisher=publisher,
            clock=clock,
            mirrors=Mirrors(randomness=randomness, clock=clock),
            admission=limiting.admission,
        )

    @singleton
    @provider
    def access(
        self,
        loaded: Loaded,
        snapshots: SnapshotHolder,
        transport: httpx.AsyncBaseTransport,
        clock: Clock,
        publisher: Publisher,
    ) -> AccessControl:
        place = parse_ledger_url(loaded.settings.ledger.url)
        return make_access_control(place, snapshots, transport, clock, publisher)

    @singleton
    @provider
    def server(
        self,
        gateway: GatewayService,
        snapshots: SnapshotHolder,
        lifecycle: Lifecycle,
        clock: Clock,
        reloader: Reloader,
        exposition: Exposition,
        breakers: Breakers,
        places: Places,
        access: AccessControl,
        crew: Crew,
    ) -> GatewayHTTPServer:
        services = Services(
            gateway=gateway,
            snapshots=snapshots,
            lifecycle=lifecycle,
            clock=clock,
            gates=make_gates(snapshots, lifecycle, access.gate),
            auth=access.gate,
            config_status=lambda: reloader.status.as_dict(),  # noqa: PLW0108 - the status is replaced
            conditions=lambda: conditions(snapshots.current, breakers, places),
            render_metrics=exposition.render,
            worker=crew.number,
            report=lambda error: logger.opt(exception=error).error("a handler failed"),
        )
        application = make_application(services)
        if crew.seat is None:
            return GatewayHTTPServer(application, snapshots=snapshots, clock=clock)
        return SharingHTTPServer(application, snapshots=snapshots, clock=clock, loads=crew.seat)


def _unconfigured(snapshots: SnapshotHolder) -> Iterator[str]:
    names = [name for name, known in snapshots.current.providers.items() if not known.configured]
    if len(names) == 1:
        yield f"provider {names[0]} has no API key: its routes answer 503"
    elif names:
        yield f"providers {', '.join(names)} have no API key: their routes answer 503"


def make_injector(loaded: Loaded, *replacements: Module, seat: Seat | None = None) -> Injector:
    """The whole house; a replacement's bindings take the place of ours. ``seat`` is that of one of several workers."""
    house = (ConfigModule(loaded, seat), ObservabilityModule(), StorageModule(), LimitsModule())
    return Injector([WorldModule(), *house, DispatchModule(), ServiceModule(), *replacements], auto_bind=False)


def make_providers(loaded: Loaded) -> Mapping[str, Provider]:
    """The providers alone, for whoever wants to hear what they know of themselves."""
    return make_injector(loaded).get(SnapshotHolder).current.providers


def open_ledger(loaded: Loaded) -> Ledger:
    """The ledger that ``loaded`` names, for whoever reads in it. Raises ``LedgerUnavailable`` where it names none."""
    place = parse_ledger_url(loaded.settings.ledger.url)
    if place is None:
        raise LedgerUnavailable(f"{loaded.path} keeps no ledger: say so under ledger.url")
    return ledger_at(place)


def make_runtime(loaded: Loaded, *replacements: Module, seat: Seat | None = None) -> Runtime:
    """A gateway that serves ``loaded`` and follows its file."""
    house = make_injector(loaded, *replacements, seat=seat)
    return Runtime(
        server=house.get(GatewayHTTPServer),
        gateway=house.get(GatewayService),
        registry=house.get(ProviderRegistry),
        prober=house.get(Prober),
        access=house.get(AccessControl),
        limiting=house.get(Limiting),
        snapshots=house.get(SnapshotHolder),
        lifecycle=house.get(Lifecycle),
        reloader=house.get(Reloader),
        bus=house.get(EventBus),
        exposition=house.get(Exposition),
        clock=house.get(Clock),
        transport=house.get(httpx.AsyncBaseTransport),
        answers=house.get(AnswerCache),
        recorder=house.get(Recorder),
        notes=(*(str(warning) for warning in loaded.warnings), *_unconfigured(house.get(SnapshotHolder))),
    )
