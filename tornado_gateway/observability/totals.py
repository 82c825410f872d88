"""One process's counts as bytes, and those of many processes added up. Pure."""

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import Any

import msgspec

from tornado_gateway.domain.money import EXACT
from tornado_gateway.observability.histogram import DURATION_BUCKETS, FIRST_TOKEN_BUCKETS, OVERHEAD_BUCKETS, Histogram
from tornado_gateway.observability.metrics import MetricsSubscriber

_Counts = tuple[list[int], float]
"""A histogram's counts and sum."""


class _Page(msgspec.Struct, kw_only=True):
    """``MetricsSubscriber``'s members by their names. Another version's page may lack some."""

    requests: dict[tuple[str, str, str, int], int] = {}
    tokens: dict[tuple[str, str, str, str], int] = {}
    costs: dict[tuple[str, str, str], Decimal] = {}
    attempts: dict[tuple[str, str, str], int] = {}
    reloads: dict[str, int] = {}
    upstream_times: dict[tuple[str, str], _Counts] = {}
    durations: dict[str, _Counts] = {}
    first_tokens: dict[str, _Counts] = {}
    overhead: _Counts | None = None
    drops: dict[str, int] = {}
    # What a process is, rather than what it did: gone with it.
    in_flight: int = 0
    circuits: dict[tuple[str, str], int] = {}
    revisions: list[str] = []


_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(_Page)
_ZERO = Decimal(0)


def page_of(counts: MetricsSubscriber) -> bytes:
    """All that ``counts`` holds."""
    page = _Page(
        requests=counts.requests,
        tokens=counts.tokens,
        costs=counts.costs,
        attempts=counts.attempts,
        reloads=counts.reloads,
        upstream_times=_packed(counts.upstream_times),
        durations=_packed(counts.durations),
        first_tokens=_packed(counts.first_tokens),
        overhead=(counts.overhead.counts, counts.overhead.sum),
        drops=counts.drops(),
        in_flight=counts.in_flight,
        circuits=counts.circuits,
        revisions=sorted(counts.revisions),
    )
    return _ENCODER.encode(page)


def resume(counts: MetricsSubscriber, content: bytes) -> None:
    """Goes on from what a process did that is gone."""
    _add(counts, content, alive=False)


def total(pages: Iterable[tuple[bytes, bool]]) -> MetricsSubscriber:
    """The sum of pages, each with whether its process lives: what one did counts on without it, what it is does not.

    Of a circuit it tells the worst state that any process sees.
    """
    counts = MetricsSubscriber()
    for content, alive in pages:
        _add(counts, content, alive=alive)
    return counts


def _add(counts: MetricsSubscriber, content: bytes, *, alive: bool) -> None:
    try:
        page = _DECODER.decode(content)
    except msgspec.MsgspecError:
        return  # of a version that counts otherwise, while workers are replaced
    counts.requests.update(page.requests)
    counts.tokens.update(page.tokens)
    counts.attempts.update(page.attempts)
    counts.reloads.update(page.reloads)
    for key, amount in page.costs.items():
        counts.costs[key] = EXACT.add(counts.costs.get(key, _ZERO), amount)
    _merge(counts.upstream_times, page.upstream_times, lambda: Histogram(DURATION_BUCKETS))
    _merge(counts.durations, page.durations, lambda: Histogram(DURATION_BUCKETS))
    _merge(counts.first_tokens, page.first_tokens, lambda: Histogram(FIRST_TOKEN_BUCKETS))
    if page.overhead is not None:
        _merge({"": counts.overhead}, {"": page.overhead}, lambda: Histogram(OVERHEAD_BUCKETS))
    counts.watch_drops(lambda: page.drops)
    if alive:
        counts.in_flight += page.in_flight
        for circuit, state in page.circuits.items():
            counts.circuits[circuit] = max(state, counts.circuits.get(circuit, state))
        counts.revisions |= set(page.revisions)


def _packed(histograms: Mapping[Any, Histogram]) -> dict[Any, _Counts]:
    return {key: (histogram.counts, histogram.sum) for key, histogram in histograms.items()}


def _merge(into: dict[Any, Histogram], found: Mapping[Any, _Counts], make: Callable[[], Histogram]) -> None:
    for key, (counts, total_of_values) in found.items():
        histogram = into.get(key)
        if histogram is None:
            histogram = into[key] = make()
        if len(counts) == len(histogram.counts):  # else another version's
            histogram.counts = [one + other for one, other in zip(histogram.counts, counts, strict=True)]
            histogram.sum += total_of_values
