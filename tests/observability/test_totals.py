from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from decimal import Decimal

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.registry import Collector

from tests.observability.conftest import FINISHED
from tornado_gateway.domain.events import (
    AttemptFailed,
    CallRefused,
    CircuitChanged,
    ConfigRejected,
    ConfigReloaded,
    CredentialRefused,
    Event,
    KeysFetched,
    RequestFinished,
    RequestStarted,
    SpendingUnknown,
    StateChanged,
)
from tornado_gateway.domain.money import Cost
from tornado_gateway.observability.histogram import Histogram
from tornado_gateway.observability.metrics import MetricsSubscriber, rendered
from tornado_gateway.observability.tables import Table, table_of
from tornado_gateway.observability.totals import Totals, left_by, page_of

NOW = datetime(2026, 1, 15, 10, 30, tzinfo=UTC)
STARTED = RequestStarted("r-1", "native", False)


Samples = dict[tuple[str, tuple[tuple[str, str], ...]], tuple[str, float]]


def samples(tables: Iterable[Table]) -> Samples:
    """Kind and value of each sample."""
    body, _ = rendered(tables)
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): (family.type, sample.value)
        for family in text_string_to_metric_families(body.decode())
        for sample in family.samples
    }


def total(*pages: tuple[bytes, bool]) -> Totals:
    totals = Totals()
    for page, alive in pages:
        totals.add(page, alive=alive)
    return totals


def summed(*pages: tuple[bytes, bool]) -> Samples:
    return samples(total(*pages).tables())


def counted(*events: Event) -> MetricsSubscriber:
    metrics = MetricsSubscriber(lambda: {"log": 2})
    metrics.handle(events)
    return metrics


class Elsewhere(Collector):
    """What another part of the program shows."""

    def collect(self) -> Iterator[Metric]:
        yield CounterMetricFamily("gateway_ledger_failures", "Failures.", value=3)
        yield GaugeMetricFamily("gateway_ledger_waiting", "Rows.", value=4)
        yield GaugeMetricFamily("gateway_ledger_up", "Up.", value=1)


@pytest.fixture
def everything(finished: Callable[..., RequestFinished]) -> MetricsSubscriber:
    """Each metric there is has a value other than 0."""
    metrics = counted(
        ConfigReloaded("aaa", "000", NOW),
        ConfigRejected("aaa", ("wrong",), NOW),
        STARTED,
        STARTED,
        finished(time_to_first_token=0.25),
        AttemptFailed("r-1", "gpt-4", "openai", "gpt-4", 1, "upstream_failed", "text", True, "gpt-4"),
        CircuitChanged("openai", 0, "open", "closed"),
        CredentialRefused("r-2", "unknown"),
        KeysFetched("store", 3),
        CallRefused("gpt-4", "key", "requests"),
        SpendingUnknown("key team-a", "month"),
        StateChanged(available=False, fail="open"),
    )
    metrics.register(Elsewhere())
    return metrics


def test_one_page_shows_what_its_process_would(everything: MetricsSubscriber) -> None:
    shown = samples(everything.tables())
    assert all(value for (name, _), (_, value) in shown.items() if "bucket" not in name)
    assert summed((page_of(everything.tables()), True)) == shown


def test_two_count_twice_and_are_in_the_same_state(everything: MetricsSubscriber) -> None:
    states = ("gateway_circuit_state", "gateway_config_info", "gateway_counters_state", "gateway_ledger_up")
    page = page_of(everything.tables())
    both = summed((page, True), (page, True))
    for key, (kind, value) in samples(everything.tables()).items():
        assert both.pop(key) == (kind, value if key[0] in states else 2 * value), key
    assert both == {}


def test_what_the_dead_did_counts_on_and_what_they_were_does_not(everything: MetricsSubscriber) -> None:
    dead = summed((page_of(everything.tables()), False))
    assert dead == {key: value for key, value in samples(everything.tables()).items() if value[0] != "gauge"}


def test_a_successor_goes_on_where_those_before_ended(everything: MetricsSubscriber) -> None:
    page = page_of(everything.tables())
    successor = counted(ConfigReloaded("bbb", None, NOW), STARTED, FINISHED)
    for lives in (2, 3, 4):
        page = page_of(successor.tables(), left_by(page))
        shown = summed((page, True))
        labels = (("model", "gpt-4"), ("provider", "openai"), ("route", "gpt-4"))
        assert shown["gateway_requests_total", (*labels, ("status", "200"))] == ("counter", lives)
        assert shown["gateway_request_duration_seconds_count", (("route", "gpt-4"),)] == ("histogram", lives)
        assert shown["gateway_events_dropped_total", (("subscriber", "log"),)] == ("counter", 2 * lives)
        assert shown["gateway_in_flight", ()] == ("gauge", 0)
        info = [key for key in shown if key[0] == "gateway_config_info"]
        assert info == [("gateway_config_info", (("revision", "bbb"),))]


def test_differing_revisions_and_circuits_all_show() -> None:
    one = counted(ConfigReloaded("aaa", None, NOW), CircuitChanged("openai", 0, "half_open", "open"))
    other = counted(ConfigReloaded("bbb", None, NOW), CircuitChanged("openai", 0, "closed", "half_open"))
    shown = summed((page_of(one.tables()), True), (page_of(other.tables()), True))
    info = [labels for (name, labels) in shown if name == "gateway_config_info"]
    assert info == [(("revision", "aaa"),), (("revision", "bbb"),)]
    assert shown["gateway_circuit_state", (("endpoint", "0"), ("provider", "openai"))] == ("gauge", 1)


def test_one_that_has_nothing_yet_takes_no_label_from_the_others() -> None:
    empty, full = CounterMetricFamily("x", "X.", labels=("a",)), CounterMetricFamily("x", "X.", labels=("a",))
    full.add_metric(["1"], 2)
    shown = summed(*((page_of([table_of(metric)]), True) for metric in (empty, full, full)))
    assert shown == {("x_total", (("a", "1"),)): ("counter", 4)}


def test_pages_of_another_version_are_left_out_as_far_as_they_are_odd(everything: MetricsSubscriber) -> None:
    page = page_of(everything.tables())
    wanted = summed((page, True))
    odd = [b"\xc1", b"", msgspec.msgpack.encode({"own": 7}), msgspec.msgpack.encode({"own": [], "before": "x"})]
    assert summed(*((content, True) for content in odd), (page, True)) == wanted
    buckets = Histogram((1.0, 2.0))
    buckets.observe(1.5)
    other = page_of([Table("gateway_overhead_seconds", "Time.", "histogram", (), {(): buckets})])
    assert summed((page, True), (other, True)) == wanted


@settings(max_examples=50, deadline=None)
@given(
    amounts=st.lists(st.lists(st.decimals(min_value=0, max_value=10**9, places=12), max_size=8), min_size=1, max_size=4)
)
def test_money_is_exact_over_all_of_them(amounts: list[list[Decimal]]) -> None:
    pages = [
        page_of(counted(*(msgspec.structs.replace(FINISHED, cost=Cost(amount)) for amount in one)).tables())
        for one in amounts
    ]
    pages.append(page_of([], left_by(pages[0])))
    wanted = sum(int(amount.scaleb(12)) for one in [*amounts, amounts[0]] for amount in one)
    (costs,) = (table for table in total(*((page, True) for page in pages)).tables() if "cost" in table.name)
    assert sum(int(cost.scaleb(12)) for cost in costs.values.values() if isinstance(cost, Decimal)) == wanted
    assert all(isinstance(cost, Decimal) for cost in costs.values.values())
