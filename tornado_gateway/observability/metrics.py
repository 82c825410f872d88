"""The gateway's Prometheus metrics, counted from events.

Counting is on the request's path of work, so the counts are plain dictionaries keyed by label values, a third of the
price of prometheus-client's locked children; the client library renders them, through a custom collector. Label
values come from gateway.yaml alone: a caller's text never makes a series.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from tornado_gateway.domain.errors import ClientClosed, GatewayError, UpstreamFailed, UpstreamRejected
from tornado_gateway.domain.events import (
    AttemptFailed,
    ConfigRejected,
    ConfigReloaded,
    Event,
    RequestFinished,
    RequestStarted,
)
from tornado_gateway.domain.money import EXACT

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

OVERHEAD_BUCKETS = (
    *(0.00005, 0.0001, 0.0002, 0.0003, 0.0005, 0.00075, 0.001, 0.0015, 0.002, 0.003, 0.005),
    *(0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0),
)
DURATION_BUCKETS = (
    0.001,
    0.005,
    0.01,
    0.025,
    0.05,
    0.1,
    0.25,
    0.5,
    1.0,
    2.5,
    5.0,
    10.0,
    20.0,
    40.0,
    60.0,
    120.0,
    300.0,
    600.0,
)
FIRST_TOKEN_BUCKETS = (
    0.001,
    0.005,
    0.01,
    0.025,
    0.05,
    0.1,
    0.25,
    0.5,
    0.75,
    1.0,
    1.5,
    2.5,
    5.0,
    10.0,
    20.0,
    40.0,
    60.0,
)

DropSource = Callable[[], Mapping[str, int]]


class MetricsSubscriber:
    """Counts events; ``handle`` and ``render`` belong to one thread, the event loop's.

    - An attempt's outcome is ``ok``, ``client_closed`` or the error's code. Failed ones are counted from
      ``AttemptFailed``; ``RequestFinished`` adds the last one where that did not fail before its first content.
      (A client that leaves in the pause between two attempts is counted as one attempt too many.)
    - The configuration found at start sets ``gateway_config_info`` and is no reload.
    - ``drop_sources`` are asked at each rendering, ``EventBus.dropped`` and ``LineSink.dropped`` being such.
    """

    name = "metrics"

    def __init__(self, *drop_sources: DropSource) -> None:
        self.requests: Counter[tuple[str, str, str, int]] = Counter()
        self.tokens: Counter[tuple[str, str, str, str]] = Counter()
        self.costs: dict[tuple[str, str, str], Decimal] = {}
        """USD, exact."""
        self.attempts: Counter[tuple[str, str, str]] = Counter()
        self.in_flight = 0
        self.reloads: Counter[str] = Counter(loaded=0, rejected=0)
        self.revision: str | None = None
        self.durations: dict[str, Histogram] = {}
        self.first_tokens: dict[str, Histogram] = {}
        self.overhead = Histogram(OVERHEAD_BUCKETS)
        self.drop_sources = drop_sources
        self._outcomes = _codes(GatewayError)
        self._counters: dict[type, Callable[[Any], None]] = {
            RequestStarted: self._request_started,
            AttemptFailed: self._attempt_failed,
            RequestFinished: self._request_finished,
            ConfigReloaded: self._config_reloaded,
            ConfigRejected: self._config_rejected,
        }
        self._registry = CollectorRegistry(auto_describe=False)
        self._registry.register(_Families(self))

    def handle(self, events: Sequence[Event]) -> None:
        counters = self._counters
        for event in events:
            counters[type(event)](event)

    def watch_drops(self, *sources: DropSource) -> None:
        """Asks these too: a bus that has this subscriber can't be made before it."""
        self.drop_sources = (*self.drop_sources, *sources)

    def render(self) -> tuple[bytes, str]:
        """The page for ``GET /metrics`` and its content type. ``EventBus.flush`` first makes it current."""
        return generate_latest(self._registry), CONTENT_TYPE

    def _request_started(self, _event: RequestStarted) -> None:
        self.in_flight += 1

    def _attempt_failed(self, event: AttemptFailed) -> None:
        # A refusal carries the provider's own code, which could be anything.
        outcome = event.outcome if event.outcome in self._outcomes else UpstreamRejected.default_code
        self.attempts[event.provider, event.model_label, outcome] += 1

    def _request_finished(self, event: RequestFinished) -> None:
        route, provider, model = event.route, event.provider, event.model_label
        self.in_flight -= 1
        self.requests[route, provider, model, event.status] += 1
        if event.attempts and (outcome := self._last_outcome(event)) is not None:
            self.attempts[provider, model, outcome] += 1
        if event.usage is not None:
            for kind, count in event.usage.buckets():
                self.tokens[route, provider, model, kind] += count
        if event.cost is not None:
            key = (route, provider, model)
            self.costs[key] = EXACT.add(self.costs.get(key, _ZERO), event.cost.amount)
        self.overhead.observe(event.overhead)
        _histogram(self.durations, route, DURATION_BUCKETS).observe(event.duration)
        if event.time_to_first_token is not None:
            _histogram(self.first_tokens, route, FIRST_TOKEN_BUCKETS).observe(event.time_to_first_token)

    def _last_outcome(self, event: RequestFinished) -> str | None:
        """How the last attempt went, None where ``AttemptFailed`` has said so already."""
        if event.error is None:
            return "ok"
        if event.error == ClientClosed.default_code:
            return event.error
        if event.time_to_first_token is None:
            return None
        # A stream that broke off after its first content: too late for another attempt, so none was reported failed.
        return event.error if event.error in self._outcomes else UpstreamFailed.default_code

    def _config_reloaded(self, event: ConfigReloaded) -> None:
        self.revision = event.revision
        if event.previous is not None:
            self.reloads["loaded"] += 1

    def _config_rejected(self, _event: ConfigRejected) -> None:
        self.reloads["rejected"] += 1


class Histogram:
    """Counts of values by upper bound, the bound included, and their sum."""

    def __init__(self, bounds: Sequence[float]) -> None:
        self.bounds = bounds
        self.counts = [0] * (len(bounds) + 1)
        self.sum = 0.0

    def observe(self, value: float) -> None:
        self.counts[bisect_left(self.bounds, value)] += 1
        self.sum += value

    def buckets(self) -> list[tuple[str, float]]:
        """Cumulative, as Prometheus wants them."""
        total = 0
        buckets: list[tuple[str, float]] = []
        for bound, count in zip([*map(str, self.bounds), "+Inf"], self.counts, strict=True):
            total += count
            buckets.append((bound, total))
        return buckets


class _Families(Collector):
    """The counts in prometheus-client's terms."""

    def __init__(self, counts: MetricsSubscriber) -> None:
        self._counts = counts

    def collect(self) -> Iterator[Metric]:
        counts = self._counts
        by_model = ("route", "provider", "model")
        yield _counter("gateway_requests", "Model calls ended.", (*by_model, "status"), counts.requests)
        yield _histograms("gateway_request_duration_seconds", "A model call from first to last byte.", counts.durations)
        yield _histograms(
            "gateway_time_to_first_token_seconds", "From the request to the first content.", counts.first_tokens
        )
        overhead = HistogramMetricFamily("gateway_overhead_seconds", "Time not spent waiting for providers.")
        overhead.add_metric([], counts.overhead.buckets(), counts.overhead.sum)
        yield overhead
        yield _counter("gateway_tokens", "Tokens by disjoint kind.", (*by_model, "kind"), counts.tokens)
        yield _counter("gateway_cost_usd", "Cost in USD.", by_model, counts.costs)
        yield _counter(
            "gateway_upstream_attempts", "Calls to providers.", ("provider", "model", "outcome"), counts.attempts
        )
        yield GaugeMetricFamily("gateway_in_flight", "Model calls being served.", value=counts.in_flight)
        yield _counter(
            "gateway_config_reloads",
            "Configurations after the first.",
            ("outcome",),
            {(outcome,): count for outcome, count in counts.reloads.items()},
        )
        info = GaugeMetricFamily("gateway_config_info", "1 for the revision in use.", labels=("revision",))
        if counts.revision is not None:
            info.add_metric([counts.revision], 1)
        yield info
        yield _counter(
            "gateway_events_dropped",
            "Events and log lines lost to full queues.",
            ("subscriber",),
            {(name,): count for source in counts.drop_sources for name, count in source().items()},
        )


_ZERO = Decimal(0)


def _counter(name: str, text: str, labels: Sequence[str], values: Mapping[Any, int | Decimal]) -> CounterMetricFamily:
    family = CounterMetricFamily(name, text, labels=labels)
    for key, value in values.items():
        # The one place where money becomes a float: a Prometheus sample is nothing else.
        family.add_metric([str(part) for part in key], float(value))
    return family


def _histograms(name: str, text: str, histograms: Mapping[str, Histogram]) -> HistogramMetricFamily:
    family = HistogramMetricFamily(name, text, labels=("route",))
    for route, histogram in histograms.items():
        family.add_metric([route], histogram.buckets(), histogram.sum)
    return family


def _histogram(histograms: dict[str, Histogram], route: str, bounds: Sequence[float]) -> Histogram:
    found = histograms.get(route)
    if found is None:
        found = histograms[route] = Histogram(bounds)
    return found


def _codes(error: type[GatewayError]) -> frozenset[str]:
    """The error codes of our own tree, which ``error`` is the root of."""
    codes = {error.default_code}
    for child in error.__subclasses__():
        codes |= _codes(child)
    return frozenset(codes)
