"""Metrics as plain tables, between those who count and the client library that renders: cheap to send and to add up."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import msgspec
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric

from tornado_gateway.observability.histogram import Histogram

Value = int | float | Decimal | Histogram


class Table(msgspec.Struct):
    """One metric: a value for each combination of its labels' values. Its ``kind`` is ``counter``, ``gauge`` or
    ``histogram``; a counter's name is without ``_total``. A key may be the text itself where there is one label.
    """

    name: str
    text: str
    kind: str
    labels: tuple[str, ...]
    values: Mapping[Any, Value]

    def family(self) -> Metric:
        """In the client library's terms."""
        if self.kind == "histogram":
            histograms = HistogramMetricFamily(self.name, self.text, labels=self.labels)
            for key, value in self.values.items():
                assert isinstance(value, Histogram)
                histograms.add_metric(_parts(key), value.buckets(), value.sum)
            return histograms
        numbers = (CounterMetricFamily if self.kind == "counter" else GaugeMetricFamily)(
            self.name, self.text, labels=self.labels
        )
        for key, value in self.values.items():
            assert not isinstance(value, Histogram)
            # The one place where money becomes a float: a Prometheus sample is nothing else.
            numbers.add_metric(_parts(key), float(value))
        return numbers


def table_of(metric: Metric) -> Table:
    """A counter or gauge in the client library's terms as a table. Raises ``TypeError`` for a histogram: it has been
    made of one."""
    if metric.type not in ("counter", "gauge"):
        raise TypeError(f"{metric.name} is a {metric.type}: count in a Histogram, show it as a Table")
    labels = tuple(metric.samples[0].labels) if metric.samples else ()
    values = {tuple(sample.labels.values()): sample.value for sample in metric.samples}
    return Table(metric.name, metric.documentation, metric.type, labels, values)


def _parts(key: Any) -> list[str]:
    return [key] if isinstance(key, str) else [str(part) for part in key]
