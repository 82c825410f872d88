from decimal import Decimal

import pytest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric

from tornado_gateway.observability.histogram import Histogram
from tornado_gateway.observability.tables import Table, table_of


def lines(metric: Metric) -> list[tuple[str, dict[str, str], float]]:
    return [(sample.name, sample.labels, sample.value) for sample in metric.samples]


def test_a_counter_with_labels_that_are_no_texts() -> None:
    table = Table("calls", "Calls.", "counter", ("route", "status"), {("a", 200): 2, ("b", 502): Decimal("0.5")})
    family = table.family()
    assert (family.type, family.documentation) == ("counter", "Calls.")
    assert lines(family) == [
        ("calls_total", {"route": "a", "status": "200"}, 2.0),
        ("calls_total", {"route": "b", "status": "502"}, 0.5),
    ]


def test_a_histogram_by_one_label() -> None:
    histogram = Histogram((1.0, 2.0))
    for value in (0.5, 1.5, 9.0):
        histogram.observe(value)
    family = Table("seconds", "Time.", "histogram", ("route",), {"a": histogram}).family()
    assert lines(family) == [
        ("seconds_bucket", {"route": "a", "le": "1.0"}, 1),
        ("seconds_bucket", {"route": "a", "le": "2.0"}, 2),
        ("seconds_bucket", {"route": "a", "le": "+Inf"}, 3),
        ("seconds_count", {"route": "a"}, 3),
        ("seconds_sum", {"route": "a"}, 11.0),
    ]


def test_what_the_client_library_was_given_comes_back() -> None:
    counter = CounterMetricFamily("calls", "Calls.", labels=("a", "b"))
    counter.add_metric(["1", "2"], 3)
    plain = CounterMetricFamily("times", "Times.", value=4)
    gauge = GaugeMetricFamily("here", "Here.", value=5)
    for metric in (counter, plain, gauge):
        table = table_of(metric)
        assert (table.name, table.kind) == (metric.name, metric.type)
        assert lines(table.family()) == lines(metric)
    assert table_of(CounterMetricFamily("none", "None yet.", labels=("a",))).values == {}


def test_a_histogram_that_is_rendered_already_is_refused() -> None:
    with pytest.raises(TypeError, match="show it as a Table"):
        table_of(HistogramMetricFamily("seconds", "Time."))
