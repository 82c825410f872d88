"""The histograms of the conventions for generative AI, kept here and put into OTLP's form when they are sent.

Source: OpenTelemetry semantic conventions, "Generative AI client metrics", with their bounds; wire:
opentelemetry-proto, ``metrics.proto``. Sums are cumulative since the start.
"""

from collections.abc import Callable, Sequence

from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.metrics.v1.metrics_pb2 import AggregationTemporality, HistogramDataPoint, Metric
from opentelemetry.proto.metrics.v1.metrics_pb2 import Histogram as OtlpHistogram

from tornado_gateway.domain.events import RequestFinished
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


class GenAIMetrics:
    """Used from one thread at a time."""

    def __init__(self, kinds: Callable[[str], str], started: int) -> None:
        """``started`` is in Unix nanoseconds."""
        self._kinds = kinds
        self._started = started
        self._errors = ErrorTypes()
        self._histograms: dict[str, dict[Labels, Histogram]] = {name: {} for name, *_ in _METRICS}
        self._bounds = {name: bounds for name, _, _, bounds in _METRICS}

    def observe(self, event: RequestFinished) -> None:
        """A call has ended; what was turned away before anybody was asked is no operation."""
        if not event.attempts:
            return
        # Of gateway.yaml's names alone: a caller's text would make as many series as callers like.
        said = operation(event.dialect), provider_name(self._kinds(event.provider), event.provider), event.model_label
        labels: Labels = tuple(zip(_NAMES, said, strict=True))
        error = self._errors.of(event)
        self._observe(DURATION, labels if error is None else (*labels, ("error.type", error)), event.duration)
        if event.time_to_first_token is not None:
            self._observe(FIRST_CHUNK, labels, event.time_to_first_token)
        if event.usage is not None:
            for kind, count in (("input", event.usage.prompt_tokens), ("output", event.usage.completion_tokens)):
                self._observe(USAGE, (*labels, ("gen_ai.token.type", kind)), count)

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
                        self._point(labels, histogram, now) for labels, histogram in self._histograms[name].items()
                    ],
                ),
            ).SerializeToString()
            for name, unit, text, _ in _METRICS
            if self._histograms[name]
        ]

    def _observe(self, name: str, labels: Labels, value: float) -> None:
        known = self._histograms[name]
        histogram = known.get(labels)
        if histogram is None:
            histogram = known[labels] = Histogram(self._bounds[name])
        histogram.observe(value)

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
