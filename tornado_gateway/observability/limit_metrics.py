"""What limits and budgets did, as metrics: labels are kinds, for names of keys and addresses have no end."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from tornado_gateway.domain.events import BudgetThreshold, CallRefused, SpendingUnknown, StateChanged, WebhookSent


class LimitCounts:
    """A part of ``MetricsSubscriber``: ``counters`` by event, ``families`` for its page."""

    def __init__(self) -> None:
        self.refused: Counter[tuple[str, str, str]] = Counter()
        """By route, whose limit it was and what it limits."""
        self.thresholds: Counter[tuple[str, str]] = Counter()
        """By whose budget it was and percent."""
        self.unknown = 0
        self.available = True
        self.webhooks: Counter[tuple[str, str]] = Counter()
        """By event, and whether it arrived."""
        self.counters: Mapping[type, Callable[[Any], None]] = {
            CallRefused: self._call_refused,
            BudgetThreshold: self._budget_threshold,
            SpendingUnknown: self._spending_unknown,
            StateChanged: self._state_changed,
            WebhookSent: self._webhook_sent,
        }

    def families(self) -> Iterator[Metric]:
        yield _counter(
            "gateway_calls_refused",
            "Calls turned away by a limit or a budget.",
            ("route", "subject", "limit"),
            self.refused,
        )
        yield _counter(
            "gateway_budget_thresholds", "Budgets that reached a percentage.", ("subject", "percent"), self.thresholds
        )
        yield _counter("gateway_webhooks", "Messages to webhooks.", ("event", "outcome"), self.webhooks)
        yield CounterMetricFamily(
            "gateway_budgets_unseeded", "Budgets that began without the ledger's sum.", value=self.unknown
        )
        yield GaugeMetricFamily(
            "gateway_counters_state",
            "0 while the store of limits and budgets is there, 1 while it is away.",
            value=int(not self.available),
        )

    def _call_refused(self, event: CallRefused) -> None:
        self.refused[event.route, event.subject, event.what] += 1

    def _budget_threshold(self, event: BudgetThreshold) -> None:
        self.thresholds[event.subject.partition(" ")[0], str(event.percent)] += 1

    def _spending_unknown(self, _event: SpendingUnknown) -> None:
        self.unknown += 1

    def _state_changed(self, event: StateChanged) -> None:
        self.available = event.available

    def _webhook_sent(self, event: WebhookSent) -> None:
        self.webhooks[event.event, "delivered" if event.failure is None else "failed"] += 1


def _counter(name: str, text: str, labels: Sequence[str], counts: Mapping[Any, int]) -> Metric:
    family = CounterMetricFamily(name, text, labels=labels)
    for key, count in counts.items():
        family.add_metric(list(key), count)
    return family
