"""Stand-ins for what the domain asks of the world, each honest about what it was asked."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import msgspec

from tornado_gateway.domain.admission import Admission
from tornado_gateway.domain.attempts import Attempts
from tornado_gateway.domain.authentication import Authenticator
from tornado_gateway.domain.breakers import Breakers
from tornado_gateway.domain.call import Answer, ModelCall
from tornado_gateway.domain.chat import ChatRequest, ChatResponse, Choice, Message, Text
from tornado_gateway.domain.claims import Claims
from tornado_gateway.domain.context import RequestContext, Timing
from tornado_gateway.domain.counters import Counters
from tornado_gateway.domain.dispatch import Dispatch
from tornado_gateway.domain.endpoints import Endpoint, Provider
from tornado_gateway.domain.events import Event, RequestFinished
from tornado_gateway.domain.gateway import GatewayService
from tornado_gateway.domain.guardrails.guard import Guard
from tornado_gateway.domain.latencies import Latencies
from tornado_gateway.domain.mirroring import Mirrors
from tornado_gateway.domain.money import Cost, PriceCard
from tornado_gateway.domain.ports import Clock, Publisher
from tornado_gateway.domain.prices import PriceTable
from tornado_gateway.domain.principal import Principal
from tornado_gateway.domain.routes import Route, RouteTable, RouteTarget
from tornado_gateway.domain.seeding import NothingSpent, Seeds, Spent
from tornado_gateway.domain.shared_answers import SharedAnswers
from tornado_gateway.domain.snapshot import Snapshot, SnapshotHolder
from tornado_gateway.domain.strategies import Strategies
from tornado_gateway.domain.stream import StreamBatch
from tornado_gateway.domain.tokens import TokenPolicy, TokenRefused, TokenVerifier
from tornado_gateway.domain.tracing import Tracing
from tornado_gateway.domain.usage import TokenUsage
from tornado_gateway.domain.wire import OPENAI_CHAT, Wire
from tornado_gateway.storage.memory_cache import MemoryCache

NOW = datetime(2024, 1, 15, 10, 30, tzinfo=UTC)


class FakeClock:
    """Time that passes only when somebody sleeps, or when told to."""

    def __init__(self) -> None:
        self.time = 1000.0
        self.later = 0.0
        """Seconds by which the time of day is past ``NOW``."""
        self.slept: list[float] = []

    def monotonic(self) -> float:
        return self.time

    def now(self) -> datetime:
        return NOW + timedelta(seconds=self.later) if self.later else NOW

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.time += seconds


class Recorder:
    """A publisher that remembers."""

    def __init__(self) -> None:
        self.events: list[Any] = []

    def publish(self, event: Event) -> None:
        self.events.append(event)

    def of(self, kind: type) -> list[Any]:
        return [event for event in self.events if isinstance(event, kind)]


def finished(**changes: Any) -> RequestFinished:
    """The end of a call that was answered, with what is given changed."""
    usual: dict[str, Any] = {
        "request_id": "req_1",
        "dialect": "openai_chat",
        "streaming": False,
        "requested_model": "gpt-4",
        "route": "gpt-4",
        "provider": "openai",
        "model": "gpt-4",
        "model_label": "gpt-4",
        "status": 200,
        "error": None,
        "attempts": 1,
        "usage": TokenUsage(12, 25),
        "cost": Cost(Decimal("0.00186")),
        "duration": 0.5,
        "upstream": 0.4,
        "overhead": 0.1,
        "time_to_first_token": None,
        "revision": "0123456789ab",
        "finished_at": NOW,
    }
    return RequestFinished(**{**usual, **changes})


class Half:
    """Chance that is always one half."""

    def random(self) -> float:
        return 0.5


Step = Any
"""What a scripted provider does: raise an exception, give a value, or call a function for either."""


@dataclass
class ScriptedProvider:
    """Gives one step of its script a call; ``closed`` counts streams that were ended."""

    name: str = "openai"
    script: list[Step] = field(default_factory=list)
    configured: bool = True
    retries: int = 0
    asked: list[str] = field(default_factory=list)
    calls: list[ModelCall] = field(default_factory=list)
    closed: int = 0

    async def complete(self, call: ModelCall, model: str, context: RequestContext) -> Answer:
        self.asked.append(model)
        self.calls.append(call)
        step = self.script.pop(0)
        if callable(step) and not isinstance(step, BaseException):
            step = await step()
        if isinstance(step, BaseException):
            raise step
        return step

    async def stream(self, call: ModelCall, model: str, context: RequestContext) -> AsyncIterator[StreamBatch]:
        self.asked.append(model)
        self.calls.append(call)
        try:
            for step in self.script.pop(0):
                if callable(step):
                    await step()
                    continue
                if isinstance(step, BaseException):
                    raise step
                yield step
        finally:
            self.closed += 1


class NoTokens:
    """A verifier that knows no issuer."""

    def verify(self, token: str, policy: TokenPolicy) -> Principal:
        raise TokenRefused("has a signature that does not fit")


def text_answer(text: str = "Hello!", usage: TokenUsage | None = TokenUsage(12, 25)) -> Answer:  # noqa: B008 - frozen
    message = Message(role="assistant", parts=(Text(text),))
    chat = ChatResponse(
        id="chatcmpl-1", model="gpt-4", choices=(Choice(index=0, message=message, finish_reason="stop"),), created=1
    )
    return Answer(usage=usage, chat=chat, finish_reason="stop")


def call(model: str = "gpt-4", **members: Any) -> ModelCall:
    """A chat call of one user message."""
    document = {"model": model, "messages": [{"role": "user", "content": "Hello"}], **members}
    fields = msgspec.json.decode(msgspec.json.encode(document), type=dict[str, msgspec.Raw])

    def opened(_wire: Wire) -> ChatRequest:
        return ChatRequest(model=model, messages=(Message(role="user", parts=(Text("Hello"),)),))

    return ModelCall(
        model=model, wire=Wire(OPENAI_CHAT, fields), decode=opened, stream=bool(members.get("stream")), metadata=None
    )


def context(clock: FakeClock | None = None) -> RequestContext:
    return RequestContext("req_1", OPENAI_CHAT, Timing(received=(clock or FakeClock()).time))


def served(*adapters: Any, **policies: Any) -> Provider:
    """A provider as the file would declare it: an endpoint for each adapter, no breaker unless asked for."""
    first = adapters[0]
    endpoints = tuple(Endpoint((first.name, index), adapter) for index, adapter in enumerate(adapters))
    ready = tuple(endpoint for endpoint in endpoints if endpoint.adapter.configured)
    return Provider(name=first.name, endpoints=ready, retries=first.retries, **policies)


def snapshot(
    *providers: Any,
    routes: Sequence[Route] | None = None,
    cards: Sequence[PriceCard] | None = None,
    revision: str = "aaaaaaaaaaaa",
    **more: Any,
) -> Snapshot:
    """One route a provider's name suggests, unless told otherwise."""
    if routes is None:
        routes = [Route("gpt-4", tuple(RouteTarget(provider.name) for provider in providers))]
    if cards is None:
        cards = [PriceCard(f"{provider.name}/gpt-4", Decimal("0.03"), Decimal("0.06")) for provider in providers]
    allow_unpriced = more.pop("allow_unpriced", False)
    return Snapshot(
        revision=revision,
        loaded_at=NOW,
        routes=RouteTable(routes),
        prices=PriceTable(cards, allow_unpriced=allow_unpriced),
        providers={provider.name: served(provider) for provider in providers},
        **more,
    )


@dataclass
class World:
    """A service over one snapshot, with everything it published."""

    snapshots: SnapshotHolder
    clock: FakeClock
    recorder: Recorder
    service: GatewayService
    answers: SharedAnswers


def world(*providers: Any, **more: Any) -> World:
    clock, recorder = FakeClock(), Recorder()
    answers = SharedAnswers(store=more.pop("store", None) or MemoryCache(clock, lambda: 2**24), clock=clock)
    snapshots = SnapshotHolder(snapshot(*providers, **more))
    return World(snapshots, clock, recorder, service_over(snapshots, clock, recorder, None, answers), answers)


def attempts_with(clock: Clock, publisher: Publisher, breakers: Breakers | None = None) -> Attempts:
    return Attempts(
        clock=clock,
        randomness=Half(),
        publisher=publisher,
        strategies=Strategies(clock, Half()),
        breakers=breakers or Breakers(clock),
    )


def service_over(
    snapshots: SnapshotHolder,
    clock: Clock,
    publisher: Publisher,
    admission: Admission | None = None,
    answers: SharedAnswers | None = None,
    tracing: Tracing | None = None,
    guard: Guard | None = None,
) -> GatewayService:
    dispatch = Dispatch(
        attempts=attempts_with(clock, publisher),
        latencies=Latencies(),
        publisher=publisher,
        clock=clock,
        answers=answers,
    )
    mirrors = Mirrors(randomness=Half(), clock=clock)
    return GatewayService(
        snapshots=snapshots,
        dispatch=dispatch,
        publisher=publisher,
        clock=clock,
        mirrors=mirrors,
        admission=admission,
        tracing=tracing,
        guard=guard,
    )


def authenticator_over(made: World, verifier: TokenVerifier | None = None) -> Authenticator:
    return Authenticator(
        snapshots=made.snapshots, clock=made.clock, publisher=made.recorder, verifier=verifier or NoTokens()
    )


def admission_with(counters: Counters, clock: Clock, publisher: Publisher, spent: Spent | None = None) -> Admission:
    seeds = Seeds(counters=counters, spent=spent or NothingSpent(), clock=clock, publisher=publisher)
    return Admission(counters=counters, seeds=seeds, claims=Claims(clock), publisher=publisher)
