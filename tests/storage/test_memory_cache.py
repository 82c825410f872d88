import asyncio

from hypothesis import given
from hypothesis import strategies as st

from tests.support import FakeClock
from tornado_gateway.storage.memory_cache import ENTRY_BYTES, MemoryCache

ROOM = 4 * (ENTRY_BYTES + 100)


def cache(limit: int = ROOM) -> MemoryCache:
    return MemoryCache(FakeClock(), lambda: limit)


def names(count: int) -> list[bytes]:
    return [b"%d" % number for number in range(count)]


async def there(made: MemoryCache, count: int) -> list[int]:
    return [number for number, name in enumerate(names(count)) if await made.get(name) is not None]


async def test_the_one_that_was_not_asked_for_the_longest_time_goes_first() -> None:
    made = cache()
    for name in names(4):
        made.put(name, b"x" * 100, 60)
    assert await made.get(b"0") is not None
    made.put(b"4", b"x" * 100, 60)
    assert await there(made, 5) == [0, 2, 3, 4]
    made.put(b"5", b"x" * (100 + ENTRY_BYTES + 100), 60)
    assert await there(made, 6) == [3, 4, 5]


async def test_what_has_no_room_at_all_is_not_kept_and_pushes_nobody_out() -> None:
    made = cache()
    made.put(b"0", b"x", 60)
    made.put(b"1", b"x" * ROOM, 60)
    assert await there(made, 2) == [0]
    made.put(b"0", b"x" * ROOM, 60)  # nor does it leave an older answer in its place
    assert await there(made, 2) == []
    assert made.size == 0


async def test_less_room_after_a_reload_holds_from_the_next_answer_on() -> None:
    limits = [ROOM]
    made = MemoryCache(FakeClock(), lambda: limits[-1])
    for name in names(4):
        made.put(name, b"x" * 100, 60)
    limits.append(ROOM // 2)
    made.put(b"4", b"x" * 100, 60)
    assert await there(made, 5) == [3, 4]


async def test_what_expired_takes_no_room_once_it_is_asked_for() -> None:
    clock = FakeClock()
    made = MemoryCache(clock, lambda: ROOM)
    made.put(b"0", b"x", 10)
    clock.time += 10
    assert await made.get(b"0") is None
    assert made.size == 0


@given(st.lists(st.tuples(st.sampled_from(names(8)), st.integers(0, 1200))))
def test_it_never_takes_more_than_it_may(steps: list[tuple[bytes, int]]) -> None:
    async def follow() -> None:
        made = cache()
        for name, size in steps:
            made.put(name, b"x" * size, 60)
            assert made.size <= ROOM
            found = [value for each in names(8) if (value := await made.get(each)) is not None]
            assert made.size == sum(len(value) + ENTRY_BYTES for value in found)

    asyncio.run(follow())
