"""The event bus: what happens is handed to whoever listens, and the one who says it never waits."""

import asyncio
import contextlib
import logging
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from tornado_gateway.domain.events import Event
from tornado_gateway.observability.batches import BatchThread

_CAPACITY = 16384
_BATCH = 128
_LINGER = 0.05
"""Seconds. Many events at once cost a third less than a few, whose code has left the caches meanwhile; at full load a
batch holds the interpreter for two milliseconds."""
_COMPLAINT_EVERY = 60.0


class Subscriber(Protocol):
    """Gets events in the order of their publication, in batches, always from the same thread."""

    @property
    def name(self) -> str: ...

    def handle(self, events: Sequence[Event]) -> None: ...


class EventBus:
    """A ``domain.ports.Publisher``: ``publish`` appends to bounded queues and returns.

    Those who run on the event loop share a queue of ``capacity`` events, each of the others has one of its own; what
    finds it full is dropped for them alone and counted. An exception of one is counted, logged at most once a minute,
    and reaches nobody.
    """

    def __init__(self, *, capacity: int = _CAPACITY, batch: int = _BATCH, linger: float = _LINGER) -> None:
        self._capacity = capacity
        self._batch = batch
        self._linger = linger
        self._guards: dict[str, _Guard] = {}
        self._inline: list[tuple[_Guard, frozenset[type]]] = []
        self._queue = _InlineQueue(self._hand_round, capacity=capacity, batch=batch, linger=linger)
        self._threads: dict[str, BatchThread[Event]] = {}
        self._offers: tuple[Callable[[Event], None], ...] = ()
        self._started = False

    def add_inline(self, subscriber: Subscriber, *kinds: type) -> None:
        """``subscriber`` is quick and never blocks: it runs on the event loop, shortly after, or at ``flush``.

        It gets events of ``kinds``, of all kinds where none is named.
        """
        guard = self._guard(subscriber)
        if not self._inline:
            self._offers = (*self._offers, self._queue.offer)
        self._inline.append((guard, frozenset(kinds)))

    def add_threaded(self, subscriber: Subscriber, *kinds: type, capacity: int | None = None) -> None:
        """``subscriber`` may block: it has a thread of its own, and one that hangs only loses its own events.

        It gets events of ``kinds``, of all kinds where none is named. ``capacity`` is that of its queue, where its
        events are larger than usual.
        """
        guard = self._guard(subscriber)
        thread: BatchThread[Event] = BatchThread(
            f"events-{subscriber.name}",
            guard.handle,
            capacity=self._capacity if capacity is None else capacity,
            batch=self._batch,
            linger=self._linger,
        )
        self._threads[subscriber.name] = thread
        self._offers = (*self._offers, _choosing(thread.offer, frozenset(kinds)) if kinds else thread.offer)

    def add_lossless(self, offer: Callable[[Event], None]) -> None:
        """``offer`` gets every event while it is published, and no queue between: it never waits and never raises.

        For whoever must not lose one and has a queue and a thread of its own. It takes events from any thread, also
        before ``start`` and after ``close``.
        """
        self._offers = (offer, *self._offers)

    def publish(self, event: Event) -> None:
        for offer in self._offers:
            offer(event)

    def start(self) -> None:
        """Begins to deliver, with what was published before; call it on the running loop."""
        if self._started:
            return
        self._started = True
        self._queue.start(asyncio.get_running_loop())
        for thread in self._threads.values():
            thread.start()

    def flush(self) -> None:
        """Delivers now what waits for inline subscribers; on the loop's thread."""
        self._queue.drain()

    async def close(self, deadline: float = 5.0) -> None:
        """Delivers what is queued, for ``deadline`` seconds at most; later events are dropped and counted."""
        self._queue.close()
        end = time.monotonic() + deadline
        for thread in self._threads.values():
            thread.start()  # a bus that never started still delivers
            await asyncio.to_thread(thread.close, max(0.0, end - time.monotonic()))

    def dropped(self) -> Mapping[str, int]:
        """Events dropped so far, by subscriber."""
        lost = self._queue.dropped
        inline = {
            guard.name: sum(lost[kind] for kind in kinds) if kinds else lost.total() for guard, kinds in self._inline
        }
        return inline | {name: thread.dropped for name, thread in self._threads.items()}

    def failures(self) -> Mapping[str, int]:
        """Batches that raised so far, by subscriber."""
        return {name: guard.failures for name, guard in self._guards.items()}

    def _hand_round(self, events: Sequence[Event]) -> None:
        for guard, kinds in self._inline:
            wanted = [event for event in events if type(event) in kinds] if kinds else events
            if wanted:
                guard.handle(wanted)

    def _guard(self, subscriber: Subscriber) -> "_Guard":
        if subscriber.name in self._guards:
            raise ValueError(f"two subscribers are named {subscriber.name!r}")
        guard = _Guard(subscriber)
        self._guards[subscriber.name] = guard
        return guard


def _choosing(offer: Callable[[Event], None], kinds: frozenset[type]) -> Callable[[Event], None]:
    def chosen(event: Event) -> None:
        if type(event) in kinds:
            offer(event)

    return chosen


class _Guard:
    """Keeps a subscriber's exceptions from everyone else."""

    def __init__(self, subscriber: Subscriber) -> None:
        self.failures = 0
        self.name = subscriber.name
        self._subscriber = subscriber
        self._next_complaint = 0.0

    def handle(self, events: Sequence[Event]) -> None:
        try:
            self._subscriber.handle(events)
        except Exception:
            self.failures += 1
            now = time.monotonic()
            if now < self._next_complaint:
                return
            self._next_complaint = now + _COMPLAINT_EVERY
            logging.getLogger(__name__).exception(
                "event subscriber %s failed, %d times so far", self.name, self.failures
            )


class _InlineQueue:
    """A bounded queue emptied by the event loop: ``linger`` seconds after the first event, or at ``batch`` of them."""

    def __init__(self, handle: Callable[[list[Event]], None], *, capacity: int, batch: int, linger: float) -> None:
        self.dropped: Counter[type] = Counter()
        self._handle = handle
        self._capacity = capacity
        self._batch = batch
        self._linger = linger
        self._queue: deque[Event] = deque()
        self._armed = True  # until start() there is no loop to arm
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread = 0

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._thread = threading.get_ident()
        self._tick()

    def offer(self, event: Event) -> None:
        waiting = len(self._queue)
        if waiting >= self._capacity:
            self.dropped[type(event)] += 1
            return
        self._queue.append(event)
        if not self._armed:
            self._armed = True
            self._arm(self._linger)
        elif waiting == self._batch:
            self._arm(0)

    def drain(self) -> None:
        while events := self._take():
            self._handle(events)

    def close(self) -> None:
        self.drain()
        self._capacity = 0

    def _tick(self) -> None:
        """One batch a turn of the loop: a backlog must not hold up the requests."""
        self._armed = False
        if events := self._take():
            self._handle(events)
        if self._queue and not self._armed:
            self._armed = True
            self._arm(0)

    def _arm(self, delay: float) -> None:
        if self._loop is None:
            return
        with contextlib.suppress(RuntimeError):  # the loop is closed: drain() or close() still deliver
            if threading.get_ident() != self._thread:
                self._loop.call_soon_threadsafe(self._tick)
            elif delay:
                self._loop.call_later(delay, self._tick)
            else:
                self._loop.call_soon(self._tick)

    def _take(self) -> list[Event]:
        queue = self._queue
        return [queue.popleft() for _ in range(min(len(queue), self._batch))]
