"""The names of all metrics that a gateway exports, as a scrape shows them."""

import re

from tornado_gateway.observability.metrics import MetricsSubscriber


def exported() -> set[str]:
    """Families by the names of their samples: a counter's ends in ``_total``."""
    text = MetricsSubscriber().render()[0].decode()
    return {
        f"{name}_total" if kind == "counter" and not name.endswith("_total") else name
        for name, kind in re.findall(r"^# TYPE (\S+) (\S+)$", text, re.MULTILINE)
    }
