"""How long a wait may last. One timer serves all the waits of a stream: setting one for each would cost more."""

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

T = TypeVar("T")


class Patience:
    """Bounds the waits of one task, one after the other. ``close`` when the last is over."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        self._task: asyncio.Task[object] | None = None
        self._until = 0.0
        self._ran_out = False

    async def wait(self, awaited: Awaitable[T], seconds: float) -> T:
        """What ``awaited`` gives. Raises ``TimeoutError`` after ``seconds`` without it."""
        self._until = self._loop.time() + seconds
        timer = self._timer
        if timer is None:
            self._timer = self._loop.call_at(self._until, self._look)
        elif timer.when() > self._until:
            timer.cancel()
            self._timer = self._loop.call_at(self._until, self._look)
        task = self._task = asyncio.current_task()
        try:
            return await awaited
        except asyncio.CancelledError:
            # Somebody else may have cancelled the task too: then it is theirs.
            if self._ran_out and task is not None and not task.uncancel():
                raise TimeoutError from None
            raise
        finally:
            self._task = None

    def close(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _look(self) -> None:
        self._timer = None
        if self._task is None:
            return  # nobody is waiting: the next wait sets a timer of its own
        if self._loop.time() < self._until:
            self._timer = self._loop.call_at(self._until, self._look)
            return
        self._ran_out = True
        self._task.cancel()
