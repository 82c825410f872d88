import pytest
from hypothesis import given
from hypothesis import strategies as st

from tornado_gateway.observability.histogram import Histogram


@given(st.lists(st.floats(min_value=0, max_value=1000), max_size=50))
def test_a_histogram_counts_each_value_under_every_bound_it_does_not_pass(values: list[float]) -> None:
    histogram = Histogram((0.5, 1.0, 10.0))
    for value in values:
        histogram.observe(value)
    assert histogram.buckets() == [
        ("0.5", sum(value <= 0.5 for value in values)),
        ("1.0", sum(value <= 1.0 for value in values)),
        ("10.0", sum(value <= 10.0 for value in values)),
        ("+Inf", len(values)),
    ]
    assert histogram.sum == pytest.approx(sum(values))
