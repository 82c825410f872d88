"""Who listens to what happens, and who keeps it."""

from injector import Module, provider, singleton

from tornado_gateway.bootstrap.exporting import Exporting
from tornado_gateway.bootstrap.runtime import Recorder
from tornado_gateway.config.build import Loaded
from tornado_gateway.config.model import LogSettings
from tornado_gateway.domain.ledger_url import parse_ledger_url
from tornado_gateway.domain.ports import Clock, Publisher
from tornado_gateway.observability.bus import EventBus
from tornado_gateway.observability.exposition import Exposition
from tornado_gateway.observability.ledger_metrics import LedgerFamilies
from tornado_gateway.observability.log_subscriber import LogSubscriber
from tornado_gateway.observability.logging import configure
from tornado_gateway.observability.metrics import MetricsSubscriber
from tornado_gateway.observability.sink import LineSink
from tornado_gateway.storage.opening import recorder_at
from tornado_gateway.storage.recorder import LedgerRecorder, NoRecorder
from tornado_gateway.workers.seat import Crew


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
    def bus(self, metrics: MetricsSubscriber, sink: LineSink, recorder: Recorder, exporting: Exporting) -> EventBus:
        bus = EventBus()
        if isinstance(recorder, LedgerRecorder):
            bus.add_lossless(recorder.offer)
            metrics.register(LedgerFamilies(lambda: recorder.figures))
        bus.add_inline(metrics)
        bus.add_inline(LogSubscriber(sink.request_finished))
        exporting.listen(bus)
        metrics.watch_drops(bus.dropped, sink.dropped, exporting.exporter.dropped)
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
