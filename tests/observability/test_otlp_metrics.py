import pytest
from opentelemetry.proto.metrics.v1.metrics_pb2 import Metric

from tests.otlp import attributes
from tests.support import finished
from tornado_gateway.observability.otlp_metrics import (
    DURATION,
    FIRST_CHUNK,
    SECONDS_BUCKETS,
    TOKEN_BUCKETS,
    USAGE,
    GenAIMetrics,
)


def made(*events: object) -> dict[str, Metric]:
    metrics = GenAIMetrics(lambda name: "gemini" if name == "g" else "", 5)
    for event in events:
        metrics.observe(event)  # type: ignore[arg-type]
    return {metric.name: metric for metric in map(Metric.FromString, metrics.metrics(7))}


def test_the_bounds_are_those_of_the_conventions() -> None:
    assert TOKEN_BUCKETS[:4] == (1, 4, 16, 64) and TOKEN_BUCKETS[-1] == 67108864
    assert SECONDS_BUCKETS[0] == 0.01 and round(SECONDS_BUCKETS[-1], 9) == 81.92
    assert len(TOKEN_BUCKETS) == len(SECONDS_BUCKETS) == 14


def test_a_call() -> None:
    found = made(finished(provider="g", requested_model="a caller's text", model="its own"))
    assert set(found) == {USAGE, DURATION}
    (point,) = found[DURATION].histogram.data_points
    assert (point.start_time_unix_nano, point.time_unix_nano, point.count, point.sum) == (5, 7, 1, 0.5)
    assert list(point.explicit_bounds) == list(SECONDS_BUCKETS)
    assert sum(point.bucket_counts) == 1 and point.bucket_counts[6] == 1, "above 0.32 and up to 0.64"
    assert attributes(point) == {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "gcp.gemini",
        "gen_ai.request.model": "gpt-4",
    }
    usage = {attributes(each)["gen_ai.token.type"]: each.sum for each in found[USAGE].histogram.data_points}
    assert usage == {"input": 12, "output": 25}
    assert found[USAGE].unit == "{token}"
    assert found[USAGE].histogram.aggregation_temporality == 2


def test_a_stream_and_a_failure() -> None:
    found = made(finished(time_to_first_token=0.2), finished(error="upstream_timeout", status=504, usage=None))
    assert [point.count for point in found[FIRST_CHUNK].histogram.data_points] == [1]
    errors = [attributes(point).get("error.type") for point in found[DURATION].histogram.data_points]
    assert errors == [None, "upstream_timeout"]


def test_what_nobody_was_asked_for_is_no_operation() -> None:
    assert made(finished(attempts=0, status=404, error="model_not_found", usage=None)) == {}


def test_sums_go_on_over_reloads_and_however_many_errors_a_provider_thinks_of(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tornado_gateway.observability.otlp_metrics._REMEMBERED", 3)
    events = [finished(status=400, error=f"odd_{number}", revision=f"r{number % 2}") for number in range(10)]
    (point,) = made(*events)[DURATION].histogram.data_points
    assert (point.count, attributes(point)["error.type"]) == (10, "upstream_rejected")


def test_a_provider_whose_kind_is_another_one_after_a_reload_is_told_as_such() -> None:
    kind = "gemini"
    metrics = GenAIMetrics(lambda name: kind, 5)
    metrics.observe(finished(revision="before"))
    kind = "mistral"
    metrics.observe(finished(revision="after"))
    (durations,) = [found for found in map(Metric.FromString, metrics.metrics(7)) if found.name == DURATION]
    names = [attributes(point)["gen_ai.provider.name"] for point in durations.histogram.data_points]
    assert names == ["gcp.gemini", "mistral_ai"]
