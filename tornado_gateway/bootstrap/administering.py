"""The admin API, put together: a part of the composition root.

A module with one line replaces who answers (``AdminDesk``) in a test.
"""

import os
from dataclasses import dataclass
from functools import partial

from injector import Module, provider, singleton

from tornado_gateway.admin.configuration import Configuration
from tornado_gateway.admin.desk import Desk
from tornado_gateway.admin.documents import told
from tornado_gateway.admin.feed import Feed
from tornado_gateway.admin.health import HealthBook
from tornado_gateway.admin.history import ReloadHistory
from tornado_gateway.admin.keys import Keys
from tornado_gateway.admin.openapi import Description
from tornado_gateway.admin.prices import Prices
from tornado_gateway.admin.reading import LedgerReader
from tornado_gateway.admin.requests import Requests
from tornado_gateway.admin.routes import Routes
from tornado_gateway.admin.spend import Spend
from tornado_gateway.admin.subscriber import AdminSubscriber
from tornado_gateway.bootstrap.access_control import AccessControl
from tornado_gateway.config.build import Loaded
from tornado_gateway.config.reload import Reloader
from tornado_gateway.domain.administration import AdminDesk, Asked, Told
from tornado_gateway.domain.breakers import Breakers
from tornado_gateway.domain.key_store import KeyStore
from tornado_gateway.domain.ledger import Ledger
from tornado_gateway.domain.ledger_url import parse_ledger_url
from tornado_gateway.domain.ports import Clock
from tornado_gateway.domain.snapshot import SnapshotHolder
from tornado_gateway.domain.strategies import Strategies
from tornado_gateway.observability.bus import EventBus
from tornado_gateway.observability.redact import redact
from tornado_gateway.storage.opening import key_store_at, ledger_at
from tornado_gateway.workers.seat import Crew


@dataclass(frozen=True, slots=True)
class Lately:
    """What this process remembers of what happened."""

    history: ReloadHistory
    health: HealthBook
    feed: Feed


class AdminModule(Module):
    """Who answers operators, and what listens for them."""

    @singleton
    @provider
    def lately(self, bus: EventBus, snapshots: SnapshotHolder, clock: Clock) -> Lately:
        made = Lately(ReloadHistory(), HealthBook(clock), Feed())
        wanted = lambda: snapshots.current.admin.digest is not None  # noqa: E731 - the snapshot is replaced
        bus.add_inline(AdminSubscriber(history=made.history, health=made.health, feed=made.feed, wanted=wanted))
        return made

    @singleton
    @provider
    def desk(
        self,
        lately: Lately,
        bus: EventBus,
        loaded: Loaded,
        reloader: Reloader,
        snapshots: SnapshotHolder,
        breakers: Breakers,
        strategies: Strategies,
        clock: Clock,
        crew: Crew,
        access: AccessControl,
    ) -> AdminDesk:
        worker = crew.number
        place = parse_ledger_url(loaded.settings.ledger.url)
        reader: LedgerReader[Ledger] = LedgerReader(None if place is None else partial(ledger_at, place))
        store: LedgerReader[KeyStore] = LedgerReader(None if place is None else partial(key_store_at, place))
        configuration = Configuration(
            reloader=reloader,
            snapshots=snapshots,
            environ=os.environ,
            reader=reader,
            redact=redact,
            clock=clock,
            worker=worker,
        )
        routes = Routes(
            snapshots=snapshots,
            breakers=breakers,
            busy=strategies.busy,
            health=lately.health,
            clock=clock,
            worker=worker,
        )
        requests = Requests(reader=reader, snapshots=snapshots, clock=clock)
        spend = Spend(reader=reader, health=lately.health, clock=clock, worker=worker)
        keys = Keys(reader=store, snapshots=snapshots, changed=access.stored.look, clock=clock)
        prices = Prices(snapshots=snapshots, reloader=reloader, clock=clock)

        async def reloads(asked: Asked) -> Told:
            return told({"worker": worker, "reloads": lately.history.latest()})

        table = {
            "config": {"GET": configuration.shown, "PUT": configuration.write},
            "config/source": {"GET": configuration.source},
            "check": {"POST": configuration.check},
            "reload": {"POST": configuration.reload},
            "reloads": {"GET": reloads},
            "routes": {"GET": routes.answer},
            "prices": {"GET": prices.answer},
            "openapi.json": {"GET": Description(clock).answer},
            "requests": {"GET": requests.listed},
            "requests/{id}": {"GET": requests.one},
            "spend": {"GET": spend.series},
            "overview": {"GET": spend.overview},
            "keys": {"GET": keys.listed, "POST": keys.new},
            "keys/{id}": {"DELETE": keys.revoke},
            "keys/{id}/rotate": {"POST": keys.rotate},
        }
        return Desk(table, lately.feed, bus.flush)
