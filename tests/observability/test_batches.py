import threading
import time

from tornado_gateway.observability.batches import BatchThread


def test_everything_arrives_in_order_and_in_batches() -> None:
    seen: list[list[int]] = []
    thread = BatchThread("t", seen.append, batch=100, linger=0.01)
    thread.start()
    for number in range(1000):
        thread.offer(number)
    thread.close(5)
    assert [number for batch in seen for number in batch] == list(range(1000))
    assert len(seen) < 100
    assert max(map(len, seen)) <= 100
    assert thread.dropped == 0


def test_offers_from_many_threads_lose_nothing() -> None:
    seen: list[int] = []
    thread: BatchThread[int] = BatchThread("t", seen.extend, linger=0.001)
    thread.start()

    def offer_many() -> None:
        for number in range(2000):
            thread.offer(number)

    offering = [threading.Thread(target=offer_many) for _ in range(4)]
    for one in offering:
        one.start()
    for one in offering:
        one.join()
    thread.close(5)
    assert sorted(seen) == sorted([*range(2000)] * 4)


def test_a_consumer_that_blocks_fills_the_queue_and_no_more() -> None:
    entered, released = threading.Event(), threading.Event()
    seen: list[int] = []

    def consume(batch: list[int]) -> None:
        entered.set()
        released.wait(10)
        seen.extend(batch)

    thread = BatchThread("t", consume, capacity=5, batch=1, linger=0)
    thread.start()
    thread.offer(0)
    assert entered.wait(5)
    for number in range(1, 9):
        thread.offer(number)
    assert thread.dropped == 3
    released.set()
    thread.close(5)
    assert seen == [0, 1, 2, 3, 4, 5]


def test_a_full_batch_cuts_the_lingering_short() -> None:
    arrived = threading.Event()
    thread: BatchThread[int] = BatchThread("t", lambda _batch: arrived.set(), batch=10, linger=60)
    thread.start()
    for number in range(11):
        thread.offer(number)
    assert arrived.wait(5)


def test_what_comes_while_a_batch_is_consumed_waits_for_a_full_one() -> None:
    entered, released, again = threading.Event(), threading.Event(), threading.Event()
    seen: list[list[int]] = []

    def consume(batch: list[int]) -> None:
        seen.append(batch)
        (again if entered.is_set() else entered).set()
        released.wait(10)

    thread: BatchThread[int] = BatchThread("t", consume, batch=10, linger=60)
    thread.start()
    for number in range(12):
        thread.offer(number)
    assert entered.wait(5)
    thread.offer(12)
    released.set()
    assert not again.wait(0.05), "three are no full batch"
    for number in range(13, 21):
        thread.offer(number)
    assert again.wait(5)
    thread.close(5)
    assert seen == [[*range(10)], [*range(10, 20)], [20]]


def test_close_does_not_wait_for_a_full_batch() -> None:
    seen: list[int] = []
    thread: BatchThread[int] = BatchThread("t", seen.extend, batch=10, linger=60)
    thread.start()
    for number in range(15):
        thread.offer(number)
    thread.close(5)
    assert seen == [*range(15)]


def test_a_lone_item_arrives_after_the_lingering() -> None:
    arrived = threading.Event()
    thread: BatchThread[int] = BatchThread("t", lambda _batch: arrived.set(), linger=0.01)
    thread.start()
    thread.offer(1)
    assert arrived.wait(5)
    arrived.clear()
    thread.offer(2)
    assert arrived.wait(5)


def test_close_gives_up_at_its_deadline_and_counts_what_is_left() -> None:
    entered, released = threading.Event(), threading.Event()

    def consume(_batch: list[int]) -> None:
        entered.set()
        released.wait(10)

    thread = BatchThread("t", consume, batch=1, linger=0)
    thread.start()
    for number in range(4):
        thread.offer(number)
    assert entered.wait(5)
    started = time.monotonic()
    thread.close(0.05)
    assert time.monotonic() - started < 2
    assert thread.dropped == 3
    released.set()


def test_offers_after_close_are_dropped_and_it_does_not_start_again() -> None:
    seen: list[int] = []
    thread: BatchThread[int] = BatchThread("t", seen.extend)
    thread.close(1)
    thread.start()
    thread.offer(1)
    assert thread.dropped == 1
    assert seen == []


def test_many_offered_at_once_fill_the_room_there_is() -> None:
    seen: list[int] = []
    whole = threading.Event()

    def consume(batch: list[int]) -> None:
        seen.extend(batch)
        if len(seen) == 4:
            whole.set()

    thread: BatchThread[int] = BatchThread("t", consume, capacity=4, batch=2, linger=60.0)
    thread.offer_all([0, 1, 2])
    thread.offer_all([])
    thread.offer_all([3, 4, 5, 6])
    assert thread.dropped == 3
    thread.offer_all([7])
    assert thread.dropped == 4
    thread.start()
    assert whole.wait(10), "without its linger, for there is more than a batch"
    assert seen == [0, 1, 2, 3]
    thread.close(5)
    thread.offer_all([8])
    assert thread.dropped == 5
