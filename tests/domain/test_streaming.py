import asyncio
from collections.abc import Sequence

import pytest
from msgspec import structs

from tests.support import ScriptedProvider, World, call, context, world
from tornado_gateway.domain.errors import GatewayError, InternalError, ModelNotAllowed, UpstreamFailed
from tornado_gateway.domain.events import AttemptFailed, RequestFinished, RequestStarted
from tornado_gateway.domain.principal import Principal
from tornado_gateway.domain.stream import (
    Finished,
    Relayed,
    StreamBatch,
    StreamEvent,
    TextDelta,
    ToolCallDelta,
    UsageReport,
)
from tornado_gateway.domain.streaming import ActiveStream
from tornado_gateway.domain.usage import TokenUsage

HELLO = StreamBatch((TextDelta("Hello"),))
END = StreamBatch((Finished("stop"), UsageReport(TokenUsage(12, 25))), last=True)


def begin(made: World) -> ActiveStream:
    return made.service.stream(call(stream=True), context(made.clock))


async def read(stream: ActiveStream) -> list[StreamEvent]:
    try:
        await stream.open()
        return [event async for batch in stream.batches() for event in batch.events]
    finally:
        await stream.close()


def finished(made: World) -> RequestFinished:
    assert len(made.recorder.of(RequestStarted)) == 1
    (event,) = made.recorder.of(RequestFinished)
    assert made.snapshots.leases == 0
    return event  # type: ignore[no-any-return]


async def test_a_stream_is_passed_on_with_the_cost_filled_in() -> None:
    provider = ScriptedProvider(script=[[HELLO, END]])
    made = world(provider)
    events = await read(begin(made))
    report = events[-1]
    assert isinstance(report, UsageReport)
    assert report.cost is not None
    assert report.cost.digits == "0.00186"
    event = finished(made)
    assert (event.status, event.finish_reason, event.streaming) == (200, "stop", True)
    assert event.cost == report.cost
    assert provider.closed == 1


async def test_it_is_settled_before_its_last_batch_goes_out() -> None:
    made = world(ScriptedProvider(script=[[HELLO, END]]))
    stream = begin(made)
    await stream.open()
    async for batch in stream.batches():
        assert bool(made.recorder.of(RequestFinished)) == batch.last
    await stream.close()
    finished(made)


async def test_usage_that_nobody_reported_is_estimated_at_the_end() -> None:
    pieces = StreamBatch((Relayed(b"data: {}\n\n", 3), TextDelta("x" * 8), ToolCallDelta(0, "y" * 4)))
    made = world(ScriptedProvider(script=[[pieces, StreamBatch((), last=True)]]))
    report = (await read(begin(made)))[-1]
    assert isinstance(report, UsageReport)
    assert report.usage.estimated
    assert report.usage.output == 3 + 3
    assert report.cost is not None


async def test_a_target_that_fails_before_its_first_content_is_replaced_unseen() -> None:
    first, second = ScriptedProvider("a", [[UpstreamFailed("no")]]), ScriptedProvider("b", [[HELLO, END]])
    made = world(first, second)
    assert (await read(begin(made)))[0] == TextDelta("Hello")
    assert (first.closed, second.closed) == (1, 1)
    assert len(made.recorder.of(AttemptFailed)) == 1
    assert finished(made).provider == "b"


async def test_after_the_first_content_an_error_is_the_streams_and_what_was_used_is_priced() -> None:
    made = world(ScriptedProvider("a", [[HELLO, UpstreamFailed("gone")]]), ScriptedProvider("b", [[HELLO, END]]))
    with pytest.raises(UpstreamFailed):
        await read(begin(made))
    event = finished(made)
    assert (event.status, event.provider) == (502, "a")
    assert event.usage is not None
    assert event.usage.estimated
    assert event.cost is not None


async def test_what_came_in_the_same_read_as_an_error_comes_first() -> None:
    made = world(ScriptedProvider(script=[[StreamBatch((TextDelta("Hel"),), error=UpstreamFailed("gone"))]]))
    stream, seen = begin(made), []
    await stream.open()
    with pytest.raises(UpstreamFailed):
        async for batch in stream.batches():
            seen += batch.events
    await stream.close()
    assert seen == [TextDelta("Hel")]


async def test_a_read_that_brings_only_an_error_is_no_first_content() -> None:
    made = world(
        ScriptedProvider("a", [[StreamBatch((), error=UpstreamFailed("gone"))]]), ScriptedProvider("b", [[HELLO, END]])
    )
    await read(begin(made))
    assert finished(made).provider == "b"


@pytest.mark.parametrize(
    ("script", "kind"), [([HELLO], UpstreamFailed), ([], UpstreamFailed), ([HELLO, ValueError("x")], InternalError)]
)
async def test_a_stream_without_an_end_is_an_error(script: Sequence[object], kind: type[GatewayError]) -> None:
    made = world(ScriptedProvider(script=[list(script)]))
    with pytest.raises(kind):
        await read(begin(made))
    finished(made)


async def test_a_bug_in_an_adapter_before_the_first_content() -> None:
    made = world(ScriptedProvider(script=[[ValueError("x")]]))
    with pytest.raises(InternalError):
        await read(begin(made))
    assert finished(made).status == 500


async def test_a_client_that_leaves_in_the_middle() -> None:
    provider = ScriptedProvider(script=[[HELLO, END]])
    made = world(provider)
    stream = begin(made)
    await stream.open()
    batches = stream.batches()
    await anext(batches)
    await stream.close()
    event = finished(made)
    assert (event.status, event.error) == (499, "client_closed")
    assert event.cost is not None
    assert provider.closed == 1


async def test_a_client_that_leaves_while_the_provider_is_silent() -> None:
    silent = asyncio.Event()

    async def wait() -> None:
        silent.set()
        await asyncio.Event().wait()

    provider = ScriptedProvider(script=[[wait]])
    made = world(provider)
    stream = begin(made)
    opening = asyncio.ensure_future(stream.open())
    await silent.wait()
    opening.cancel()
    with pytest.raises(asyncio.CancelledError):
        await opening
    await stream.close()
    assert finished(made).status == 499
    assert provider.closed == 1


async def test_batches_that_could_not_be_passed_on_are_no_fault_of_the_clients() -> None:
    provider = ScriptedProvider(script=[[HELLO, END]])
    made = world(provider)
    stream = begin(made)
    await stream.open()
    async for _ in stream.batches():
        break
    stream.fail(InternalError("The gateway failed."))
    await stream.close()
    event = finished(made)
    assert (event.status, event.error) == (500, "internal_error")
    assert event.usage is not None
    assert event.usage.estimated
    assert provider.closed == 1


async def test_an_estimate_counts_bytes() -> None:
    said = StreamBatch((TextDelta("é" * 4), ToolCallDelta(0, "é" * 2)))
    made = world(ScriptedProvider(script=[[said, StreamBatch((), last=True)]]))
    report = (await read(begin(made)))[-1]
    assert isinstance(report, UsageReport)
    assert report.usage.output == 12 // 4


async def test_a_model_that_the_key_may_not_use_is_asked_of_nobody() -> None:
    provider = ScriptedProvider(script=[[HELLO, END]])
    made = world(provider)
    stranger = structs.replace(context(made.clock), principal=Principal("team-a", models=("o1",)))
    stream = made.service.stream(call(stream=True), stranger)
    with pytest.raises(ModelNotAllowed):
        await stream.open()
    await stream.close()
    assert provider.asked == []
    (event,) = made.recorder.of(RequestFinished)
    assert (event.status, event.error, event.principal) == (403, "model_not_allowed", "team-a")
    assert made.snapshots.leases == 0
