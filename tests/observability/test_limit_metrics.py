from datetime import UTC, datetime
from decimal import Decimal

from tornado_gateway.domain.events import BudgetThreshold, CallRefused, SpendingUnknown, StateChanged, WebhookSent
from tornado_gateway.observability.metrics import MetricsSubscriber

THRESHOLD = BudgetThreshold(
    subject="key team-a",
    percent=80,
    spent=Decimal(20),
    amount=Decimal(25),
    period="month",
    time_zone="UTC",
    began=datetime(2026, 1, 1, tzinfo=UTC),
    ends=datetime(2026, 2, 1, tzinfo=UTC),
)


def page(*events: object) -> list[str]:
    metrics = MetricsSubscriber()
    metrics.handle(events)  # type: ignore[arg-type]
    return metrics.render()[0].decode().splitlines()


def test_before_anything_happened() -> None:
    lines = page()
    assert "gateway_counters_state 0.0" in lines
    assert "gateway_budgets_unseeded_total 0.0" in lines
    assert not any(line.startswith("gateway_calls_refused_total") for line in lines)


def test_what_happened_by_kind_and_never_by_name() -> None:
    lines = page(
        CallRefused("gpt-4", "key", "requests"),
        CallRefused("gpt-4", "key", "requests"),
        CallRefused("gpt-4", "everyone", "budget"),
        THRESHOLD,
        SpendingUnknown("key team-a", "month"),
        StateChanged(available=False, fail="local"),
        WebhookSent("budget_threshold", "a.example", 1, None),
        WebhookSent("budget_threshold", "a.example", 5, "status 500"),
    )
    for line in (
        'gateway_calls_refused_total{limit="requests",route="gpt-4",subject="key"} 2.0',
        'gateway_calls_refused_total{limit="budget",route="gpt-4",subject="everyone"} 1.0',
        'gateway_budget_thresholds_total{percent="80",subject="key"} 1.0',
        "gateway_budgets_unseeded_total 1.0",
        "gateway_counters_state 1.0",
        'gateway_webhooks_total{event="budget_threshold",outcome="delivered"} 1.0',
        'gateway_webhooks_total{event="budget_threshold",outcome="failed"} 1.0',
    ):
        assert line in lines
    assert not any("team-a" in line or "a.example" in line for line in lines)


def test_a_store_that_is_back() -> None:
    lines = page(StateChanged(available=False, fail="open"), StateChanged(available=True, fail="open"))
    assert "gateway_counters_state 0.0" in lines
