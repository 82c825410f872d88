"""One stream to one client, over real sockets."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.serving import Served, chat, events, request, serving, until
from tests.support import ScriptedProvider
from tornado_gateway.domain.errors import UpstreamFailed, UpstreamTimeout
from tornado_gateway.domain.events import RequestFinished
from tornado_gateway.domain.snapshot import ServerPolicy
from tornado_gateway.domain.stream import Finished, Relayed, StreamBatch, TextDelta, UsageReport
from tornado_gateway.domain.usage import TokenUsage

HEL = StreamBatch((TextDelta("Hel"),))
LO = StreamBatch((TextDelta("lo!"),))
END = StreamBatch((Finished("stop"), UsageReport(TokenUsage(12, 25))), last=True)
COMMENT = b": keep-alive\n\n"
QUICK = ServerPolicy(keep_alive=0.1)


def native(**members: Any) -> bytes:
    return request(chat(stream=True, **members), path="/v1/completions")


def said(body: bytes) -> list[Any]:
    return [json.loads(event.removeprefix(b"data: ")) for event in events(body)]


async def whole(served: Served) -> Any:
    return await served.client.post("/v1/completions", json=chat(stream=True))


async def test_each_batch_is_sent_as_it_comes() -> None:
    gates = [asyncio.Event() for _ in range(2)]
    script = [[HEL, gates[0].wait, LO, gates[1].wait, END]]
    async with serving(ScriptedProvider(script=script)) as served:
        client = await served.connect()
        await client.send(native())
        status, headers = await client.head()
        assert (status, headers["content-type"]) == (200, "text/event-stream")
        assert headers["cache-control"] == "no-cache"
        assert b'"Hel"' in await client.until(b"\n\n")
        assert served.recorder.of(RequestFinished) == []
        gates[0].set()
        assert b'"lo!"' in await client.until(b"\n\n")
        gates[1].set()
        last = await client.until(b"0\r\n\r\n")
        assert b'"cost":0.00186}' in last
        # The connection serves again.
        await client.send(b"GET /health HTTP/1.1\r\nHost: g\r\n\r\n")
        assert (await client.answer())[0] == 200
        assert served.finished().status == 200


async def test_a_failure_before_anything_was_said_has_a_status() -> None:
    async with serving(ScriptedProvider(script=[[UpstreamFailed("It broke.")]])) as served:
        answer = await whole(served)
        assert (answer.status_code, answer.json()["error"]["code"]) == (502, "upstream_failed")
        assert answer.headers["content-type"] == "application/json"
        assert "cache-control" not in answer.headers
        assert served.finished().status == 502


@pytest.mark.parametrize("together", [True, False])
async def test_a_failure_behind_the_first_words_is_in_the_stream_and_nothing_is_behind_it(together: bool) -> None:
    broke = UpstreamTimeout("Too slow.")
    script = [[StreamBatch(HEL.events, error=broke)]] if together else [[HEL, broke]]
    async with serving(ScriptedProvider(script=script)) as served:
        answer = await whole(served)
        assert answer.status_code == 200
        first, last = events(answer.content)
        assert b"Hel" in first
        name, _, data = last.partition(b"\n")
        assert name == b"event: error"
        assert json.loads(data.removeprefix(b"data: "))["error"]["code"] == "upstream_timeout"
        assert b'"done":true' not in answer.content
        event = served.finished()
        assert (event.status, event.error) == (504, "upstream_timeout")
        assert event.usage is not None
        assert event.usage.estimated
        assert event.cost is not None


async def test_what_nobody_foresaw_ends_in_the_stream_too_and_is_reported() -> None:
    odd = UsageReport(TokenUsage(1, 1), frame=b"data: no json at all\n\n")
    script = [[StreamBatch((Relayed(b"data: 1\n\n", 1),)), StreamBatch((odd,)), END]]
    async with serving(ScriptedProvider(script=script)) as served:
        answer = await served.client.post("/v1/chat/completions", json=chat(stream=True))
        assert events(answer.content)[-1].startswith(b"event: error\n")
        assert b'"internal_error"' in answer.content
        assert b"[DONE]" not in answer.content
        assert len(served.reported) == 1


async def test_what_nobody_foresaw_before_anything_was_said_is_a_500() -> None:
    odd = UsageReport(TokenUsage(1, 1), frame=b"data: no json at all\n\n")
    async with serving(ScriptedProvider(script=[[StreamBatch((odd,)), END]])) as served:
        answer = await served.client.post("/v1/chat/completions", json=chat(stream=True))
        assert (answer.status_code, answer.json()["error"]["code"]) == (500, "internal_error")
        assert len(served.reported) == 1


async def test_comments_while_the_provider_is_silent() -> None:
    go = asyncio.Event()
    script = [[go.wait, HEL, go.wait, END]]
    async with serving(ScriptedProvider(script=script), server=QUICK) as served:
        client = await served.connect()
        await client.send(native())
        status, headers = await client.head()
        assert (status, headers["x-gateway-provider"]) == (200, "openai")
        for _ in range(3):
            assert COMMENT in await client.until(COMMENT)
        go.set()
        assert b"Hel" in await client.until(b'"Hel"')
        go.clear()
        go.set()
        assert b'"done":true' in await client.until(b"0\r\n\r\n")


async def test_comments_after_the_first_content() -> None:
    go = asyncio.Event()
    async with serving(ScriptedProvider(script=[[HEL, go.wait, END]]), server=QUICK) as served:
        client = await served.connect()
        await client.send(native())
        for _ in range(2):
            await client.until(COMMENT)
        go.set()
        await client.until(b"0\r\n\r\n")


async def test_no_comment_where_something_is_said_often_enough() -> None:
    async def wait() -> None:
        await asyncio.sleep(0.03)

    script: list[Any] = [[HEL, *[wait, LO] * 12, END]]
    async with serving(ScriptedProvider(script=script), server=QUICK) as served:
        assert COMMENT not in (await whole(served)).content


async def test_a_failure_behind_a_comment_is_in_the_stream() -> None:
    go = asyncio.Event()
    async with serving(ScriptedProvider(script=[[go.wait, UpstreamFailed("It broke.")]]), server=QUICK) as served:
        client = await served.connect()
        await client.send(native())
        await client.until(COMMENT)
        go.set()
        assert b"event: error" in await client.until(b"0\r\n\r\n")
        assert served.finished().status == 502


async def test_an_empty_batch_sends_nothing_and_not_an_empty_chunk() -> None:
    script = [[StreamBatch((UsageReport(TokenUsage(1, 1)),)), StreamBatch(()), HEL, END]]
    async with serving(ScriptedProvider(script=script)) as served:
        assert [each.get("delta") for each in said((await whole(served)).content)] == ["Hel", ""]


Waiting = Callable[[asyncio.Event], list[Any]]


@pytest.mark.parametrize("before", [[], [HEL]], ids=["before the first word", "after it"])
async def test_a_client_that_leaves_ends_the_providers_call_and_is_priced(before: list[Any]) -> None:
    never = asyncio.Event()
    provider = ScriptedProvider(script=[[*before, never.wait, END]])
    async with serving(provider) as served:
        client = await served.connect()
        await client.send(native())
        await until(lambda: bool(provider.asked))
        if before:
            await client.until(b"Hel")
        client.reset()
        await until(lambda: provider.closed == 1, 1.0)
        await until(lambda: bool(served.recorder.of(RequestFinished)), 1.0)
        await until(lambda: served.lifecycle.calls == 0, 1.0)
        event = served.finished()
        assert (event.status, event.error) == (499, "client_closed")
        assert event.usage is not None
        assert event.usage.estimated
        assert event.usage.input > 0
        assert event.cost is not None
        assert event.cost.estimated
        assert served.reported == []


async def test_a_client_that_leaves_under_comments_is_noticed_too() -> None:
    never = asyncio.Event()
    provider = ScriptedProvider(script=[[never.wait, END]])
    async with serving(provider, server=QUICK) as served:
        client = await served.connect()
        await client.send(native())
        await client.until(COMMENT)
        client.close()
        await until(lambda: provider.closed == 1, 1.0)


async def test_a_stream_to_an_http_1_0_client_ends_with_its_connection() -> None:
    async with serving(ScriptedProvider(script=[[HEL, LO, END]])) as served:
        client = await served.connect()
        await client.send(native().replace(b"HTTP/1.1", b"HTTP/1.0"))
        status, headers = await client.head()
        assert status == 200
        assert "transfer-encoding" not in headers
        body = await asyncio.wait_for(client.ended(), 2)
        assert [each["delta"] for each in said(body)] == ["Hel", "lo!", ""]


async def test_many_streams_at_once_keep_to_themselves() -> None:
    script = [[StreamBatch((TextDelta(str(number)),)), END] for number in range(40)]
    async with serving(ScriptedProvider(script=script)) as served:
        answers = await asyncio.gather(*[whole(served) for _ in range(40)])
        texts = {said(answer.content)[0]["delta"] for answer in answers}
        assert texts == {str(number) for number in range(40)}
        assert len(served.recorder.of(RequestFinished)) == 40
