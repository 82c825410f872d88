from collections.abc import Iterator

from tests.observability.conftest import FINISHED
from tests.serving import until
from tornado_gateway.domain.events import RequestStarted
from tornado_gateway.observability.exposition import Exposition
from tornado_gateway.observability.metrics import MetricsSubscriber

STARTED = RequestStarted("r-1", "native", False)


class Shelf:
    """One slot among others."""

    def __init__(self, *others: tuple[bytes, bool], before: bytes | None = None) -> None:
        self.page = before
        self.writings = 0
        self._others = others

    def publish(self, counts: bytes) -> None:
        self.page = counts
        self.writings += 1

    def predecessor(self) -> bytes | None:
        return self.page

    def published(self) -> Iterator[tuple[bytes, bool]]:
        assert self.page is not None
        yield self.page, True
        yield from self._others


def requests(exposition: Exposition) -> float:
    lines = exposition.render()[0].decode().splitlines()
    return sum(float(line.rsplit(" ", 1)[1]) for line in lines if line.startswith("gateway_requests_total"))


def exposition_of(metrics: MetricsSubscriber, shelf: Shelf | None) -> Exposition:
    return Exposition(metrics, lambda: None, shelf)


async def test_alone_it_shows_what_is_counted_here_once_that_is_up_to_date() -> None:
    metrics = MetricsSubscriber()
    alone = Exposition(metrics, lambda: metrics.handle([STARTED, FINISHED]))
    alone.start()
    assert requests(alone) == 1
    assert alone.render() == metrics.render()
    alone.close()


async def test_it_shows_the_sum_and_has_published_its_own_share_before() -> None:
    other = MetricsSubscriber()
    other.handle([STARTED, FINISHED, STARTED, FINISHED])
    elsewhere = Shelf()
    exposition_of(other, elsewhere).close()
    assert elsewhere.page is not None
    metrics, shelf = MetricsSubscriber(), Shelf((elsewhere.page, False))
    exposition = exposition_of(metrics, shelf)
    assert requests(exposition) == 2
    metrics.handle([STARTED, FINISHED])
    assert requests(exposition) == 3
    successor = exposition_of(MetricsSubscriber(), shelf)
    assert requests(successor) == 3


async def test_counts_are_published_time_and_again_and_only_when_they_changed() -> None:
    metrics, shelf = MetricsSubscriber(), Shelf()
    exposition = exposition_of(metrics, shelf)
    exposition.start()
    assert shelf.writings == 1
    metrics.handle([STARTED])
    await until(lambda: shelf.writings == 2)
    exposition.render()
    assert shelf.writings == 2
    metrics.handle([FINISHED])
    exposition.close()
    assert shelf.writings == 3
