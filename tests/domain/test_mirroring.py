import asyncio
from typing import Any

from msgspec import structs

from tests.support import FakeClock, Half, call, context
from tornado_gateway.domain.errors import UpstreamFailed
from tornado_gateway.domain.mirroring import Mirrors
from tornado_gateway.domain.policies import Mirror
from tornado_gateway.domain.principal import Principal


class Runs:
    """Remembers what it was given; ``gate`` holds each back."""

    def __init__(self) -> None:
        self.calls: list[tuple[Any, Any]] = []
        self.gate = asyncio.Event()

    async def __call__(self, asked: Any, where: Any) -> None:
        self.calls.append((asked, where))
        await self.gate.wait()
        raise UpstreamFailed("nobody minds")


async def test_a_copy_goes_to_the_mirror_with_a_context_of_its_own() -> None:
    mirrors, runs = Mirrors(randomness=Half(), clock=FakeClock()), Runs()
    asked, where = call(), context()
    where.dropped.append("seed")
    mirrors.send(Mirror("other", 51), asked, where, runs)
    await asyncio.sleep(0)
    ((copied, apart),) = runs.calls
    assert (copied.model, asked.model) == ("other", "gpt-4")
    assert copied.wire is asked.wire
    assert apart.request_id == f"{where.request_id}-mirror"
    assert (apart.dropped, apart.trail.attempts) == ([], 0)
    assert mirrors.running == 1
    runs.gate.set()
    await asyncio.sleep(0.001)
    assert mirrors.running == 0


async def test_only_the_share_that_is_asked_for() -> None:
    mirrors, runs = Mirrors(randomness=Half(), clock=FakeClock()), Runs()
    mirrors.send(Mirror("other", 50), call(), context(), runs)
    await asyncio.sleep(0)
    assert runs.calls == []


async def test_a_slow_mirror_fills_no_memory() -> None:
    mirrors, runs = Mirrors(randomness=Half(), clock=FakeClock(), at_once=3), Runs()
    for _ in range(10):
        mirrors.send(Mirror("other", 100), call(), context(), runs)
    await asyncio.sleep(0)
    assert len(runs.calls) == mirrors.running == 3
    await mirrors.close()
    assert mirrors.running == 0
    await mirrors.close()


async def test_whom_a_key_may_name_says_nothing_of_where_copies_go() -> None:
    mirrors, runs = Mirrors(randomness=Half(), clock=FakeClock()), Runs()
    principal = Principal("team-a", tags={"team": "a"}, models=("gpt-4",))
    mirrors.send(Mirror("other", 51), call(), structs.replace(context(), principal=principal), runs)
    await asyncio.sleep(0)
    ((_, apart),) = runs.calls
    assert apart.principal == Principal("team-a", tags={"team": "a"})
    await mirrors.close()
