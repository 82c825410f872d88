"""Listens to the bus for the admin API: what it will be asked about, as it happens."""

from collections.abc import Callable, Sequence

from tornado_gateway.admin.feed import Feed
from tornado_gateway.admin.health import HealthBook
from tornado_gateway.admin.history import ReloadHistory
from tornado_gateway.domain.events import AttemptFailed, ConfigRejected, ConfigReloaded, Event, RequestFinished


class AdminSubscriber:
    """``wanted`` says whether there is anybody who may ask: where not, reloads alone are remembered."""

    name = "admin"

    def __init__(self, *, history: ReloadHistory, health: HealthBook, feed: Feed, wanted: Callable[[], bool]) -> None:
        self._history = history
        self._health = health
        self._feed = feed
        self._wanted = wanted

    def handle(self, events: Sequence[Event]) -> None:
        wanted = self._wanted()
        for event in events:
            if isinstance(event, ConfigReloaded | ConfigRejected):
                self._history.note(event)
            if not wanted:
                continue
            if isinstance(event, RequestFinished):
                self._health.finished(event)
            elif isinstance(event, AttemptFailed):
                self._health.failed(event)
            self._feed.tell(event)
