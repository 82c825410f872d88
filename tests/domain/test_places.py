import asyncio

import pytest

from tornado_gateway.domain.errors import ProviderBusy
from tornado_gateway.domain.places import Places
from tornado_gateway.domain.policies import Concurrency

LONG = 60.0


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_places_are_handed_on_in_the_order_of_asking() -> None:
    places, policy = Places(), Concurrency(1, queue=5, wait=LONG)
    served: list[int] = []

    async def call(number: int) -> None:
        give_back = await places.take("p", policy)
        served.append(number)
        await asyncio.sleep(0)
        assert places.taken("p") == 1
        give_back()

    await asyncio.gather(*(call(number) for number in range(5)))
    assert served == [0, 1, 2, 3, 4]
    assert places.taken("p") == 0
    assert places.taken("never asked") == 0


async def test_beyond_the_queue_nobody_waits() -> None:
    places, policy = Places(), Concurrency(1, queue=1, wait=LONG)
    give_back = await places.take("p", policy)
    waiting = asyncio.ensure_future(places.take("p", policy))
    await settle()
    with pytest.raises(ProviderBusy, match="1 waiting") as busy:
        await places.take("p", policy)
    assert (busy.value.status, busy.value.code, busy.value.retry_after) == (503, "provider_busy", LONG)
    await places.take("another", policy)
    give_back()
    (await waiting)()
    assert places.taken("p") == 0


async def test_a_place_that_does_not_come_free_in_time() -> None:
    places, policy = Places(), Concurrency(1, wait=0.001)
    give_back = await places.take("p", policy)
    with pytest.raises(ProviderBusy, match=r"within 0\.001 seconds"):
        await places.take("p", policy)
    give_back()
    (await places.take("p", policy))()
    assert places.taken("p") == 0


async def test_who_leaves_the_queue_takes_no_place() -> None:
    places, policy = Places(), Concurrency(1, wait=LONG)
    give_back = await places.take("p", policy)
    gone, kept = (asyncio.ensure_future(places.take("p", policy)) for _ in range(2))
    await settle()
    gone.cancel()
    await settle()
    give_back()
    (await kept)()
    assert places.taken("p") == 0


async def test_who_leaves_in_the_moment_of_its_turn_passes_it_on() -> None:
    places, policy = Places(), Concurrency(1, wait=LONG)
    give_back = await places.take("p", policy)
    gone, kept = (asyncio.ensure_future(places.take("p", policy)) for _ in range(2))
    await settle()
    give_back()
    gone.cancel()
    (await asyncio.wait_for(kept, 1))()
    assert places.taken("p") == 0


async def test_a_reload_changes_the_number() -> None:
    places = Places()
    backs = [await places.take("p", Concurrency(2, wait=LONG)) for _ in range(2)]
    fewer = asyncio.ensure_future(places.take("p", Concurrency(1, wait=LONG)))
    await settle()
    backs.pop()()
    await settle()
    assert not fewer.done()
    backs.pop()()
    await fewer
    assert places.taken("p") == 1
