"""One daemon thread that takes what is offered to it in batches, so that whoever offers never waits."""

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

T = TypeVar("T")


class BatchThread(Generic[T]):
    """A bounded queue and the thread that empties it into ``consume``, which may block and must not raise.

    A full queue drops what is offered and counts it. The thread wakes once for a burst and waits ``linger`` seconds
    for more of it (less if ``batch`` items are there): one wake-up an item would cost more than the items.
    """

    def __init__(
        self,
        name: str,
        consume: Callable[[list[T]], None],
        *,
        capacity: int = 16384,
        batch: int = 256,
        linger: float = 0.01,
    ) -> None:
        self.dropped = 0
        self._name = name
        self._consume = consume
        self._capacity = capacity
        self._batch = batch
        self._linger = linger
        self._queue: deque[T] = deque()
        self._awake = False
        self._closing = False
        self._wake = threading.Event()
        self._hurry = threading.Event()
        self._thread: threading.Thread | None = None

    def offer(self, item: T) -> None:
        """Queues ``item``; from any thread."""
        waiting = len(self._queue)
        if waiting >= self._capacity:
            self.dropped += 1
            return
        self._queue.append(item)
        self._wake_up(waiting, 1)

    def offer_all(self, items: Sequence[T]) -> None:
        """Queues ``items``, or as many of them as find room."""
        waiting = len(self._queue)
        room = max(0, self._capacity - waiting)
        if len(items) > room:
            self.dropped += len(items) - room
            items = items[:room]
        if items:
            self._queue.extend(items)
            self._wake_up(waiting, len(items))

    def _wake_up(self, waiting: int, more: int) -> None:
        if not self._awake:
            self._awake = True
            self._wake.set()
        if waiting <= self._batch < waiting + more:
            self._hurry.set()

    def start(self) -> None:
        """Starts the thread; again in a process forked since, where threads do not live on."""
        if self._closing or (self._thread is not None and self._thread.is_alive()):
            return
        self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
        self._thread.start()

    def close(self, deadline: float) -> None:
        """Takes nothing more; waits up to ``deadline`` seconds until all is consumed and counts the rest as dropped."""
        end = time.monotonic() + deadline
        self._capacity = 0
        self._closing = True
        self._hurry.set()
        self._wake.set()
        if self._thread is not None:
            self._thread.join(max(0.0, end - time.monotonic()))
        self.dropped += len(self._queue)
        self._queue.clear()

    def _run(self) -> None:
        while True:
            self._wake.wait()
            self._hurry.wait(0 if self._closing else self._linger)
            self._hurry.clear()
            # In this order: an item offered between two of these lines is either taken below or wakes us again.
            self._wake.clear()
            self._awake = False
            while batch := self._take():
                self._consume(batch)
                if len(self._queue) < self._batch and not self._closing:
                    break
            if self._queue:  # came meanwhile, and no full batch: it waits for more
                self._awake = True
                self._wake.set()
            elif self._closing:
                return

    def _take(self) -> list[T]:
        queue = self._queue
        items: list[T] = []
        while len(items) < self._batch:
            try:
                items.append(queue.popleft())
            except IndexError:  # close() may empty it meanwhile
                break
        return items
