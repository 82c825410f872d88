import asyncio
import logging
import threading
import time
from collections.abc import Callable, Sequence

import pytest

from tornado_gateway.domain.events import CircuitChanged, ConfigReloaded, Event, RequestStarted
from tornado_gateway.observability.bus import EventBus


def event(number: int) -> RequestStarted:
    return RequestStarted(str(number), "native", False)


def numbers(events: Sequence[Event]) -> list[int]:
    return [int(one.request_id) for one in events if isinstance(one, RequestStarted)]


class Listener:
    def __init__(self, name: str = "listener") -> None:
        self.name = name
        self.seen: list[int] = []
        self.batches = 0
        self.threads: set[int] = set()

    def handle(self, events: Sequence[Event]) -> None:
        self.seen += numbers(events)
        self.batches += 1
        self.threads.add(threading.get_ident())


class Broken(Listener):
    def handle(self, events: Sequence[Event]) -> None:
        super().handle(events)
        raise RuntimeError("broken")


class Blocked(Listener):
    def __init__(self, name: str = "blocked") -> None:
        super().__init__(name)
        self.entered = threading.Event()
        self.released = threading.Event()

    def handle(self, events: Sequence[Event]) -> None:
        self.entered.set()
        self.released.wait(10)
        super().handle(events)


async def until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 5
    while not condition():
        assert time.monotonic() < end, "it never came true"
        await asyncio.sleep(0.002)


async def test_whoever_wants_some_kinds_alone_is_told_of_those() -> None:
    class Told(Listener):
        def handle(self, events: Sequence[Event]) -> None:
            self.kinds = [type(one) for one in events]

    bus, everything, chosen, others = EventBus(), Listener("everything"), Told("chosen"), Told("others")
    bus.add_inline(everything)
    bus.add_inline(chosen, CircuitChanged, ConfigReloaded)
    bus.add_inline(others, CircuitChanged)
    bus.start()
    bus.publish(event(1))
    bus.publish(CircuitChanged("openai", 0, "open", "closed"))
    bus.publish(event(2))
    bus.flush()
    assert everything.seen == [1, 2]
    assert chosen.kinds == others.kinds == [CircuitChanged]
    await bus.close()
    assert bus.dropped() == {"everything": 0, "chosen": 0, "others": 0}


async def test_inline_subscribers_get_events_on_the_loop_shortly_after() -> None:
    bus, listener = EventBus(linger=0.01), Listener()
    bus.add_inline(listener)
    bus.start()
    bus.publish(event(1))
    bus.publish(event(2))
    assert listener.seen == []
    await until(lambda: listener.seen == [1, 2])
    assert listener.batches == 1
    assert listener.threads == {threading.get_ident()}
    bus.publish(event(3))
    await until(lambda: listener.seen == [1, 2, 3])


async def test_flush_delivers_at_once() -> None:
    bus, one, two = EventBus(linger=60), Listener("one"), Listener("two")
    bus.add_inline(one)
    bus.add_inline(two)
    bus.start()
    bus.publish(event(1))
    assert (one.seen, two.seen) == ([], [])
    bus.flush()
    assert (one.seen, two.seen) == ([1], [1])
    bus.flush()
    assert (one.batches, two.batches) == (1, 1)


async def test_a_backlog_does_not_wait_for_the_timer_and_is_split() -> None:
    bus, listener = EventBus(linger=60, batch=10), Listener()
    bus.add_inline(listener)
    bus.start()
    for number in range(95):
        bus.publish(event(number))
    await until(lambda: len(listener.seen) == 95)
    assert listener.seen == list(range(95))
    assert listener.batches == 10


async def test_what_is_published_before_start_is_delivered_after() -> None:
    bus, inline, threaded = EventBus(linger=0.01), Listener("inline"), Listener("threaded")
    bus.add_inline(inline)
    bus.add_threaded(threaded)
    bus.publish(event(1))
    bus.start()
    bus.start()
    await until(lambda: inline.seen == [1] and threaded.seen == [1])
    assert threading.get_ident() not in threaded.threads
    await bus.close()


async def test_publishing_from_another_thread_wakes_the_loop() -> None:
    bus, listener = EventBus(linger=0.01), Listener()
    bus.add_inline(listener)
    bus.start()
    await asyncio.to_thread(bus.publish, event(1))
    await until(lambda: listener.seen == [1])
    assert listener.threads == {threading.get_ident()}


async def test_a_full_queue_drops_for_its_subscriber_alone_and_counts() -> None:
    bus, blocked, inline = EventBus(capacity=10, batch=1, linger=0), Blocked(), Listener("inline")
    bus.add_threaded(blocked)
    bus.add_inline(inline)
    bus.start()
    bus.publish(event(0))
    assert blocked.entered.wait(5)
    for number in range(1, 16):
        bus.publish(event(number))
        bus.flush()
    assert bus.dropped() == {"inline": 0, "blocked": 5}
    assert inline.seen == list(range(16))
    blocked.released.set()
    await bus.close()
    assert blocked.seen == list(range(11))


async def test_a_full_inline_queue_drops_and_counts() -> None:
    bus, listener = EventBus(capacity=3, linger=60), Listener()
    bus.add_inline(listener)
    bus.start()
    for number in range(5):
        bus.publish(event(number))
    bus.flush()
    assert listener.seen == [0, 1, 2]
    assert bus.dropped() == {"listener": 2}


async def test_what_a_full_inline_queue_drops_is_counted_for_those_who_wanted_it() -> None:
    bus = EventBus(capacity=0)
    bus.add_inline(Listener("everything"))
    bus.add_inline(Listener("chosen"), CircuitChanged)
    bus.publish(event(1))
    bus.publish(CircuitChanged("openai", 0, "open", "closed"))
    bus.publish(event(2))
    assert bus.dropped() == {"everything": 3, "chosen": 1}


async def test_events_of_other_kinds_take_no_room_in_a_thread_s_queue() -> None:
    bus, chosen = EventBus(), Listener("chosen")
    bus.add_threaded(chosen, RequestStarted, capacity=2)
    for _ in range(3):
        bus.publish(CircuitChanged("openai", 0, "open", "closed"))
    for number in range(3):
        bus.publish(event(number))
    await bus.close()
    assert (chosen.seen, bus.dropped()) == ([0, 1], {"chosen": 1})


async def test_a_blocked_subscriber_never_holds_up_publish() -> None:
    bus, blocked = EventBus(capacity=1000), Blocked()
    bus.add_threaded(blocked)
    bus.start()
    started = time.monotonic()
    for number in range(100_000):
        bus.publish(event(number))
    assert time.monotonic() - started < 5  # it would hang for 10 s where it waited even once
    assert bus.dropped()["blocked"] >= 100_000 - 1000 - 256 * 2
    blocked.released.set()
    await bus.close()


@pytest.mark.parametrize("threaded", [False, True])
async def test_an_exception_reaches_neither_publisher_nor_others(
    threaded: bool, caplog: pytest.LogCaptureFixture
) -> None:
    bus, broken, sound = EventBus(linger=0.001), Broken("broken"), Listener("sound")
    (bus.add_threaded if threaded else bus.add_inline)(broken)
    bus.add_inline(sound)
    bus.start()
    with caplog.at_level(logging.ERROR):
        for number in range(3):
            bus.publish(event(number))
            await until(lambda seen=number + 1: len(broken.seen) == seen)
        await bus.close()
    assert sound.seen == [0, 1, 2]
    assert bus.failures() == {"broken": 3, "sound": 0}
    complaints = [record for record in caplog.records if "broken" in record.getMessage()]
    assert len(complaints) == 1  # once in a while, not three times


async def test_close_delivers_what_is_queued_and_later_events_are_dropped() -> None:
    bus, inline, threaded = EventBus(linger=60), Listener("inline"), Listener("threaded")
    bus.add_inline(inline)
    bus.add_threaded(threaded)
    bus.start()
    for number in range(50):
        bus.publish(event(number))
    await bus.close()
    assert inline.seen == threaded.seen == list(range(50))
    bus.publish(event(50))
    assert bus.dropped() == {"inline": 1, "threaded": 1}


async def test_close_of_a_bus_that_never_started_delivers_too() -> None:
    bus, inline, threaded = EventBus(), Listener("inline"), Listener("threaded")
    bus.add_inline(inline)
    bus.add_threaded(threaded)
    bus.publish(event(1))
    await bus.close()
    assert inline.seen == threaded.seen == [1]


async def test_close_keeps_to_its_deadline_and_the_loop_runs_on_meanwhile() -> None:
    bus, blocked = EventBus(batch=1, linger=0), Blocked()
    bus.add_threaded(blocked)
    bus.start()
    bus.publish(event(0))
    bus.publish(event(1))
    assert blocked.entered.wait(5)
    closing = asyncio.ensure_future(bus.close(deadline=0.2))
    await asyncio.sleep(0)
    assert not closing.done()
    await asyncio.wait_for(closing, 5)
    assert bus.dropped() == {"blocked": 1}
    blocked.released.set()


def test_publish_survives_a_closed_loop() -> None:
    bus, listener = EventBus(), Listener()
    bus.add_inline(listener)

    async def start() -> None:
        bus.start()

    asyncio.run(start())
    bus.publish(event(1))
    bus.flush()
    assert listener.seen == [1]


def test_two_subscribers_of_one_name_are_refused() -> None:
    bus = EventBus()
    bus.add_inline(Listener("same"))
    with pytest.raises(ValueError, match="same"):
        bus.add_threaded(Listener("same"))


async def test_a_lossless_one_gets_every_event_at_once_before_the_start_and_after_the_end() -> None:
    bus, seen = EventBus(capacity=1), list[Event]()
    bus.add_inline(Listener())
    bus.add_lossless(seen.append)
    for number in range(5):
        bus.publish(event(number))
    assert numbers(seen) == [0, 1, 2, 3, 4]
    assert bus.dropped() == {"listener": 4}
    bus.start()
    await bus.close()
    bus.publish(event(5))
    assert numbers(seen)[-1] == 5


async def test_a_subscriber_may_have_a_shorter_queue() -> None:
    bus, usual, short = EventBus(linger=0.01), Listener("usual"), Listener("short")
    bus.add_threaded(usual)
    bus.add_threaded(short, capacity=3)
    for number in range(10):
        bus.publish(event(number))
    assert bus.dropped() == {"usual": 0, "short": 7}
    await bus.close()
    assert (len(usual.seen), short.seen) == (10, [0, 1, 2])
