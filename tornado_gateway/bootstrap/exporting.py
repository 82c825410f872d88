"""Traces and metrics that are sent elsewhere, where the file says so."""

from dataclasses import dataclass, fields

from injector import Module, provider, singleton

from tornado_gateway.config.build import Loaded
from tornado_gateway.config.model_otel import OtelSettings
from tornado_gateway.domain.events import RequestFinished
from tornado_gateway.domain.snapshot import SnapshotHolder
from tornado_gateway.domain.tracing import Tracing
from tornado_gateway.observability.bus import EventBus
from tornado_gateway.observability.receiver import Receiver
from tornado_gateway.observability.telemetry_opening import Exporter, NoTelemetry, telemetry_to


@dataclass(frozen=True, slots=True)
class Exporting:
    """``tracing`` is None where no call is traced, and nothing on a request's path does more than to see that."""

    exporter: Exporter
    tracing: Tracing | None

    def listen(self, bus: EventBus) -> None:
        """A subscriber like the others, where there is anything to send.

        Spans are made on the loop, as metrics are counted: a thread that wakes for a few of them takes the interpreter
        from the loop at each of its system calls, which costs several times what they do. Prompts and answers are
        opened in a thread.
        """
        if isinstance(self.exporter, NoTelemetry):
            return
        if self.exporter.capacity is None:
            bus.add_inline(self.exporter, RequestFinished)
        else:
            bus.add_threaded(self.exporter, RequestFinished, capacity=self.exporter.capacity)


class ExportModule(Module):
    """Who is told elsewhere."""

    @singleton
    @provider
    def exporting(self, loaded: Loaded, snapshots: SnapshotHolder) -> Exporting:
        def kind(name: str) -> str:
            known = snapshots.current.providers.get(name)
            return "" if known is None else known.kind

        otel = loaded.settings.otel
        exporter = telemetry_to(_receiver(otel), kind)
        if not exporter.traces:
            return Exporting(exporter, None)
        return Exporting(exporter, Tracing(ratio=otel.sample_ratio, capture=otel.capture_content))


def _receiver(otel: OtelSettings) -> Receiver | None:
    if otel.endpoint is None:
        return None
    return Receiver(**{field.name: getattr(otel, field.name) for field in fields(Receiver)})
