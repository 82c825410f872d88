"""What guardrails found, as a metric: rules have their names from gateway.yaml, and what was found is no label."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from prometheus_client.core import CounterMetricFamily, Metric

from tornado_gateway.domain.events import GuardrailVerdict


class GuardrailCounts:
    """A part of ``MetricsSubscriber``: ``counters`` by event, ``families`` for its page."""

    def __init__(self) -> None:
        self.verdicts: Counter[tuple[str, str, str]] = Counter()
        """By rule, action and direction: calls, not finds."""
        self.counters: Mapping[type, Callable[[Any], None]] = {GuardrailVerdict: self._verdict}

    def families(self) -> Iterator[Metric]:
        family = CounterMetricFamily(
            "gateway_guardrail_verdicts",
            "Calls in which a guardrail found something.",
            labels=("rule", "action", "direction"),
        )
        for key, count in self.verdicts.items():
            family.add_metric(list(key), count)
        yield family

    def _verdict(self, event: GuardrailVerdict) -> None:
        self.verdicts[event.rule, event.action, event.direction] += 1
