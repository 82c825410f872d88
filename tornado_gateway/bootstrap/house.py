"""The whole house, put together: a gateway that runs, or those parts of it that a command needs."""

from collections.abc import Iterator, Mapping

import httpx
from injector import Injector, Module

from tornado_gateway.bootstrap.access_control import AccessControl
from tornado_gateway.bootstrap.administering import AdminModule
from tornado_gateway.bootstrap.dispatching import DispatchModule
from tornado_gateway.bootstrap.exporting import Exporting, ExportModule
from tornado_gateway.bootstrap.guarding import GuardModule
from tornado_gateway.bootstrap.limiting import Limiting, LimitsModule
from tornado_gateway.bootstrap.observing import ObservabilityModule, StorageModule
from tornado_gateway.bootstrap.runtime import Recorder, Runtime
from tornado_gateway.bootstrap.serving import ServiceModule
from tornado_gateway.bootstrap.world import ConfigModule, WorldModule
from tornado_gateway.config.build import Loaded
from tornado_gateway.config.reload import Reloader
from tornado_gateway.domain.caching import AnswerCache
from tornado_gateway.domain.endpoints import Provider
from tornado_gateway.domain.gateway import GatewayService
from tornado_gateway.domain.ledger import Ledger, LedgerUnavailable
from tornado_gateway.domain.ledger_url import parse_ledger_url
from tornado_gateway.domain.ports import Clock
from tornado_gateway.domain.probing import Prober
from tornado_gateway.domain.snapshot import SnapshotHolder
from tornado_gateway.httpserver.lifecycle import Lifecycle
from tornado_gateway.httpserver.server import GatewayHTTPServer
from tornado_gateway.observability.bus import EventBus
from tornado_gateway.observability.exposition import Exposition
from tornado_gateway.providers.registry import ProviderRegistry
from tornado_gateway.storage.opening import ledger_at
from tornado_gateway.workers.seat import Seat


def _unconfigured(snapshots: SnapshotHolder) -> Iterator[str]:
    names = [name for name, known in snapshots.current.providers.items() if not known.configured]
    if len(names) == 1:
        yield f"provider {names[0]} has no API key: its routes answer 503"
    elif names:
        yield f"providers {', '.join(names)} have no API key: their routes answer 503"


def make_injector(loaded: Loaded, *replacements: Module, seat: Seat | None = None) -> Injector:
    """The whole house; a replacement's bindings take the place of ours. ``seat`` is that of one of several workers."""
    house = (ConfigModule(loaded, seat), ObservabilityModule(), StorageModule(), LimitsModule(), ExportModule())
    return Injector(
        [WorldModule(), *house, DispatchModule(), GuardModule(), ServiceModule(), AdminModule(), *replacements],
        auto_bind=False,
    )


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
        exporter=house.get(Exporting).exporter,
        notes=(
            *(str(warning) for warning in loaded.warnings),
            *_unconfigured(house.get(SnapshotHolder)),
            *house.get(Exporting).exporter.notes,
        ),
    )
