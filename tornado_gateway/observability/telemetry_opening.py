"""Telemetry where it is wanted: what it needs is imported only here, and only then."""

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from tornado_gateway.domain.events import Event
from tornado_gateway.observability.receiver import Receiver


class Exporter(Protocol):
    """Spans and metrics on their way out; a subscriber of the bus."""

    @property
    def name(self) -> str: ...

    @property
    def traces(self) -> bool:
        """Whether calls are to be traced at all."""

    @property
    def capacity(self) -> int | None:
        """Events that may wait for it in a thread of its own; None where it is quick enough for the loop."""

    @property
    def notes(self) -> tuple[str, ...]:
        """What an operator should know at the start."""

    def handle(self, events: Sequence[Event]) -> None: ...

    def dropped(self) -> Mapping[str, int]: ...

    def close(self, deadline: float = 5.0) -> None:
        """Sends what is waiting, for ``deadline`` seconds at most."""


class NoTelemetry:
    """Nothing is sent."""

    name = "otel"
    traces = False
    capacity = None

    def __init__(self, *notes: str) -> None:
        self.notes = notes

    def handle(self, events: Sequence[Event]) -> None:
        """Nobody listens."""

    def dropped(self) -> Mapping[str, int]:
        return {}

    def close(self, deadline: float = 5.0) -> None:
        """There is nothing to end."""


def telemetry_to(receiver: Receiver | None, kinds: Callable[[str], str]) -> Exporter:
    """``kinds`` tells a provider's kind by its name. Where the extra is missing the gateway serves and says so."""
    if receiver is None:
        return NoTelemetry()
    try:
        from tornado_gateway.observability.telemetry import Telemetry  # noqa: PLC0415 - an extra's library
    except ImportError:
        return NoTelemetry("otel: nothing is sent, for it needs the extra 'otel': pip install 'tornado-gateway[otel]'")
    return Telemetry(receiver, kinds)
