"""What ``GET /metrics`` answers: this process's counts, or with several workers the sum of all theirs."""

import asyncio
from collections.abc import Callable, Iterator
from typing import Protocol

from tornado_gateway.observability.metrics import MetricsSubscriber, rendered
from tornado_gateway.observability.totals import NOTHING_BEFORE, Totals, left_by, page_of

PUBLISH_SECONDS = 0.25


class SharedCounts(Protocol):
    """Where workers leave their counts for each other."""

    def publish(self, counts: bytes, /) -> None: ...

    def predecessor(self) -> bytes | None: ...

    def published(self) -> Iterator[tuple[bytes, bool]]: ...


class Exposition:
    """``flush`` brings ``metrics`` up to date. Without ``shared`` this process is alone, and all else costs nothing.

    With it the counts are published four times a second, and before they are shown: what anybody was told of a worker
    is never taken back, however it ends.
    """

    def __init__(
        self, metrics: MetricsSubscriber, flush: Callable[[], None], shared: SharedCounts | None = None
    ) -> None:
        self._metrics = metrics
        self._flush = flush
        self._shared = shared
        self._timer: asyncio.TimerHandle | None = None
        self._published = b""
        page = None if shared is None else shared.predecessor()
        self._before = NOTHING_BEFORE if page is None else left_by(page)

    def start(self) -> None:
        """From here on other workers see what happens here; on the running loop."""
        if self._shared is not None:
            self._tick(self._shared)

    def render(self) -> tuple[bytes, str]:
        """The page and its content type."""
        self._flush()
        if self._shared is None:
            return self._metrics.render()
        self._publish(self._shared)
        totals = Totals()
        for page, alive in self._shared.published():
            totals.add(page, alive=alive)
        return rendered(totals.tables())

    def close(self) -> None:
        """Leaves the last counts."""
        if self._timer is not None:
            self._timer.cancel()
        if self._shared is not None:
            self._publish(self._shared)

    def _tick(self, shared: SharedCounts) -> None:
        self._publish(shared)
        self._timer = asyncio.get_running_loop().call_later(PUBLISH_SECONDS, self._tick, shared)

    def _publish(self, shared: SharedCounts) -> None:
        content = page_of(self._metrics.tables(), self._before)
        if content != self._published:
            shared.publish(content)
            self._published = content
