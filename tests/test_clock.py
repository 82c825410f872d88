from datetime import UTC

from tornado_gateway.clock import SystemClock
from tornado_gateway.domain.ports import Clock


async def test_it_goes_on_and_knows_its_zone() -> None:
    clock = SystemClock()
    assert isinstance(clock, Clock)
    before = clock.monotonic()
    await clock.sleep(0.001)
    assert clock.monotonic() - before >= 0.001
    assert clock.now().tzinfo is UTC
