"""The line from a caller to a provider and back."""

import os

import httpx
from injector import Binder, Module, provider, singleton
from loguru import logger

from tornado_gateway.bootstrap.access_control import AccessControl, make_access_control
from tornado_gateway.bootstrap.exporting import Exporting
from tornado_gateway.bootstrap.limiting import Limiting
from tornado_gateway.config.build import Loaded
from tornado_gateway.config.reload import Reloader
from tornado_gateway.domain.administration import AdminDesk
from tornado_gateway.domain.breakers import Breakers
from tornado_gateway.domain.conditions import conditions
from tornado_gateway.domain.dispatch import Dispatch
from tornado_gateway.domain.gateway import GatewayService
from tornado_gateway.domain.guardrails.guard import Guard
from tornado_gateway.domain.ledger_url import parse_ledger_url
from tornado_gateway.domain.mirroring import Mirrors
from tornado_gateway.domain.places import Places
from tornado_gateway.domain.ports import Clock, Publisher, Randomness
from tornado_gateway.domain.probing import Prober
from tornado_gateway.domain.snapshot import SnapshotHolder
from tornado_gateway.httpserver.application import make_application, make_gates
from tornado_gateway.httpserver.gates.admin import AdminGate
from tornado_gateway.httpserver.lifecycle import Lifecycle
from tornado_gateway.httpserver.server import GatewayHTTPServer, Listening
from tornado_gateway.httpserver.services import AdminSide, Services
from tornado_gateway.httpserver.sharing import SharingHTTPServer
from tornado_gateway.observability.exposition import Exposition
from tornado_gateway.providers.registry import ProviderRegistry
from tornado_gateway.workers.seat import Crew


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
        exporting: Exporting,
        guard: Guard,
    ) -> GatewayService:
        return GatewayService(
            snapshots=snapshots,
            dispatch=dispatch,
            publisher=publisher,
            clock=clock,
            mirrors=Mirrors(randomness=randomness, clock=clock),
            admission=limiting.admission,
            tracing=exporting.tracing,
            guard=guard,
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
        loaded: Loaded,
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
        desk: AdminDesk,
        publisher: Publisher,
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
            admin=AdminSide(AdminGate(snapshots, clock, publisher), desk),
            report=lambda error: logger.opt(exception=error).error("a handler failed"),
        )
        application = make_application(services)
        listening = Listening(loaded.settings.server.tls, announce=logger.info, warn=logger.warning)
        if crew.seat is None:
            return GatewayHTTPServer(application, snapshots=snapshots, clock=clock, listening=listening)
        return SharingHTTPServer(application, snapshots=snapshots, clock=clock, loads=crew.seat, listening=listening)
