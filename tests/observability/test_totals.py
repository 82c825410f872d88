from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from tests.observability.conftest import FINISHED
from tornado_gateway.domain.events import (
    AttemptFailed,
    CircuitChanged,
    ConfigRejected,
    ConfigReloaded,
    Event,
    RequestFinished,
    RequestStarted,
)
from tornado_gateway.domain.money import Cost
from tornado_gateway.observability.metrics import MetricsSubscriber
from tornado_gateway.observability.totals import page_of, resume, total

NOW = datetime(2026, 1, 15, 10, 30, tzinfo=UTC)
STARTED = RequestStarted("r-1", "native", False)


def samples(metrics: MetricsSubscriber) -> dict[tuple[str, tuple[tuple[str, str], ...]], tuple[str, float]]:
    """Kind and value of each sample."""
    body, _ = metrics.render()
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): (family.type, sample.value)
        for family in text_string_to_metric_families(body.decode())
        for sample in family.samples
    }


def counted(*events: Event) -> MetricsSubscriber:
    metrics = MetricsSubscriber(lambda: {"log": 2})
    metrics.handle(events)
    return metrics


@pytest.fixture
def everything(finished: Callable[..., RequestFinished]) -> MetricsSubscriber:
    """Each metric there is has a value other than 0."""
    return counted(
        ConfigReloaded("aaa", "000", NOW),
        ConfigRejected("aaa", ("wrong",), NOW),
        STARTED,
        STARTED,
        finished(time_to_first_token=0.25),
        AttemptFailed("r-1", "gpt-4", "openai", "gpt-4", 1, "upstream_failed", "text", True, "gpt-4"),
        CircuitChanged("openai", 0, "open", "closed"),
    )


def test_one_page_shows_what_its_process_would(everything: MetricsSubscriber) -> None:
    shown = samples(everything)
    assert all(value for (name, _), (_, value) in shown.items() if "bucket" not in name)
    assert samples(total([(page_of(everything), True)])) == shown


def test_two_count_twice_and_are_in_the_same_state(everything: MetricsSubscriber) -> None:
    states = ("gateway_circuit_state", "gateway_config_info")
    page = page_of(everything)
    both = samples(total([(page, True), (page, True)]))
    for key, (kind, value) in samples(everything).items():
        assert both.pop(key) == (kind, value if key[0] in states else 2 * value), key
    assert both == {}


def test_what_the_dead_did_counts_on_and_what_they_were_does_not(everything: MetricsSubscriber) -> None:
    dead = samples(total([(page_of(everything), False)]))
    alive = samples(everything)
    assert {key: value for key, value in alive.items() if value[0] != "gauge"} == {
        key: value for key, value in dead.items() if value[0] != "gauge"
    }
    assert {key: value for key, (kind, value) in dead.items() if kind == "gauge"} == {("gateway_in_flight", ()): 0}


def test_a_successor_goes_on_where_the_one_before_ended(everything: MetricsSubscriber) -> None:
    page = page_of(everything)
    successor = counted(ConfigReloaded("bbb", None, NOW))
    resume(successor, page)
    assert successor.drops() == {"log": 4}
    successor.handle([STARTED, FINISHED])
    shown = samples(total([(page_of(successor), True)]))
    labels = (("model", "gpt-4"), ("provider", "openai"), ("route", "gpt-4"))
    assert shown["gateway_requests_total", (*labels, ("status", "200"))] == ("counter", 2)
    assert shown["gateway_cost_usd_total", labels] == ("counter", 0.00372)
    assert shown["gateway_request_duration_seconds_count", (("route", "gpt-4"),)] == ("histogram", 2)
    assert shown["gateway_in_flight", ()] == ("gauge", 0)
    assert [key for key in shown if key[0] == "gateway_config_info"] == [
        ("gateway_config_info", (("revision", "bbb"),))
    ]


def test_differing_revisions_and_circuits_all_show() -> None:
    one = counted(ConfigReloaded("aaa", None, NOW), CircuitChanged("openai", 0, "half_open", "open"))
    other = counted(ConfigReloaded("bbb", None, NOW), CircuitChanged("openai", 0, "closed", "half_open"))
    shown = samples(total([(page_of(one), True), (page_of(other), True)]))
    info = [labels for (name, labels) in shown if name == "gateway_config_info"]
    assert info == [(("revision", "aaa"),), (("revision", "bbb"),)]
    assert shown["gateway_circuit_state", (("endpoint", "0"), ("provider", "openai"))] == ("gauge", 1)


def test_a_new_member_of_the_counts_must_be_on_the_page() -> None:
    members = {name for name in vars(MetricsSubscriber()) if not name.startswith("_")}
    document: dict[str, Any] = msgspec.msgpack.decode(page_of(MetricsSubscriber()), strict=False)
    assert members - {"drop_sources"} == set(document) - {"drops"}


def test_pages_of_another_version_are_left_out_as_far_as_they_are_odd(everything: MetricsSubscriber) -> None:
    odd = msgspec.msgpack.encode({"requests": 7})
    fewer = msgspec.msgpack.encode({"reloads": {"loaded": 3}, "overhead": [[1, 2], 0.5], "of_tomorrow": 1})
    shown = total([(b"\xc1", True), (odd, True), (fewer, True), (page_of(everything), True)])
    assert shown.reloads == {"loaded": 4, "rejected": 1}
    assert shown.overhead.counts == everything.overhead.counts


@settings(max_examples=50, deadline=None)
@given(
    amounts=st.lists(st.lists(st.decimals(min_value=0, max_value=10**9, places=12), max_size=8), min_size=1, max_size=4)
)
def test_money_is_exact_over_all_of_them(amounts: list[list[Decimal]]) -> None:
    pages = [
        (page_of(counted(*(msgspec.structs.replace(FINISHED, cost=Cost(amount)) for amount in one))), index % 2 == 0)
        for index, one in enumerate(amounts)
    ]
    costs = total(pages).costs
    wanted = sum(int(amount.scaleb(12)) for one in amounts for amount in one)
    assert sum(int(cost.scaleb(12)) for cost in costs.values()) == wanted
