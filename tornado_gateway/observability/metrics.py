"""The gateway's Prometheus metrics, counted from events.

Counting is on the request's path of work, so the counts are plain dictionaries keyed by label values, a third of the
price of prometheus-client's locked children. They are shown as tables, which the client library renders and several
workers add up. Label values come from gateway.yaml alone: a caller's text never makes a series.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import chain
from typing import Any, TypeVar

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from tornado_gateway.domain.errors import ClientClosed, GatewayError, UpstreamFailed, UpstreamRejected
from tornado_gateway.domain.events import (
    AttemptAbandoned,
    AttemptFailed,
    CircuitChanged,
    ConfigRejected,
    ConfigReloaded,
    CredentialRefused,
    Event,
    KeysFetched,
    RequestFinished,
    RequestStarted,
)
from tornado_gateway.domain.money import EXACT
from tornado_gateway.observability.guardrail_metrics import GuardrailCounts
from tornado_gateway.observability.histogram import DURATION_BUCKETS, FIRST_TOKEN_BUCKETS, OVERHEAD_BUCKETS, Histogram
from tornado_gateway.observability.limit_metrics import LimitCounts
from tornado_gateway.observability.tables import Table, table_of

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

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
        self.circuits: dict[tuple[str, str], int] = {}
        """By provider and endpoint: 0 closed, 1 half open, 2 open. One that never opened is not there."""
        self.upstream_times: dict[tuple[str, str], Histogram] = {}
        """By provider and model: seconds spent waiting for them, of calls that succeeded."""
        self.in_flight = 0
        self.reloads: Counter[str] = Counter(loaded=0, rejected=0)
        self.refusals: Counter[str] = Counter()
        """Callers turned away for want of a good key, by reason."""
        self.key_fetches: Counter[tuple[str, str]] = Counter()
        self.revision: str | None = None
        self.durations: dict[str, Histogram] = {}
        self.first_tokens: dict[str, Histogram] = {}
        self.overhead = Histogram(OVERHEAD_BUCKETS)
        self.cached: Counter[tuple[str, str]] = Counter()
        """By route and what became of a call in its cache."""
        self.drop_sources = drop_sources
        self.limits = LimitCounts()
        self.guardrails = GuardrailCounts()
        self._outcomes = _codes(GatewayError)
        self._counters: dict[type, Callable[[Any], None]] = {
            RequestStarted: self._request_started,
            AttemptFailed: self._attempt_failed,
            AttemptAbandoned: self._attempt_abandoned,
            CircuitChanged: self._circuit_changed,
            RequestFinished: self._request_finished,
            CredentialRefused: self._credential_refused,
            KeysFetched: self._keys_fetched,
            ConfigReloaded: self._config_reloaded,
            ConfigRejected: self._config_rejected,
            **self.limits.counters,
            **self.guardrails.counters,
        }
        self._families = _Families(self)
        self._others: list[Collector] = []

    def handle(self, events: Sequence[Event]) -> None:
        counters = self._counters
        for event in events:
            counters[type(event)](event)

    def watch_drops(self, *sources: DropSource) -> None:
        """Asks these too: a bus that has this subscriber can't be made before it."""
        self.drop_sources = (*self.drop_sources, *sources)

    def register(self, families: Collector) -> None:
        """Shows these too, asked at each rendering: counters and gauges."""
        self._others.append(families)

    def tables(self) -> Iterator[Table]:
        """All that is counted, by metric. ``EventBus.flush`` first makes it current."""
        for shown in chain(self._families.collect(), *(other.collect() for other in self._others)):
            yield shown if isinstance(shown, Table) else table_of(shown)

    def render(self) -> tuple[bytes, str]:
        """The page for ``GET /metrics`` and its content type."""
        return rendered(self.tables())

    def _request_started(self, _event: RequestStarted) -> None:
        self.in_flight += 1

    def _attempt_failed(self, event: AttemptFailed) -> None:
        # A refusal carries the provider's own code, which could be anything.
        outcome = event.outcome if event.outcome in self._outcomes else UpstreamRejected.default_code
        self.attempts[event.provider, event.model_label, outcome] += 1

    def _attempt_abandoned(self, event: AttemptAbandoned) -> None:
        """What lost a race: it has a price of its own, and answers no request."""
        route, provider, model = event.route, event.provider, event.model_label
        self.attempts[provider, model, "abandoned"] += 1
        for kind, count in event.usage.buckets():
            self.tokens[route, provider, model, kind] += count
        if event.cost is not None:
            key = (route, provider, model)
            self.costs[key] = EXACT.add(self.costs.get(key, _ZERO), event.cost.amount)

    def _circuit_changed(self, event: CircuitChanged) -> None:
        self.circuits[event.provider, str(event.endpoint)] = _STATES[event.state]

    def _request_finished(self, event: RequestFinished) -> None:
        route, provider, model = event.route, event.provider, event.model_label
        self.in_flight -= 1
        self.requests[route, provider, model, event.status] += 1
        if event.attempts and (outcome := self._last_outcome(event)) is not None:
            self.attempts[provider, model, outcome] += 1
        if event.cache is not None:
            self.cached[route, event.cache] += 1
        if event.usage is not None and event.cache != "hit":
            for kind, count in event.usage.buckets():
                self.tokens[route, provider, model, kind] += count
        if event.cost is not None:
            key = (route, provider, model)
            self.costs[key] = EXACT.add(self.costs.get(key, _ZERO), event.cost.amount)
        self.overhead.observe(event.overhead)
        if event.error is None and event.attempts:
            _histogram(self.upstream_times, (provider, model), DURATION_BUCKETS).observe(event.upstream)
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

    def _credential_refused(self, event: CredentialRefused) -> None:
        self.refusals[event.reason] += 1

    def _keys_fetched(self, event: KeysFetched) -> None:
        self.key_fetches[event.source, "loaded" if event.problem is None else "failed"] += 1

    def _config_reloaded(self, event: ConfigReloaded) -> None:
        self.revision = event.revision
        if event.previous is not None:
            self.reloads["loaded"] += 1

    def _config_rejected(self, _event: ConfigRejected) -> None:
        self.reloads["rejected"] += 1


def rendered(tables: Iterable[Table]) -> tuple[bytes, str]:
    """The text that Prometheus reads, and its content type."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Shown(tables))
    return generate_latest(registry), CONTENT_TYPE


class _Shown(Collector):
    def __init__(self, tables: Iterable[Table]) -> None:
        self._tables = tables

    def collect(self) -> Iterator[Metric]:
        return (table.family() for table in self._tables)


class _Families:
    """The counts by metric."""

    def __init__(self, counts: MetricsSubscriber) -> None:
        self._counts = counts

    def collect(self) -> Iterator[Table | Metric]:
        counts = self._counts
        by_model = ("route", "provider", "model")
        yield _counter("gateway_requests", "Model calls ended.", (*by_model, "status"), counts.requests)
        yield _histograms("gateway_request_duration_seconds", "A model call from first to last byte.", counts.durations)
        yield _histograms(
            "gateway_time_to_first_token_seconds", "From the request to the first content.", counts.first_tokens
        )
        overhead = {(): counts.overhead}
        yield _histograms("gateway_overhead_seconds", "Time not spent waiting for providers.", overhead, ())
        yield _counter("gateway_tokens", "Tokens by disjoint kind.", (*by_model, "kind"), counts.tokens)
        yield _counter("gateway_cost_usd", "Cost in USD.", by_model, counts.costs)
        yield _counter(
            "gateway_upstream_attempts", "Calls to providers.", ("provider", "model", "outcome"), counts.attempts
        )
        yield _counter(
            "gateway_cache_requests", "Calls on routes with a cache, by outcome.", ("route", "outcome"), counts.cached
        )
        yield _histograms(
            "gateway_upstream_duration_seconds",
            "Waiting for a provider, of calls that succeeded.",
            counts.upstream_times,
            ("provider", "model"),
        )
        circuits = GaugeMetricFamily(
            "gateway_circuit_state", "0 closed, 1 half open, 2 open.", labels=("provider", "endpoint")
        )
        for key, state in counts.circuits.items():
            circuits.add_metric(list(key), state)
        yield circuits
        yield from counts.limits.families()
        yield from counts.guardrails.families()
        yield GaugeMetricFamily("gateway_in_flight", "Model calls being served.", value=counts.in_flight)
        yield _counter(
            "gateway_config_reloads",
            "Configurations after the first.",
            ("outcome",),
            {(outcome,): count for outcome, count in counts.reloads.items()},
        )
        yield _counter(
            "gateway_auth_refusals",
            "Callers turned away for want of a good key.",
            ("reason",),
            {(reason,): count for reason, count in counts.refusals.items()},
        )
        yield _counter(
            "gateway_key_fetches", "Keys read anew from where they are kept.", ("source", "outcome"), counts.key_fetches
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
_STATES = {"closed": 0, "half_open": 1, "open": 2}

Key = TypeVar("Key", str, tuple[str, str])


def _counter(name: str, text: str, labels: Sequence[str], values: Mapping[Any, int | Decimal]) -> Table:
    return Table(name, text, "counter", tuple(labels), values)


def _histograms(name: str, text: str, histograms: Mapping[Any, Histogram], labels: Sequence[str] = ("route",)) -> Table:
    return Table(name, text, "histogram", tuple(labels), histograms)


def _histogram(histograms: dict[Key, Histogram], key: Key, bounds: Sequence[float]) -> Histogram:
    found = histograms.get(key)
    if found is None:
        found = histograms[key] = Histogram(bounds)
    return found


def _codes(error: type[GatewayError]) -> frozenset[str]:
    """The error codes of our own tree, which ``error`` is the root of."""
    codes = {error.default_code}
    for child in error.__subclasses__():
        codes |= _codes(child)
    return frozenset(codes)
