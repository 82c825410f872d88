"""The supervisor: starts workers, starts others for those that end, replaces them one by one, ends them all."""

import asyncio
import signal
from collections.abc import Callable, Coroutine
from typing import Any, Protocol

from loguru import logger

from tornado_gateway.domain.ports import Clock
from tornado_gateway.workers.backoff import Backoff

START_SECONDS = 60.0
"""A successor that does not serve by then is given up."""

MARGIN_SECONDS = 10.0
"""Beyond ``drain_timeout``, to hang up on everybody and deliver the last events. Then a worker is killed."""


class Worker(Protocol):
    """``begun`` is set once it serves or is gone, ``ended`` once it is gone; ``patience`` is how many seconds it said
    it may take to end."""

    number: int
    slot: int
    serves: bool
    patience: float | None
    begun: asyncio.Event
    ended: asyncio.Event

    @property
    def fate(self) -> str: ...

    def send(self, number: signal.Signals, /) -> None: ...

    def poll(self) -> bool: ...


class _Post:
    """One of the numbers from 1 on, who has it, and who is on the way to take it over."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.worker: Worker | None = None
        self.incoming: Worker | None = None
        self.backoff = Backoff()


class Supervisor:
    """``spawn`` starts a worker by number and slot, ``vacate`` is told of slots whose worker is gone, ``serving`` is
    called once, when all serve. ``patience`` in seconds is for workers that don't say how long they need to end.

    A worker is told by signals: SIGTERM to drain and end, SIGUSR1 to serve who is connected and end, SIGHUP to reload.
    """

    def __init__(
        self,
        *,
        workers: int,
        spawn: Callable[[int, int], Worker],
        vacate: Callable[[int], None],
        serving: Callable[[], None],
        clock: Clock,
        patience: float,
        margin: float = MARGIN_SECONDS,
    ) -> None:
        self._posts = [_Post(number) for number in range(1, workers + 1)]
        # One more than workers: a successor serves before its predecessor is gone.
        self._free = list(range(workers + 1))
        self._spawn = spawn
        self._vacate = vacate
        self._serving = serving
        self._clock = clock
        self._patience = patience
        self._margin = margin
        self._living: list[Worker] = []
        self._tasks: list[asyncio.Task[None]] = []
        self._unheard = {post.number for post in self._posts}
        self._replace_wanted = asyncio.Event()
        self._stopping = asyncio.Event()
        self._code = 0

    async def run(self) -> int:
        """Until ``stop``, or until no worker comes to serve at all. The exit code: 0 after a drain, else 1."""
        async with asyncio.TaskGroup() as group:
            if not all(self._start(post, group) for post in self._posts):
                self._give_up()
            self._keep(group, self._replace_on_request(group))
            await self._stopping.wait()
            for task in self._tasks:
                task.cancel()
        for worker in self._living:
            worker.send(signal.SIGTERM)
        await asyncio.gather(*(self._gone(worker) for worker in list(self._living)))
        return self._code

    def stop(self) -> None:
        """All workers drain and end; said a second time, they end at once."""
        if not self._stopping.is_set():
            self._stopping.set()
            return
        self._code = 1
        for worker in self._living:
            worker.send(signal.SIGKILL)

    def reload(self) -> None:
        for worker in self._living:
            worker.send(signal.SIGHUP)

    def replace(self) -> None:
        """Each worker gets a successor, one after the other; asked for meanwhile, once more after that."""
        self._replace_wanted.set()

    def child_ended(self) -> None:
        """Some child did: to be called on SIGCHLD."""
        for worker in list(self._living):
            if worker.poll():
                self._living.remove(worker)
                self._vacate(worker.slot)
                self._free.append(worker.slot)

    def _start(self, post: _Post, group: asyncio.TaskGroup) -> Worker | None:
        """None where the machine has no room for another process."""
        slot = self._free[0]
        try:
            worker = self._spawn(post.number, slot)
        except OSError as error:
            logger.bind(worker=post.number).error(f"no worker can be started: {error.strerror}")
            return None
        self._free.remove(slot)
        self._living.append(worker)
        if post.worker is None:
            post.worker = worker
        else:
            post.incoming = worker
        self._keep(group, self._attend(post, worker, group))
        return worker

    def _keep(self, group: asyncio.TaskGroup, work: Coroutine[Any, Any, None]) -> None:
        self._tasks = [task for task in self._tasks if not task.done()]
        self._tasks.append(group.create_task(work))

    async def _attend(self, post: _Post, worker: Worker, group: asyncio.TaskGroup) -> None:
        """From a worker's start to its end, and to the start of another if nobody has taken its post."""
        started = self._clock.monotonic()
        await worker.begun.wait()
        if worker.serves:
            self._heard(post)
        await worker.ended.wait()
        if post.worker is not worker:
            return
        post.worker = None
        if len(self._unheard) == len(self._posts):
            logger.bind(worker=post.number, fate=worker.fate).error("a worker could not start")
            self._give_up()
            return
        delay = post.backoff.after(self._clock.monotonic() - started)
        logger.bind(worker=post.number, fate=worker.fate).warning(f"worker ended, another starts in {delay:g} s")
        await self._fill(post, delay, group)

    async def _fill(self, post: _Post, delay: float, group: asyncio.TaskGroup) -> None:
        """Starts a worker after ``delay`` seconds, unless somebody has the post by then."""
        while True:
            await self._clock.sleep(delay)
            if post.worker or post.incoming or self._start(post, group):
                return
            delay = post.backoff.after(0.0)

    def _give_up(self) -> None:
        self._code = 1
        self._stopping.set()

    def _heard(self, post: _Post) -> None:
        if post.number in self._unheard:
            self._unheard.remove(post.number)
            if not self._unheard:
                self._serving()

    async def _replace_on_request(self, group: asyncio.TaskGroup) -> None:
        while True:
            await self._replace_wanted.wait()
            self._replace_wanted.clear()
            logger.info("replacing the workers one by one")
            await self._replace_all(group)

    async def _replace_all(self, group: asyncio.TaskGroup) -> None:
        for post in self._posts:
            if not await self._succeeded(post, group):
                return
        logger.info("all workers replaced")

    async def _succeeded(self, post: _Post, group: asyncio.TaskGroup) -> bool:
        """Whether a successor serves in place of the post's worker, who is gone then."""
        if post.worker is None:
            return True  # one is about to start anyway
        successor = self._start(post, group)
        if successor is None:
            return False
        try:
            async with asyncio.timeout(START_SECONDS):
                await successor.begun.wait()
        except TimeoutError:
            successor.send(signal.SIGKILL)
            await successor.ended.wait()
        post.incoming = None
        if not successor.serves:
            logger.bind(worker=post.number, fate=successor.fate).error("a successor could not start, the worker stays")
            if post.worker is None:
                await self._fill(post, 0.0, group)
            return False
        predecessor, post.worker = post.worker, successor
        if predecessor is not None:
            predecessor.send(signal.SIGUSR1)
            await self._gone(predecessor)
        return True

    async def _gone(self, worker: Worker) -> None:
        """Returns once it is; kills it where it takes longer than it said."""
        waited = 0.0
        while not worker.ended.is_set():
            left = (self._patience if worker.patience is None else worker.patience) + self._margin - waited
            if left <= 0:
                logger.bind(worker=worker.number).error("a worker did not end in time: killed")
                worker.send(signal.SIGKILL)
                await worker.ended.wait()
                return
            step = min(1.0, left)
            try:
                async with asyncio.timeout(step):
                    await worker.ended.wait()
            except TimeoutError:
                waited += step
