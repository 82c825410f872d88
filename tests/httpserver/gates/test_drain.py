import asyncio
from typing import Any

from tests.serving import chat, request, serving, until
from tests.support import ScriptedProvider, text_answer
from tornado_gateway.domain.errors import ShuttingDown
from tornado_gateway.domain.events import RequestFinished
from tornado_gateway.domain.stream import StreamBatch, TextDelta


async def test_a_draining_server_turns_new_calls_away_and_ends_their_connections() -> None:
    provider = ScriptedProvider(script=[text_answer()])
    async with serving(provider) as served:
        client = await served.connect()
        await client.send(request(chat()))
        status, headers, _ = await client.answer()
        assert (status, headers.get("connection")) == (200, None)
        served.lifecycle.drain()
        await client.send(request(chat()))
        status, headers, body = await client.answer()
        assert (status, headers["connection"], headers["retry-after"]) == (503, "close", "1")
        assert b'"shutting_down"' in body
        assert await asyncio.wait_for(client.ended(), 2) == b""
        refused = served.recorder.of(RequestFinished)[-1]
        assert (refused.status, refused.error) == (503, "shutting_down")
        assert len(provider.asked) == 1


async def test_calls_under_way_end_well_and_their_connections_with_them() -> None:
    go = asyncio.Event()

    async def when_told() -> Any:
        await go.wait()
        return text_answer()

    async with serving(ScriptedProvider(script=[when_told])) as served:
        client = await served.connect()
        await client.send(request(chat()))
        await until(lambda: served.lifecycle.calls == 1)
        served.lifecycle.drain()
        idle = asyncio.ensure_future(served.lifecycle.idle())
        go.set()
        assert (await client.answer())[0] == 200
        await asyncio.wait_for(idle, 1)


async def test_whether_it_is_alive_may_still_be_asked() -> None:
    async with serving() as served:
        served.lifecycle.drain()
        answer = await served.client.get("/health/live")
        assert (answer.status_code, answer.headers["connection"]) == (200, "close")


async def test_a_retiring_server_serves_who_is_connected_once_more() -> None:
    async with serving(ScriptedProvider(script=[text_answer(), text_answer()])) as served:
        client = await served.connect()
        await client.send(request(chat()))
        assert (await client.answer())[1].get("connection") is None
        served.lifecycle.retire()
        await client.send(request(chat()))
        status, headers, _ = await client.answer()
        assert (status, headers["connection"]) == (200, "close")
        assert await asyncio.wait_for(client.ended(), 2) == b""


async def test_who_still_sends_its_body_is_waited_for() -> None:
    async with serving(ScriptedProvider(script=[text_answer()])) as served:
        client = await served.connect()
        sent = request(chat())
        await client.send(sent[:-5])
        await until(lambda: served.lifecycle.calls == 1)
        served.lifecycle.drain()
        idle = asyncio.ensure_future(served.lifecycle.idle())
        await client.send(sent[-5:])
        assert (await client.answer())[0] == 200
        await asyncio.wait_for(idle, 1)


async def test_who_breaks_off_its_body_is_not() -> None:
    async with serving(ScriptedProvider()) as served:
        client = await served.connect()
        await client.send(request(chat())[:-5])
        await until(lambda: served.lifecycle.calls == 1)
        client.reset()
        await asyncio.wait_for(served.lifecycle.idle(), 2)


ENDED = ShuttingDown("The gateway is shutting down.", retry_after=1)


async def forever() -> Any:
    await asyncio.get_running_loop().create_future()


async def test_a_call_that_is_ended_says_so() -> None:
    async with serving(ScriptedProvider(script=[forever])) as served:
        client = await served.connect()
        await client.send(request(chat()))
        await until(lambda: served.recorder.events != [])
        served.lifecycle.drain()
        served.lifecycle.end(ENDED)
        status, headers, body = await client.answer()
        assert (status, headers["connection"], headers["retry-after"]) == (503, "close", "1")
        assert b'"shutting_down"' in body
        event = served.finished()
        assert (event.status, event.error) == (503, "shutting_down")
        assert event.usage is not None
        assert event.cost is not None
        assert served.reported == []


async def test_a_stream_that_is_ended_says_so() -> None:
    provider = ScriptedProvider(script=[[StreamBatch((TextDelta("Hel"),)), forever]])
    async with serving(provider) as served:
        client = await served.connect()
        await client.send(request(chat(stream=True)))
        await client.until(b"Hel")
        served.lifecycle.end(ENDED)
        rest = await asyncio.wait_for(client.until(b"0\r\n\r\n"), 3)
        assert b'"shutting_down"' in rest
        assert b"[DONE]" not in rest
        await until(lambda: served.lifecycle.calls == 0)
        event = served.finished()
        assert (event.status, event.error) == (503, "shutting_down")
        assert provider.closed == 1
        assert served.reported == []


async def test_a_stream_that_is_ended_before_its_first_word_is_a_plain_503() -> None:
    async with serving(ScriptedProvider(script=[[forever]])) as served:
        client = await served.connect()
        await client.send(request(chat(stream=True)))
        await until(lambda: served.recorder.events != [])
        served.lifecycle.end(ENDED)
        assert (await client.answer())[0] == 503
        assert served.finished().error == "shutting_down"


async def test_a_body_under_way_is_ended_with_a_word() -> None:
    async with serving(ScriptedProvider()) as served:
        client = await served.connect()
        await client.send(request(chat())[:-5])
        await until(lambda: served.lifecycle.calls == 1)
        served.lifecycle.end(ENDED)
        status, headers, body = await client.answer()
        assert (status, headers["connection"]) == (503, "close")
        assert b'"shutting_down"' in body
        assert served.lifecycle.calls == 0
