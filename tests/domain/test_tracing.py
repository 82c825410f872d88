import asyncio
import re
from dataclasses import dataclass, field
from typing import Any

import msgspec
import pytest
from msgspec import structs

from tests.support import (
    FakeClock,
    Recorder,
    ScriptedProvider,
    call,
    context,
    served,
    service_over,
    snapshot,
    text_answer,
)
from tornado_gateway.domain.call import Answer
from tornado_gateway.domain.context import RequestContext
from tornado_gateway.domain.errors import GatewayError, ModelNotFound, UpstreamFailed
from tornado_gateway.domain.events import RequestFinished
from tornado_gateway.domain.policies import Hedge
from tornado_gateway.domain.routes import Route, RouteTarget
from tornado_gateway.domain.snapshot import SnapshotHolder
from tornado_gateway.domain.stream import Relayed, Started, StreamBatch, TextDelta, UsageReport
from tornado_gateway.domain.tracing import CallTrace, Tracing, model_of
from tornado_gateway.domain.usage import TokenUsage
from tornado_gateway.domain.wire import OPENAI_CHAT, Wire

PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
LAST = StreamBatch((UsageReport(TokenUsage(12, 25)),), last=True)


@dataclass
class Told(ScriptedProvider):
    """Remembers which traceparent each try came with."""

    parents: list[str | None] = field(default_factory=list)

    async def complete(self, call: Any, model: str, context: RequestContext) -> Answer:
        attempt = context.trail.attempt
        self.parents.append(context.traceparent if attempt is None else attempt.traceparent)
        return await super().complete(call, model, context)


class Traced:
    def __init__(self, *providers: Any, tracing: bool = True, capture: bool = False, **more: Any) -> None:
        self.clock, self.recorder = FakeClock(), Recorder()
        snapshots = SnapshotHolder(snapshot(*providers, **more))
        made = Tracing(capture=capture) if tracing else None
        self.service = service_over(snapshots, self.clock, self.recorder, tracing=made)

    def context(self, parent: str | None = PARENT) -> RequestContext:
        return structs.replace(context(self.clock), traceparent=parent)

    @property
    def trace(self) -> CallTrace:
        (finished,) = self.recorder.of(RequestFinished)
        assert finished.trace is not None
        return finished.trace  # type: ignore[no-any-return]


def begin(parent: str | None = None, **more: Any) -> CallTrace | None:
    return Tracing(**more).begin(parent, None, 1000.0)


def test_a_callers_trace_goes_on_and_its_flags_with_it() -> None:
    trace = begin(PARENT[:-2] + "03")
    assert trace is not None
    assert (trace.trace_id, trace.parent_id) == ("0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331")
    attempt = trace.attempt("r", "p", "m", 0, 1.0)
    assert attempt.traceparent == f"00-0af7651916cd43dd8448eb211c80319c-{attempt.span_id}-03"


def test_a_caller_who_does_not_sample_is_not_traced_whatever_the_ratio() -> None:
    assert begin(PARENT[:-2] + "00") is None
    assert begin(PARENT, ratio=0.0) is not None


def test_a_share_of_the_traces_that_begin_here() -> None:
    assert [begin(ratio=0.0) for _ in range(50)] == [None] * 50
    assert None not in [begin() for _ in range(50)]
    kept = sum(begin(ratio=0.25) is not None for _ in range(2000))
    assert 380 < kept < 620, "six standard deviations"
    trace = begin()
    assert trace is not None
    assert trace.parent_id is None
    assert re.fullmatch("00-[0-9a-f]{32}-[0-9a-f]{16}-01", trace.attempt("r", "p", "m", 0, 1.0).traceparent)


def test_no_id_is_all_zeros(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tornado_gateway.domain.tracing.getrandbits", lambda bits: 0)
    trace = begin()
    assert trace is not None
    tries = [trace.attempt("r", "p", "m", 0, 1.0) for _ in range(2)]
    ids = [trace.trace_id, trace.span_id, *(each.span_id for each in tries)]
    assert ids == ["8" + "0" * 31, *["8" + "0" * 15] * 3]


def test_every_id_is_another() -> None:
    traces = [trace for _ in range(100) if (trace := begin()) is not None]
    for trace in traces:
        for _ in range(3):
            trace.attempt("r", "p", "m", 0, 1.0)
    assert len({trace.trace_id for trace in traces}) == 100
    spans = [trace.span_id for trace in traces] + [each.span_id for trace in traces for each in trace.attempts]
    assert len(set(spans)) == 400


def test_who_has_been_told_of_is_given_up() -> None:
    trace = Tracing(capture=True).begin(None, call(), 1.0)
    assert trace is not None
    trace.attempt("r", "p", "m", 0, 1.0)
    trace.named = b'"m"'
    assert trace.captured is not None
    trace.told()
    assert (trace.ids, trace.named, trace.attempts, trace.captured) == ("", None, [], None)


async def test_each_try_is_told_its_own_parent() -> None:
    provider = Told("openai", [UpstreamFailed("no"), text_answer()], retries=1)
    world = Traced(provider)
    await world.service.complete(call(), world.context())
    failed, won = world.trace.attempts
    assert (failed.error, won.error, won.ended) == ("upstream_failed", None, None)
    assert failed.ended is not None
    assert provider.parents == [failed.traceparent, won.traceparent]
    assert (won.route, won.provider, won.model, won.endpoint) == ("gpt-4", "openai", "gpt-4", 0)
    assert world.trace.model == "gpt-4"
    assert world.trace.captured is None, "nobody asked for prompts"


async def test_untraced_the_callers_own_header_goes_on() -> None:
    for world_of in ({"tracing": False}, {"tracing": True}):
        provider = Told("openai", [text_answer()])
        world = Traced(provider, **world_of)
        parent = PARENT[:-2] + "00"
        await world.service.complete(call(), world.context(parent))
        (finished,) = world.recorder.of(RequestFinished)
        assert (finished.trace, provider.parents) == (None, [parent])


async def test_both_ways_of_a_hedged_call_are_on_its_trace() -> None:
    async def forever() -> Any:
        await asyncio.get_running_loop().create_future()

    slow, quick = ScriptedProvider("a", [forever]), ScriptedProvider("b", [text_answer()])
    route = Route("gpt-4", (RouteTarget("a"), RouteTarget("b")), hedge=Hedge(after=1.0))
    world = Traced(slow, quick, routes=[route])
    await world.service.complete(call(), world.context())
    assert [(each.provider, each.error) for each in world.trace.attempts] == [("a", "cancelled"), ("b", None)]


async def test_a_call_that_is_refused_has_a_trace_without_tries() -> None:
    world = Traced(ScriptedProvider())
    with pytest.raises(ModelNotFound):
        await world.service.complete(call("nobody"), world.context())
    assert world.trace.attempts == []
    world.service.refused(GatewayError("no"), world.context())
    assert len(world.recorder.of(RequestFinished)) == 2


async def streamed(world: Traced) -> None:
    stream = world.service.stream(call(stream=True), world.context())
    try:
        await stream.open()
        async for _ in stream.batches():
            pass
    finally:
        await stream.close()


@pytest.mark.parametrize(
    ("first", "model"),
    [
        (Started("id", "gpt-4-0613"), "gpt-4-0613"),
        (Relayed(b'data: {"id":"x","model": "gpt-4-0613","choices":[]}\n\n', 1), "gpt-4-0613"),
        (UsageReport(TokenUsage(1, 0), frame=b'data: {"message":{"model":"claude"}}\n\n', early=True), "claude"),
        (Relayed(b": comment\n\n", 1), None),
    ],
)
async def test_a_streams_model_is_read_where_it_begins(first: Any, model: str | None) -> None:
    world = Traced(ScriptedProvider("openai", [[StreamBatch((first, TextDelta("Hi"))), LAST]]))
    await streamed(world)
    assert world.trace.model == model
    assert [attempt.error for attempt in world.trace.attempts] == [None]


async def test_what_a_stream_says_is_captured_where_that_is_asked_for() -> None:
    world = Traced(ScriptedProvider("openai", [[StreamBatch((TextDelta("Hi"),)), LAST]]), capture=True)
    await streamed(world)
    captured = world.trace.captured
    assert captured is not None
    assert captured.events == [TextDelta("Hi"), *LAST.events]
    assert captured.call is not None


async def test_a_whole_answer_is_captured_by_reference() -> None:
    fields = msgspec.json.decode(b'{"model":"m-1","choices":[]}', type=dict[str, msgspec.Raw])
    answer = Answer(usage=TokenUsage(1, 1), relayed=Wire(OPENAI_CHAT, fields))
    world = Traced(ScriptedProvider("openai", [answer]), capture=True)
    await world.service.complete(call(), world.context(None))
    assert world.trace.captured is not None
    assert world.trace.captured.answer is answer
    assert (world.trace.model, world.trace.parent_id) == ("m-1", None)


def test_an_odd_model_is_none() -> None:
    trace = begin()
    assert trace is not None
    for document in (b'{"model":5}', b"{}"):
        fields = msgspec.json.decode(document, type=dict[str, msgspec.Raw])
        trace.answered(Answer(usage=None, relayed=Wire(OPENAI_CHAT, fields)))
        assert trace.model is None
    assert served(ScriptedProvider()).kind == ""


@pytest.mark.parametrize("named", [None, b"7", b'"\xff"', b'"\\ud800"', b'"\\x"'])
def test_a_name_that_is_no_text_is_none(named: bytes | None) -> None:
    assert model_of(named) is None
    assert model_of(b'"gpt-4"') == "gpt-4"


async def test_who_is_not_let_in_leaves_no_prompt() -> None:
    trace = Tracing(capture=True).begin(None, call(), 1.0)
    assert trace is not None
    assert trace.captured is not None
    assert trace.captured.call is None
    trace.asked(call())
    assert trace.captured.call is not None
    world = Traced(ScriptedProvider("openai"), capture=True)
    with pytest.raises(GatewayError):
        await world.service.complete(call("nobody-serves-this"), world.context(None))
    assert world.trace.captured is not None
    assert world.trace.captured.call is None
