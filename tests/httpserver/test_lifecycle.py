import asyncio

from tests.serving import until
from tornado_gateway.httpserver.lifecycle import Lifecycle


async def test_idle_returns_once_the_last_call_has_left() -> None:
    lifecycle = Lifecycle()
    await lifecycle.idle()
    lifecycle.enter()
    lifecycle.enter()
    waiting = asyncio.ensure_future(lifecycle.idle())
    lifecycle.leave()
    await asyncio.sleep(0)
    assert (waiting.done(), lifecycle.calls) == (False, 1)
    lifecycle.leave()
    await until(waiting.done)
    assert lifecycle.calls == 0


async def test_it_is_busy_again_with_the_next_call() -> None:
    lifecycle = Lifecycle()
    lifecycle.enter()
    lifecycle.leave()
    lifecycle.enter()
    waiting = asyncio.ensure_future(lifecycle.idle())
    await asyncio.sleep(0)
    assert not waiting.done()
    lifecycle.leave()
    await waiting


def test_draining_ends_no_call() -> None:
    lifecycle = Lifecycle()
    lifecycle.enter()
    assert not lifecycle.draining
    lifecycle.drain()
    assert (lifecycle.draining, lifecycle.calls) == (True, 1)


def test_retiring_is_not_draining() -> None:
    lifecycle = Lifecycle()
    lifecycle.retire()
    assert (lifecycle.retiring, lifecycle.draining) == (True, False)
