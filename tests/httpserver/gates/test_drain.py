import asyncio
from typing import Any

from tests.serving import chat, request, serving, until
from tests.support import ScriptedProvider, text_answer
from tornado_gateway.domain.events import RequestFinished


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
