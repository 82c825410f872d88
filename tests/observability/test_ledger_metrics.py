from dataclasses import dataclass, field

from tornado_gateway.observability.ledger_metrics import LedgerFamilies
from tornado_gateway.observability.metrics import MetricsSubscriber


@dataclass
class Figures:
    rows: dict[str, int] = field(default_factory=lambda: {"written": 3, "lost": 0})
    waiting: int = 4
    journaled: int = 5
    failures: int = 6
    up: bool = False


def test_they_are_on_the_page_and_asked_each_time() -> None:
    metrics, figures = MetricsSubscriber(), Figures()
    metrics.register(LedgerFamilies(lambda: figures))
    lines = metrics.render()[0].decode().splitlines()
    for line in (
        'gateway_ledger_rows_total{outcome="written"} 3.0',
        'gateway_ledger_rows_total{outcome="lost"} 0.0',
        "gateway_ledger_waiting 4.0",
        "gateway_ledger_journal_rows 5.0",
        "gateway_ledger_failures_total 6.0",
        "gateway_ledger_up 0.0",
        "gateway_in_flight 0.0",
    ):
        assert line in lines
    figures.up = True
    assert "gateway_ledger_up 1.0" in metrics.render()[0].decode()
