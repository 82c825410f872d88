"""Workers that do as the test says; the real ones are under test in tests/end_to_end."""

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from tests.serving import until
from tests.support import FakeClock
from tornado_gateway.workers.backoff import FIRST_SECONDS
from tornado_gateway.workers.supervisor import Supervisor


class Clock(FakeClock):
    """Lets others go on meanwhile."""

    async def sleep(self, seconds: float) -> None:
        await super().sleep(seconds)
        await asyncio.sleep(0)


class Worker:
    """Ends on SIGTERM and SIGUSR1 unless ``stubborn``."""

    def __init__(self, number: int, slot: int, shop: "Shop") -> None:
        self.number = number
        self.slot = slot
        self.serves = False
        self.patience: float | None = None
        self.begun = asyncio.Event()
        self.ended = asyncio.Event()
        self.fate = "exit code 0"
        self.stubborn = False
        self.got: list[signal.Signals] = []
        self._dead = False
        self._shop = shop

    def serve(self) -> None:
        self.serves = True
        self.begun.set()

    def die(self, fate: str = "SIGSEGV") -> None:
        self.fate = fate
        self._dead = True
        self._shop.supervisor.child_ended()

    def send(self, number: signal.Signals) -> None:
        self.got.append(number)
        if number == signal.SIGKILL or (number in (signal.SIGTERM, signal.SIGUSR1) and not self.stubborn):
            self._dead = True
            asyncio.get_running_loop().call_soon(self._shop.supervisor.child_ended)

    def poll(self) -> bool:
        if self._dead:
            self.begun.set()
            self.ended.set()
        return self._dead


class Shop:
    """A supervisor and the workers that it started, in order."""

    def __init__(self, workers: int, *, patience: float = 5.0, margin: float = 1.0) -> None:
        self.workers: list[Worker] = []
        self.vacated: list[int] = []
        self.served = 0
        self.room = True
        self.clock = Clock()
        self.supervisor = Supervisor(
            workers=workers,
            spawn=self._spawn,
            vacate=self.vacated.append,
            serving=self._serving,
            clock=self.clock,
            patience=patience,
            margin=margin,
        )

    def _spawn(self, number: int, slot: int) -> Worker:
        if not self.room:
            raise BlockingIOError(11, "no room")
        living = [worker for worker in self.workers if not worker.ended.is_set()]
        assert slot not in [worker.slot for worker in living]
        self.workers.append(Worker(number, slot, self))
        return self.workers[-1]

    def _serving(self) -> None:
        self.served += 1

    async def hired(self, count: int) -> Worker:
        """The last one, once ``count`` were started."""
        await until(lambda: len(self.workers) >= count)
        assert len(self.workers) == count
        return self.workers[-1]


@asynccontextmanager
async def open_shop(workers: int, code: int = 0, *, patience: float = 5.0, margin: float = 1.0) -> AsyncIterator[Shop]:
    shop = Shop(workers, patience=patience, margin=margin)
    running = asyncio.ensure_future(shop.supervisor.run())
    await shop.hired(workers)
    yield shop
    shop.supervisor.stop()
    assert await asyncio.wait_for(running, 5) == code
    assert all(worker.ended.is_set() for worker in shop.workers)
    assert sorted(shop.vacated) == sorted(worker.slot for worker in shop.workers)


async def test_it_says_once_that_all_serve_and_ends_them_all() -> None:
    async with open_shop(3) as shop:
        assert [(worker.number, worker.slot) for worker in shop.workers] == [(1, 0), (2, 1), (3, 2)]
        for worker in shop.workers:
            assert shop.served == 0
            worker.serve()
            await asyncio.sleep(0)
        await until(lambda: shop.served == 1)
    assert [worker.got for worker in shop.workers] == [[signal.SIGTERM]] * 3
    assert shop.served == 1


async def test_one_that_ends_gets_a_successor_later_each_time_it_ends_early() -> None:
    async with open_shop(2) as shop:
        shop.workers[0].serve()
        for turn in range(4):
            worker = shop.workers[0] if turn == 0 else await shop.hired(2 + turn)
            worker.serve()
            await asyncio.sleep(0)
            worker.die()
        last = await shop.hired(6)
        assert (last.number, last.slot) == (1, 0)
        assert shop.clock.slept == [FIRST_SECONDS * 2**turn for turn in range(4)]
        last.serve()
        await asyncio.sleep(0)
        shop.clock.time += 3600
        last.die()
        await shop.hired(7)
        assert shop.clock.slept[-1] == FIRST_SECONDS
        assert not shop.workers[1].got


async def test_where_none_can_start_it_gives_up() -> None:
    async with open_shop(2, code=1) as shop:
        shop.workers[1].die("exit code 1")
        await until(lambda: shop.workers[0].got == [signal.SIGTERM])
    assert len(shop.workers) == 2


async def test_where_one_serves_the_others_are_tried_on() -> None:
    async with open_shop(2) as shop:
        shop.workers[0].serve()
        await asyncio.sleep(0)
        shop.workers[1].die("exit code 1")
        (await shop.hired(3)).die("exit code 1")
        (await shop.hired(4)).serve()
        await until(lambda: shop.served == 1)


async def test_reload_reaches_those_who_are_on_the_way_too() -> None:
    async with open_shop(2) as shop:
        shop.workers[0].serve()
        shop.supervisor.reload()
        assert [worker.got for worker in shop.workers] == [[signal.SIGHUP]] * 2


async def test_each_is_replaced_once_its_successor_serves_and_before_the_next_is() -> None:
    async with open_shop(2) as shop:
        one, two = shop.workers
        for worker in (one, two):
            worker.serve()
        one.stubborn = True
        shop.supervisor.replace()
        first = await shop.hired(3)
        assert (first.number, first.slot, one.got) == (1, 2, [])
        first.serve()
        await until(lambda: one.got == [signal.SIGUSR1])
        await asyncio.sleep(0.01)
        assert len(shop.workers) == 3  # the one before is not gone yet
        one.die("exit code 0")
        second = await shop.hired(4)
        assert (second.number, second.slot, two.got) == (2, 0, [])
        second.serve()
        await until(two.ended.is_set)
        await asyncio.sleep(0.01)
        assert len(shop.workers) == 4
        assert shop.clock.slept == []


async def test_asked_for_once_more_meanwhile_it_is_done_once_more() -> None:
    async with open_shop(1) as shop:
        shop.workers[0].serve()
        shop.supervisor.replace()
        successor = await shop.hired(2)
        shop.supervisor.replace()
        shop.supervisor.replace()
        successor.serve()
        (await shop.hired(3)).serve()
        await until(successor.ended.is_set)
        await asyncio.sleep(0.01)
        assert len(shop.workers) == 3


async def test_without_a_successor_that_serves_everybody_stays() -> None:
    async with open_shop(2) as shop:
        for worker in shop.workers:
            worker.serve()
        shop.supervisor.replace()
        (await shop.hired(3)).die("exit code 1")
        await asyncio.sleep(0.01)
        assert [worker.got for worker in shop.workers[:2]] == [[], []]
        shop.supervisor.replace()  # and it can be tried again
        (await shop.hired(4)).serve()
        await until(shop.workers[0].ended.is_set)
        (await shop.hired(5)).serve()


async def test_one_that_dies_while_its_successor_starts_has_no_second_one() -> None:
    async with open_shop(1) as shop:
        shop.workers[0].serve()
        shop.supervisor.replace()
        successor = await shop.hired(2)
        shop.workers[0].die()
        await asyncio.sleep(0.01)
        assert len(shop.workers) == 2
        successor.serve()
        await asyncio.sleep(0.01)
        successor.die()
        await shop.hired(3)


async def test_when_both_die_another_starts() -> None:
    async with open_shop(1) as shop:
        shop.workers[0].serve()
        shop.supervisor.replace()
        successor = await shop.hired(2)
        shop.workers[0].die()
        await asyncio.sleep(0.01)
        successor.die()
        (await shop.hired(3)).serve()


async def test_one_that_takes_longer_than_it_said_is_killed() -> None:
    async with open_shop(2, patience=60.0, margin=0.02) as shop:
        for worker in shop.workers:
            worker.serve()
            worker.stubborn = True
            worker.patience = 0.02
    assert [worker.got for worker in shop.workers] == [[signal.SIGTERM, signal.SIGKILL]] * 2


async def test_told_to_stop_twice_they_end_at_once() -> None:
    async with open_shop(2, code=1, patience=60.0) as shop:
        for worker in shop.workers:
            worker.serve()
            worker.stubborn = True
        shop.supervisor.stop()
        await until(lambda: all(worker.got == [signal.SIGTERM] for worker in shop.workers))
    assert all(worker.got[-1] == signal.SIGKILL for worker in shop.workers)


async def test_told_to_stop_while_it_replaces_it_ends_both() -> None:
    async with open_shop(1) as shop:
        shop.workers[0].serve()
        shop.supervisor.replace()
        await shop.hired(2)
    assert [worker.got for worker in shop.workers] == [[signal.SIGTERM]] * 2


async def test_a_successor_that_never_comes_to_serve_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tornado_gateway.workers.supervisor.START_SECONDS", 0.02)
    async with open_shop(1) as shop:
        shop.workers[0].serve()
        shop.supervisor.replace()
        successor = await shop.hired(2)
        await until(successor.ended.is_set)
        assert (successor.got, shop.workers[0].got) == ([signal.SIGKILL], [])


async def test_where_there_is_no_room_for_a_process_it_is_tried_again() -> None:
    async with open_shop(2) as shop:
        for worker in shop.workers:
            worker.serve()
        shop.room = False
        shop.supervisor.replace()
        await asyncio.sleep(0.01)
        assert [worker.got for worker in shop.workers] == [[], []]
        shop.workers[0].die()
        await until(lambda: len(shop.clock.slept) > 3)
        assert shop.clock.slept[:3] == [FIRST_SECONDS, 2 * FIRST_SECONDS, 4 * FIRST_SECONDS]
        shop.room = True
        (await shop.hired(3)).serve()


async def test_where_there_is_no_room_at_the_start_it_gives_up() -> None:
    shop = Shop(2)
    shop.room = False
    assert await asyncio.wait_for(shop.supervisor.run(), 5) == 1
