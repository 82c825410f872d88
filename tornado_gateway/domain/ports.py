"""The small protocols through which the domain reaches the world. Each has an in-memory and a real side."""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Protocol, runtime_checkable

from tornado_gateway.domain.call import Answer, ModelCall
from tornado_gateway.domain.context import RequestContext
from tornado_gateway.domain.events import Event
from tornado_gateway.domain.stream import StreamBatch


@runtime_checkable
class Clock(Protocol):
    def monotonic(self) -> float:
        """Seconds, for durations."""

    def now(self) -> datetime:
        """The time of day, in UTC and aware of it."""

    async def sleep(self, seconds: float) -> None: ...


@runtime_checkable
class Randomness(Protocol):
    def random(self) -> float:
        """Uniform in [0, 1)."""


@runtime_checkable
class Publisher(Protocol):
    def publish(self, event: Event) -> None:
        """Hands the event on and returns at once, whatever becomes of it."""


@runtime_checkable
class ChatProvider(Protocol):
    """One configured provider. ``model`` is the provider's own name for the model.

    Both calls raise ``GatewayError`` alone. ``stream`` is an async generator: closing it ends the upstream call.
    """

    @property
    def name(self) -> str: ...

    @property
    def configured(self) -> bool:
        """False where the key came out empty: its routes answer 503."""

    @property
    def retries(self) -> int:
        """How many times one call may be tried again at this provider."""

    async def complete(self, call: ModelCall, model: str, context: RequestContext) -> Answer: ...

    def stream(self, call: ModelCall, model: str, context: RequestContext) -> AsyncIterator[StreamBatch]: ...
