import asyncio

import pytest

from tornado_gateway.domain.patience import Patience


async def never() -> None:
    await asyncio.get_running_loop().create_future()


async def value() -> int:
    await asyncio.sleep(0)
    return 5


async def test_what_comes_in_time() -> None:
    patience = Patience()
    assert [await patience.wait(value(), 60) for _ in range(3)] == [5, 5, 5]
    patience.close()


async def test_what_does_not() -> None:
    patience = Patience()
    assert await patience.wait(value(), 60) == 5
    with pytest.raises(TimeoutError):
        await patience.wait(never(), 0.001)
    task = asyncio.current_task()
    assert task is not None
    assert task.cancelling() == 0
    patience.close()


async def test_many_short_waits_are_no_long_one() -> None:
    patience = Patience()
    loop = asyncio.get_running_loop()
    end = loop.time() + 0.03
    while loop.time() < end:
        assert await patience.wait(value(), 0.01) == 5
    patience.close()


async def test_a_timer_that_rings_between_two_waits_hurts_nobody() -> None:
    patience = Patience()
    assert await patience.wait(value(), 0.001) == 5
    await asyncio.sleep(0.005)
    assert await patience.wait(value(), 60) == 5
    patience.close()
    patience.close()


async def test_somebody_elses_cancelling_is_theirs() -> None:
    async def waits() -> None:
        await Patience().wait(never(), 60)

    task = asyncio.ensure_future(waits())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_both_at_once_are_a_cancelling() -> None:
    async def waits() -> None:
        await Patience().wait(never(), 0.001)

    task = asyncio.ensure_future(waits())
    await asyncio.sleep(0)
    asyncio.get_running_loop().call_later(0.001, task.cancel)
    await asyncio.wait([task])
    assert task.cancelled() or isinstance(task.exception(), TimeoutError)


async def test_a_closed_one_rings_for_nobody() -> None:
    patience = Patience()
    await patience.wait(value(), 0.001)
    timer = patience._timer
    assert timer is not None
    patience.close()
    assert timer.cancelled()
