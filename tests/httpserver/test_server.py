"""Clients that misbehave in time, over real sockets, with clocks set to fractions of a second."""

import asyncio
import fcntl
import time
from typing import Any

import pytest

from tests.serving import Connection, Served, chat, request, serving, until
from tests.support import ScriptedProvider, text_answer
from tornado_gateway.domain.events import RequestFinished
from tornado_gateway.domain.snapshot import ServerPolicy
from tornado_gateway.domain.stream import Relayed, StreamBatch, UsageReport
from tornado_gateway.domain.usage import TokenUsage

QUICK = ServerPolicy(read_timeout=0.3, write_timeout=0.4)
HEALTH = b"GET /health HTTP/1.1\r\nHost: g\r\n\r\n"


async def closed_after(client: Connection) -> float:
    started = time.monotonic()
    assert await asyncio.wait_for(client.ended(), 3) == b""
    return time.monotonic() - started


async def test_a_client_that_connects_and_says_nothing_is_let_go() -> None:
    async with serving(server=QUICK) as served:
        assert 0.2 < await closed_after(await served.connect()) < 1.5


async def drip(client: Connection, data: bytes) -> None:
    try:
        for byte in data:
            await client.send(bytes([byte]))
            await asyncio.sleep(0.02)
    except ConnectionError:
        pass


@pytest.mark.parametrize("whole", [b"GET /health HTTP/1.1\r\nHost: g\r\nX: " + b"x" * 500, request(chat(x="y" * 500))])
async def test_a_request_that_comes_in_drop_by_drop_is_cut(whole: bytes) -> None:
    async with serving(ScriptedProvider(), server=QUICK) as served:
        client = await served.connect()
        dripping = asyncio.ensure_future(drip(client, whole))
        assert 0.2 < await closed_after(client) < 1.5
        dripping.cancel()


async def test_a_body_that_stops_is_cut_and_leaves_no_call() -> None:
    async with serving(ScriptedProvider(), server=QUICK) as served:
        client = await served.connect()
        await client.send(request(chat())[:-3])
        assert 0.2 < await closed_after(client) < 1.5
        assert served.recorder.events == []


async def test_a_connection_may_rest_between_requests_but_not_within_one() -> None:
    async with serving(server=QUICK) as served:
        client = await served.connect()
        for _ in range(2):
            await client.send(HEALTH)
            assert (await client.answer())[0] == 200
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(client.reader.read(1), 0.7)
        await client.send(HEALTH[:10])
        assert 0.2 < await closed_after(client) < 1.5


async def test_the_second_request_on_a_connection_has_its_whole_time() -> None:
    async with serving(ScriptedProvider(script=[text_answer()] * 3), server=QUICK) as served:
        client = await served.connect()
        for _ in range(3):
            raw = request(chat())
            await client.send(raw[:-5])
            await asyncio.sleep(0.2)
            await client.send(raw[-5:])
            assert (await client.answer())[0] == 200


async def test_an_answer_that_takes_longer_than_both_timeouts_is_no_fault_of_the_clients() -> None:
    async def slowly() -> Any:
        await asyncio.sleep(0.9)
        return text_answer()

    async with serving(ScriptedProvider(script=[slowly]), server=QUICK) as served:
        client = await served.connect()
        await client.send(request(chat()))
        assert (await client.answer())[0] == 200


class Endless(ScriptedProvider):
    """Streams for ever, and counts what it was asked for."""

    piece = Relayed(b"data: " + b"x" * 16_000 + b"\n\n", 1)
    batches = 0

    async def stream(self, call: Any, model: str, context: Any) -> Any:
        try:
            while True:
                self.batches += 1
                yield StreamBatch((self.piece,))
                await asyncio.sleep(0)
        finally:
            self.closed += 1


async def stalled(served: Served, provider: Endless) -> int:
    """How many batches were read from the provider when it was no more asked for any."""
    before = -1
    while before != provider.batches:
        before = provider.batches
        await asyncio.sleep(0.1)
    return before


@pytest.mark.parametrize("told", [True, False], ids=["the kernel tells", "the kernel keeps it to itself"])
async def test_a_reader_that_stalls_is_let_go_and_its_provider_with_it(
    told: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuses(*_: object) -> bytes:
        raise OSError

    if not told:
        monkeypatch.setattr(fcntl, "ioctl", refuses)
    provider = Endless()
    async with serving(provider, server=QUICK) as served:
        client = await served.connect(buffer=4096)
        await client.send(request(chat(stream=True)))
        await until(lambda: bool(served.recorder.of(RequestFinished)))
        await until(lambda: provider.closed == 1)
        event = served.finished()
        assert (event.status, event.error) == (499, "client_closed")
        assert event.usage is not None
        assert event.usage.estimated


async def test_a_slow_reader_bounds_what_is_read_from_the_provider_and_is_served_on() -> None:
    provider = Endless()
    async with serving(provider, server=ServerPolicy(write_timeout=0.5)) as served:
        client = await served.connect(buffer=4096)
        await client.send(request(chat(stream=True)))
        first = await stalled(served, provider)
        # The kernel's buffers on both sides hold a few megabytes at most; nothing is held beside one batch.
        assert first * 16_000 < 12_000_000
        started = time.monotonic()
        # So slowly that the kernel asks for no more of it within write_timeout: but it reads.
        while time.monotonic() - started < 1.5:
            assert await client.reader.read(4096)
            await asyncio.sleep(0.02)
        assert provider.batches - first < 20
        assert provider.closed == 0
        while provider.batches == first:
            assert await client.reader.read(65536)
        client.reset()
        await until(lambda: provider.closed == 1)


async def test_a_whole_answer_to_a_reader_that_stalls_is_let_go() -> None:
    async with serving(ScriptedProvider(script=[text_answer("x" * 20_000_000)]), server=QUICK) as served:
        client = await served.connect(buffer=4096)
        await client.send(request(chat()))
        await client.head()
        await asyncio.sleep(1.0)
        assert len(await client.ended()) < 19_000_000


async def test_a_stream_lives_on_while_its_provider_is_silent() -> None:
    async def silence() -> None:
        await asyncio.sleep(1.0)

    end = StreamBatch((Relayed(b"data: 2\n\n", 1), UsageReport(TokenUsage(1, 1), frame=None)), last=True)
    script: list[Any] = [[StreamBatch((Relayed(b"data: 1\n\n", 1),)), silence, end]]
    async with serving(ScriptedProvider(script=script), server=QUICK) as served:
        client = await served.connect()
        await client.send(request(chat(stream=True)))
        assert b"data: 2" in await client.until(b"[DONE]\n\n")


async def test_a_reload_changes_the_times_of_open_connections() -> None:
    async with serving(server=ServerPolicy(read_timeout=60)) as served:
        client = await served.connect()
        await client.send(HEALTH)
        await client.answer()
        made = served.snapshots.current
        served.snapshots.swap(type(made)(**{**_fields(made), "server": QUICK}))
        await client.send(HEALTH[:10])
        assert await closed_after(client) < 1.5


def _fields(made: Any) -> dict[str, Any]:
    return {name: getattr(made, name) for name in type(made).__slots__}


@pytest.mark.parametrize("lines", [b"X: y\r\n", b"X", b" \r\n"], ids=["header after header", "byte by byte", "folded"])
async def test_many_that_drip_are_cut_together_and_hinder_nobody(lines: bytes) -> None:
    async with serving(server=QUICK) as served:
        clients = [await served.connect() for _ in range(40)]
        for client in clients:
            await client.send(b"GET /health HTTP/1.1\r\nHost: g\r\nX: x\r\n")
        dripping = [asyncio.ensure_future(drip(client, lines * 200)) for client in clients]
        assert (await served.client.get("/health")).status_code == 200
        async with asyncio.timeout(3):
            for client in clients:
                assert b"200" not in await client.ended()
        for drop in dripping:
            drop.cancel()


async def test_a_chunked_body_that_drips_is_cut() -> None:
    head = b"POST /v1/chat/completions HTTP/1.1\r\nHost: g\r\nContent-Type: application/json\r\n"
    async with serving(ScriptedProvider(), server=QUICK) as served:
        client = await served.connect()
        dripping = asyncio.ensure_future(
            drip(client, head + b"Transfer-Encoding: chunked\r\n\r\n" + b"1\r\n{\r\n" * 100)
        )
        assert 0.2 < await closed_after(client) < 1.5
        dripping.cancel()


async def test_a_new_connection_takes_the_place_of_one_that_rests() -> None:
    async with serving(ScriptedProvider(script=[[silence_of(1.0)]]), server=ServerPolicy(max_connections=3)) as served:
        busy, resting, other = [await served.connect() for _ in range(3)]
        await busy.send(request(chat(stream=True)))
        for client in (resting, other):
            await client.send(HEALTH)
            assert (await client.answer())[0] == 200
        newest = await served.connect()
        assert await asyncio.wait_for(resting.ended(), 3) == b""
        for client in (newest, other):
            await client.send(HEALTH)
            assert (await client.answer())[0] == 200
        (warning,) = served.said
        assert warning == "3 connections are open, as many as may be: resting ones are closed"
        busy.reset()


async def test_where_nobody_rests_a_new_connection_is_hung_up_on() -> None:
    async with serving(server=ServerPolicy(max_connections=2)) as served:
        for _ in range(2):
            await (await served.connect()).send(HEALTH[:10])
        await until(lambda: len(served.server._connections) == 2)
        assert await asyncio.wait_for((await served.connect()).ended(), 3) == b""
        assert len(served.said) == 1


def silence_of(seconds: float) -> Any:
    async def silence() -> None:
        await asyncio.sleep(seconds)

    return silence


async def test_nothing_of_a_connection_is_remembered_once_it_is_gone() -> None:
    async with serving() as served:
        for _ in range(5):
            client = await served.connect()
            await client.send(HEALTH)
            await client.answer()
            client.close()
        await until(lambda: not served.server._watched)


async def test_a_server_that_retires_waits_for_those_who_are_connected(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tornado_gateway.httpserver.server._RETIRE_SECONDS", 60.0)
    go = asyncio.Event()

    async def when_told() -> Any:
        await go.wait()
        return text_answer()

    async with serving(ScriptedProvider(script=[when_told])) as served:
        resting, busy = await served.connect(), await served.connect()
        await resting.send(HEALTH)
        await resting.answer()
        await busy.send(request(chat()))
        await until(lambda: served.lifecycle.calls == 1)
        served.lifecycle.retire()
        retiring = asyncio.ensure_future(served.server.retire())
        await asyncio.sleep(0.05)
        with pytest.raises(ConnectionRefusedError):
            await served.connect()
        await resting.send(HEALTH)
        assert (await resting.answer())[1]["connection"] == "close"
        assert await asyncio.wait_for(resting.ended(), 2) == b""
        assert not retiring.done()
        go.set()
        assert (await busy.answer())[0] == 200
        await busy.send(HEALTH)
        assert (await busy.answer())[1]["connection"] == "close"
        await asyncio.wait_for(retiring, 2)


async def test_a_server_that_retires_hangs_up_on_who_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tornado_gateway.httpserver.server._RETIRE_SECONDS", 0.2)
    async with serving() as served:
        client = await served.connect()
        await client.send(HEALTH)
        await client.answer()
        started = time.monotonic()
        await asyncio.wait_for(served.server.retire(), 2)
        assert time.monotonic() - started > 0.15
        assert await asyncio.wait_for(client.ended(), 2) == b""
