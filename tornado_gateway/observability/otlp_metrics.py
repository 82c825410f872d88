"""The histograms of the conventions for generative AI, kept here and put into OTLP's form when they are sent.

Source: OpenTelemetry semantic conventions, "Generative AI client metrics", with their bounds; wire:
opentelemetry-proto, ``metrics.proto``. Sums are cumulative since the start.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.metrics.v1.metrics_pb2 import AggregationTemporality, HistogramDataPoint, Metric
from opentelemetry.proto.metrics.v1.metrics_pb2 import Histogram as OtlpHistogram

from tornado_gateway.domain.events import RequestFinished
from tornado_gateway.domain.remembered import Remembered
from tornado_gateway.observability.genai import ErrorTypes, operation, provider_name
from tornado_gateway.observability.histogram import Histogram

TOKEN_BUCKETS = tuple(float(4**power) for power in range(14))
SECONDS_BUCKETS = tuple(0.01 * 2**power for power in range(14))

USAGE = "gen_ai.client.token.usage"
DURATION = "gen_ai.client.operation.duration"
FIRST_CHUNK = "gen_ai.client.operation.time_to_first_chunk"

_METRICS = (
    (USAGE, "{token}", "Tokens used, by type.", TOKEN_BUCKETS),
    (DURATION, "s", "A model call from its first to its last byte.", SECONDS_BUCKETS),
    (FIRST_CHUNK, "s", "From a streamed request to its first content.", SECONDS_BUCKETS),
)
_NAMES = ("gen_ai.operation.name", "gen_ai.provider.name", "gen_ai.request.model")

Labels = tuple[tuple[str, str], ...]

_REMEMBERED = 4096
"""Ways to series: a provider's own error codes and each reload add some."""


@dataclass(frozen=True, slots=True)
class _Series:
    """Where calls of one kind are counted: found once for each of them."""

    labels: Labels
    duration: Histogram
    input: Histogram
    output: Histogram


class GenAIMetrics:
    """Used from one thread at a time."""

    def __init__(self, kinds: Callable[[str], str], started: int) -> None:
        """``started`` is in Unix nanoseconds."""
        self._kinds = kinds
        self._started = started
        self._errors = ErrorTypes()
        self._histograms: dict[str, dict[Labels, Histogram]] = {name: {} for name, *_ in _METRICS}
        self._series: Remembered[tuple[str, str, str, str | None, str], _Series] = Remembered(_REMEMBERED)
        self._bounds = {name: bounds for name, _, _, bounds in _METRICS}

    def observe(self, event: RequestFinished) -> None:
        """A call has ended; what was turned away before anybody was asked is no operation."""
        if not event.attempts:
            return
        # The revision too: a provider's kind may be another one after a reload.
        key = event.dialect, event.provider, event.model_label, event.error, event.revision
        series = self._series.get(key)
        if series is None:
            series = self._series.keep(key, self._make(event))
        series.duration.observe(event.duration)
        if event.time_to_first_token is not None:
            self._at(FIRST_CHUNK, series.labels).observe(event.time_to_first_token)
        if event.usage is not None:
            series.input.observe(event.usage.prompt_tokens)
            series.output.observe(event.usage.completion_tokens)

    def metrics(self, now: int) -> list[bytes]:
        """Each metric serialized; ``now`` is in Unix nanoseconds."""
        return [
            Metric(
                name=name,
                unit=unit,
                description=text,
                histogram=OtlpHistogram(
                    aggregation_temporality=AggregationTemporality.AGGREGATION_TEMPORALITY_CUMULATIVE,
                    data_points=[
                        self._point(labels, histogram, now)
                        for labels, histogram in self._histograms[name].items()
                        if any(histogram.counts)
                    ],
                ),
            ).SerializeToString()
            for name, unit, text, _ in _METRICS
            if any(any(histogram.counts) for histogram in self._histograms[name].values())
        ]

    def _make(self, event: RequestFinished) -> "_Series":
        # Of gateway.yaml's names alone: a caller's text would make as many series as callers like.
        who = provider_name(self._kinds(event.provider), event.provider)
        error = self._errors.of(event)
        labels: Labels = tuple(zip(_NAMES, (operation(event.dialect), who, event.model_label), strict=True))
        return _Series(
            labels=labels,
            duration=self._at(DURATION, labels if error is None else (*labels, ("error.type", error))),
            input=self._at(USAGE, (*labels, ("gen_ai.token.type", "input"))),
            output=self._at(USAGE, (*labels, ("gen_ai.token.type", "output"))),
        )

    def _at(self, name: str, labels: Labels) -> Histogram:
        known = self._histograms[name]
        histogram = known.get(labels)
        if histogram is None:
            histogram = known[labels] = Histogram(self._bounds[name])
        return histogram

    def _point(self, labels: Labels, histogram: Histogram, now: int) -> HistogramDataPoint:
        bounds: Sequence[float] = histogram.bounds
        return HistogramDataPoint(
            start_time_unix_nano=self._started,
            time_unix_nano=now,
            count=sum(histogram.counts),
            sum=histogram.sum,
            bucket_counts=histogram.counts,
            explicit_bounds=bounds,
            attributes=[KeyValue(key=key, value=AnyValue(string_value=value)) for key, value in labels],
        )
