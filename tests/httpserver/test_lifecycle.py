import asyncio

from tests.serving import until
from tornado_gateway.domain.errors import GatewayError, ShuttingDown
from tornado_gateway.httpserver.lifecycle import Lifecycle


class Call:
    def __init__(self) -> None:
        self.told: list[GatewayError] = []

    def end(self, error: GatewayError) -> None:
        self.told.append(error)


async def test_idle_returns_once_the_last_call_has_left() -> None:
    lifecycle, first, second = Lifecycle(), Call(), Call()
    await lifecycle.idle()
    lifecycle.enter(first)
    lifecycle.enter(second)
    waiting = asyncio.ensure_future(lifecycle.idle())
    lifecycle.leave(first)
    lifecycle.leave(first)
    await asyncio.sleep(0)
    assert (waiting.done(), lifecycle.calls) == (False, 1)
    lifecycle.leave(second)
    await until(waiting.done)
    assert lifecycle.calls == 0


async def test_it_is_busy_again_with_the_next_call() -> None:
    lifecycle, call = Lifecycle(), Call()
    lifecycle.enter(call)
    lifecycle.leave(call)
    lifecycle.enter(call)
    waiting = asyncio.ensure_future(lifecycle.idle())
    await asyncio.sleep(0)
    assert not waiting.done()
    lifecycle.leave(call)
    await waiting


def test_draining_ends_no_call() -> None:
    lifecycle, call = Lifecycle(), Call()
    lifecycle.enter(call)
    assert not lifecycle.draining
    lifecycle.drain()
    assert (lifecycle.draining, lifecycle.calls, call.told) == (True, 1, [])


def test_retiring_is_not_draining() -> None:
    lifecycle = Lifecycle()
    lifecycle.retire()
    assert (lifecycle.retiring, lifecycle.draining) == (True, False)


def test_those_under_way_are_ended() -> None:
    lifecycle, gone, left = Lifecycle(), Call(), Call()
    lifecycle.enter(gone)
    lifecycle.enter(left)
    lifecycle.leave(gone)
    error = ShuttingDown("now")
    lifecycle.end(error)
    assert (gone.told, left.told) == ([], [error])
