import asyncio
from typing import Any

from tests.support import FakeClock, ScriptedProvider, served, snapshot
from tornado_gateway.domain.breakers import Breakers
from tornado_gateway.domain.errors import UpstreamFailed
from tornado_gateway.domain.policies import BreakerPolicy, Probe
from tornado_gateway.domain.probing import Prober
from tornado_gateway.domain.snapshot import SnapshotHolder

POLICY = BreakerPolicy(consecutive=2)


class Probed(ScriptedProvider):
    """Is at home as long as nobody says otherwise."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.well = True
        self.paths: list[str] = []

    async def probe(self, path: str, _context: Any) -> None:
        self.paths.append(path)
        await asyncio.sleep(0)
        if not self.well:
            raise UpstreamFailed("nobody at home")


class Run:
    def __init__(self, *adapters: Any, probe: Probe | None) -> None:
        self.clock = FakeClock()
        self.breakers = Breakers(self.clock)
        snap = snapshot(*adapters)
        for adapter in adapters:
            known = served(adapter, breaker=POLICY, probe=probe)
            snap.providers[adapter.name] = known  # type: ignore[index] # a dictionary in truth
        self.prober = Prober(snapshots=SnapshotHolder(snap), breakers=self.breakers, clock=self.clock)

    async def look(self) -> None:
        self.prober.look()
        for _ in range(5):
            await asyncio.sleep(0)


async def test_who_is_not_at_home_is_found_out_and_so_is_who_comes_back() -> None:
    adapter = Probed("a")
    run = Run(adapter, probe=Probe(30, "/models"))
    adapter.well = False
    for _ in range(2):
        await run.look()
        run.clock.time += 30
    assert run.breakers.state(("a", 0)) == "open"
    adapter.well = True
    await run.look()
    assert run.breakers.state(("a", 0)) == "closed"
    assert adapter.paths == ["/models"] * 3


async def test_nobody_is_asked_before_it_is_due_or_without_being_told_to() -> None:
    adapter = Probed("a")
    run = Run(adapter, probe=Probe(30, "/models"))
    for _ in range(5):
        await run.look()
        run.clock.time += 5
    assert len(adapter.paths) == 1
    silent = Probed("b")
    await Run(silent, probe=None).look()
    assert silent.paths == []
    await Run(ScriptedProvider("no probe"), probe=Probe(1, "/")).look()


async def test_it_starts_and_ends() -> None:
    class Slow(Probed):
        async def probe(self, path: str, _context: Any) -> None:
            await asyncio.get_running_loop().create_future()

    class Ticking(FakeClock):
        async def sleep(self, seconds: float) -> None:
            self.time += seconds
            await asyncio.sleep(0.001)

    run = Run(Slow("a"), probe=Probe(1, "/"))
    prober = Prober(snapshots=run.prober._snapshots, breakers=run.breakers, clock=Ticking())
    prober.start()
    await asyncio.sleep(0.01)
    await prober.close()
    assert prober._asking == {}
    await Prober(snapshots=run.prober._snapshots, breakers=run.breakers, clock=run.clock).close()
