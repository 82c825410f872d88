from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from tornado_gateway.domain.events import (
    AttemptAbandoned,
    AttemptFailed,
    CircuitChanged,
    ConfigRejected,
    ConfigReloaded,
    CredentialRefused,
    KeysFetched,
    RequestFinished,
    RequestStarted,
)
from tornado_gateway.domain.money import Cost
from tornado_gateway.domain.usage import TokenUsage
from tornado_gateway.observability.metrics import MetricsSubscriber

NOW = datetime(2026, 1, 15, 10, 30, tzinfo=UTC)
STARTED = RequestStarted("r-1", "native", False)


def samples(metrics: MetricsSubscriber) -> dict[str, float]:
    """``name{label=value,...}`` with the labels sorted -> value, through the client library's own parser."""
    body, content_type = metrics.render()
    assert content_type.startswith("text/plain")
    found: dict[str, float] = {}
    for family in text_string_to_metric_families(body.decode()):
        for sample in family.samples:
            labels = ",".join(f"{name}={value}" for name, value in sorted(sample.labels.items()))
            key = f"{sample.name}{{{labels}}}" if labels else sample.name
            assert key not in found
            found[key] = sample.value
    return found


def attempt(outcome: str, *, model_label: str = "gpt-4", will_retry: bool = True) -> AttemptFailed:
    return AttemptFailed("r-1", "gpt-4", "openai", "gpt-4", 1, outcome, "text", will_retry, model_label)


def attempts(metrics: MetricsSubscriber) -> dict[str, float]:
    start, end = "gateway_upstream_attempts_total{model=gpt-4,outcome=", ",provider=openai}"
    found = {key: value for key, value in samples(metrics).items() if key.startswith("gateway_upstream_attempts")}
    assert all(key.startswith(start) and key.endswith(end) for key in found)
    return {key.removeprefix(start).removesuffix(end): value for key, value in found.items()}


def test_a_finished_request(finished: Callable[..., RequestFinished]) -> None:
    metrics = MetricsSubscriber()
    metrics.handle([STARTED, STARTED, finished(time_to_first_token=0.25)])
    found = samples(metrics)
    labels = "model=gpt-4,provider=openai,route=gpt-4"
    assert found[f"gateway_requests_total{{{labels},status=200}}"] == 1
    assert found[f"gateway_tokens_total{{kind=input,{labels}}}"] == 12
    assert found[f"gateway_tokens_total{{kind=output,{labels}}}"] == 25
    assert found[f"gateway_cost_usd_total{{{labels}}}"] == 0.00186
    assert found["gateway_upstream_attempts_total{model=gpt-4,outcome=ok,provider=openai}"] == 1
    assert found["gateway_in_flight"] == 1
    assert found["gateway_request_duration_seconds_bucket{le=0.25,route=gpt-4}"] == 0
    assert found["gateway_request_duration_seconds_bucket{le=0.5,route=gpt-4}"] == 1
    assert found["gateway_request_duration_seconds_sum{route=gpt-4}"] == 0.5
    assert found["gateway_time_to_first_token_seconds_bucket{le=0.1,route=gpt-4}"] == 0
    assert found["gateway_time_to_first_token_seconds_bucket{le=0.25,route=gpt-4}"] == 1
    assert found["gateway_overhead_seconds_bucket{le=0.001}"] == 0
    assert found["gateway_overhead_seconds_bucket{le=0.0015}"] == 1
    assert found["gateway_overhead_seconds_count"] == 1


def test_nothing_yet() -> None:
    assert {key: value for key, value in samples(MetricsSubscriber()).items() if "overhead" not in key} == {
        "gateway_budgets_unseeded_total": 0,
        "gateway_counters_state": 0,
        "gateway_in_flight": 0,
        "gateway_config_reloads_total{outcome=loaded}": 0,
        "gateway_config_reloads_total{outcome=rejected}": 0,
    }


def test_every_metric_of_the_contract_is_declared() -> None:
    body, _ = MetricsSubscriber().render()
    kinds = dict(line.split()[2:] for line in body.decode().splitlines() if line.startswith("# TYPE"))
    assert kinds == {
        "gateway_requests_total": "counter",
        "gateway_request_duration_seconds": "histogram",
        "gateway_time_to_first_token_seconds": "histogram",
        "gateway_overhead_seconds": "histogram",
        "gateway_tokens_total": "counter",
        "gateway_cost_usd_total": "counter",
        "gateway_upstream_attempts_total": "counter",
        "gateway_cache_requests_total": "counter",
        "gateway_in_flight": "gauge",
        "gateway_upstream_duration_seconds": "histogram",
        "gateway_circuit_state": "gauge",
        "gateway_calls_refused_total": "counter",
        "gateway_budget_thresholds_total": "counter",
        "gateway_webhooks_total": "counter",
        "gateway_budgets_unseeded_total": "counter",
        "gateway_counters_state": "gauge",
        "gateway_config_reloads_total": "counter",
        "gateway_auth_refusals_total": "counter",
        "gateway_key_fetches_total": "counter",
        "gateway_guardrail_verdicts_total": "counter",
        "gateway_config_info": "gauge",
        "gateway_events_dropped_total": "counter",
    }


def test_labels_come_from_the_label_fields_alone(finished: Callable[..., RequestFinished]) -> None:
    metrics = MetricsSubscriber()
    text = "the-callers-text"
    metrics.handle(
        [
            finished(request_id=text, requested_model=text, model=text, principal=text, error=text, attempts=1),
            finished(request_id=text, requested_model=text, model=text, error=text, time_to_first_token=0.1),
            AttemptFailed(text, "gpt-*", "openai", text, 1, text, text, False, "gpt-*"),
        ]
    )
    assert text not in metrics.render()[0].decode()


def test_two_failures_then_an_answer(finished: Callable[..., RequestFinished]) -> None:
    metrics = MetricsSubscriber()
    metrics.handle([attempt("upstream_failed"), attempt("upstream_timeout"), finished(attempts=3)])
    assert attempts(metrics) == {"upstream_failed": 1, "upstream_timeout": 1, "ok": 1}


def test_the_last_of_all_failures_is_counted_once(finished: Callable[..., RequestFinished]) -> None:
    metrics = MetricsSubscriber()
    metrics.handle(
        [
            attempt("upstream_failed"),
            attempt("upstream_failed", will_retry=False),
            finished(attempts=2, status=502, error="upstream_failed"),
        ]
    )
    assert attempts(metrics) == {"upstream_failed": 2}


@pytest.mark.parametrize(
    ("error", "outcome"),
    [("client_closed", "client_closed"), ("upstream_timeout", "upstream_timeout"), ("odd", "upstream_failed")],
)
def test_a_stream_that_ended_badly_after_its_first_content(
    finished: Callable[..., RequestFinished], error: str, outcome: str
) -> None:
    metrics = MetricsSubscriber()
    metrics.handle([finished(error=error, time_to_first_token=0.1)])
    assert attempts(metrics) == {outcome: 1}


def test_a_client_that_left_while_the_provider_worked(finished: Callable[..., RequestFinished]) -> None:
    metrics = MetricsSubscriber()
    metrics.handle([finished(status=499, error="client_closed")])
    assert attempts(metrics) == {"client_closed": 1}


@pytest.mark.parametrize("error", ["invalid_request", "client_closed", None])
def test_a_request_that_reached_no_provider_is_no_attempt(
    finished: Callable[..., RequestFinished], error: str | None
) -> None:
    metrics = MetricsSubscriber()
    metrics.handle([finished(attempts=0, error=error, usage=None, cost=None, status=400)])
    found = samples(metrics)
    assert found["gateway_requests_total{model=gpt-4,provider=openai,route=gpt-4,status=400}"] == 1
    assert not [key for key in found if key.startswith(("gateway_upstream", "gateway_tokens", "gateway_cost"))]


def test_a_providers_own_code_is_no_label() -> None:
    metrics = MetricsSubscriber()
    metrics.handle([attempt("context_length_exceeded")])
    assert attempts(metrics) == {"upstream_rejected": 1}


def test_costs_add_up_exactly(finished: Callable[..., RequestFinished]) -> None:
    metrics = MetricsSubscriber()
    tiny, huge = Decimal("0.0000000000000000001"), Decimal("123456789012345")
    metrics.handle([finished(cost=Cost(huge)), *[finished(cost=Cost(tiny))] * 1000])
    assert metrics.costs[("gpt-4", "openai", "gpt-4")] == Decimal("123456789012345.0000000000000001")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(amounts=st.lists(st.decimals(min_value=0, max_value=10**9, places=12), max_size=20))
def test_a_cost_is_the_sum_in_any_order(finished: Callable[..., RequestFinished], amounts: list[Decimal]) -> None:
    one, other = MetricsSubscriber(), MetricsSubscriber()
    one.handle([finished(cost=Cost(amount)) for amount in amounts])
    other.handle([finished(cost=Cost(amount)) for amount in reversed(amounts)])
    assert one.costs == other.costs
    assert sum(one.costs.values()) * 10**12 == sum(int(amount.scaleb(12)) for amount in amounts)


def test_all_kinds_of_tokens(finished: Callable[..., RequestFinished]) -> None:
    metrics = MetricsSubscriber()
    metrics.handle([finished(usage=TokenUsage(input=1, output=2, cached_input=3, reasoning=4, cache_write=0))])
    tokens = {key: value for key, value in samples(metrics).items() if key.startswith("gateway_tokens_total")}
    assert tokens == {
        f"gateway_tokens_total{{kind={kind},model=gpt-4,provider=openai,route=gpt-4}}": count
        for kind, count in [("input", 1), ("output", 2), ("cached_input", 3), ("reasoning", 4)]
    }


def test_configurations() -> None:
    metrics = MetricsSubscriber()
    metrics.handle([ConfigReloaded("aaa", None, NOW)])
    found = samples(metrics)
    assert found["gateway_config_info{revision=aaa}"] == 1
    assert found["gateway_config_reloads_total{outcome=loaded}"] == 0
    metrics.handle([ConfigReloaded("bbb", "aaa", NOW), ConfigRejected("ccc", ("wrong",), NOW)])
    found = samples(metrics)
    assert [key for key in found if key.startswith("gateway_config_info")] == ["gateway_config_info{revision=bbb}"]
    assert found["gateway_config_reloads_total{outcome=loaded}"] == 1
    assert found["gateway_config_reloads_total{outcome=rejected}"] == 1


def test_drops_are_asked_for_at_each_rendering() -> None:
    drops = {"log": 0}
    metrics = MetricsSubscriber(lambda: drops)
    metrics.watch_drops(lambda: {"stderr": 7})
    assert samples(metrics)["gateway_events_dropped_total{subscriber=log}"] == 0
    drops["log"] = 3
    found = samples(metrics)
    assert found["gateway_events_dropped_total{subscriber=log}"] == 3
    assert found["gateway_events_dropped_total{subscriber=stderr}"] == 7


def test_label_values_are_escaped(finished: Callable[..., RequestFinished]) -> None:
    metrics = MetricsSubscriber()
    metrics.handle([finished(route='a"b\\c\nd')])
    assert samples(metrics)['gateway_requests_total{model=gpt-4,provider=openai,route=a"b\\c\nd,status=200}'] == 1


def test_two_subscribers_share_nothing(finished: Callable[..., RequestFinished]) -> None:
    one, other = MetricsSubscriber(), MetricsSubscriber()
    one.handle([finished()])
    assert not [key for key in samples(other) if key.startswith("gateway_requests_total")]


def test_what_lost_a_race_has_a_price_and_answers_no_request() -> None:
    metrics = MetricsSubscriber()
    lost = AttemptAbandoned(
        request_id="r-1",
        route="big",
        provider="openai",
        model="gpt-4",
        model_label="gpt-4",
        usage=TokenUsage(input=10, estimated=True),
        cost=Cost(Decimal("0.0003")),
        revision="r",
    )
    metrics.handle([lost, lost])
    found = samples(metrics)
    assert found["gateway_cost_usd_total{model=gpt-4,provider=openai,route=big}"] == 0.0006
    assert found["gateway_tokens_total{kind=input,model=gpt-4,provider=openai,route=big}"] == 20
    assert attempts(metrics) == {"abandoned": 2}
    assert not any(key.startswith("gateway_requests_total") for key in found)


def test_circuits_and_the_time_that_providers_take(finished: Callable[..., RequestFinished]) -> None:
    metrics = MetricsSubscriber()
    metrics.handle([CircuitChanged("openai", 1, "open", "closed"), STARTED, finished()])
    found = samples(metrics)
    assert found["gateway_circuit_state{endpoint=1,provider=openai}"] == 2
    assert found["gateway_upstream_duration_seconds_count{model=gpt-4,provider=openai}"] == 1
    metrics.handle([CircuitChanged("openai", 1, "half_open", "open")])
    assert samples(metrics)["gateway_circuit_state{endpoint=1,provider=openai}"] == 1


def test_what_became_of_calls_in_the_cache(finished: Callable[..., RequestFinished]) -> None:
    metrics = MetricsSubscriber()
    outcomes = [None, "miss", "hit", "hit", "bypass"]
    metrics.handle([STARTED] * 5)
    metrics.handle(
        [
            finished(cache=outcome, attempts=0, cost=Cost(Decimal(0))) if outcome == "hit" else finished(cache=outcome)
            for outcome in outcomes
        ]
    )
    found = samples(metrics)
    counted = {key: value for key, value in found.items() if key.startswith("gateway_cache_requests_total")}
    assert counted == {
        "gateway_cache_requests_total{outcome=bypass,route=gpt-4}": 1,
        "gateway_cache_requests_total{outcome=hit,route=gpt-4}": 2,
        "gateway_cache_requests_total{outcome=miss,route=gpt-4}": 1,
    }
    labels = "model=gpt-4,provider=openai,route=gpt-4"
    assert found[f"gateway_requests_total{{{labels},status=200}}"] == 5
    # Nobody was asked for a hit: no provider's tokens, money or attempts.
    assert found[f"gateway_tokens_total{{kind=input,{labels}}}"] == 3 * 12
    assert found[f"gateway_cost_usd_total{{{labels}}}"] == pytest.approx(3 * 0.00186)
    assert attempts(metrics) == {"ok": 3}


def test_who_was_turned_away_is_counted_by_reason_and_by_nothing_that_a_caller_says() -> None:
    metrics = MetricsSubscriber()
    metrics.handle(
        [
            CredentialRefused("r-1", "missing"),
            CredentialRefused("r-2", "expired", "team-a"),
            CredentialRefused("r-3", "expired", "team-b"),
            KeysFetched("issuer", 2),
            KeysFetched("issuer", 0, "the issuer can't be reached"),
        ]
    )
    found = {key: value for key, value in samples(metrics).items() if "auth" in key or "key" in key}
    assert found == {
        "gateway_auth_refusals_total{reason=missing}": 1,
        "gateway_auth_refusals_total{reason=expired}": 2,
        "gateway_key_fetches_total{outcome=loaded,source=issuer}": 1,
        "gateway_key_fetches_total{outcome=failed,source=issuer}": 1,
    }
