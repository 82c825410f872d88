"""The ledger's part of the metrics: what becomes of its rows, and whether it is there."""

from collections.abc import Callable, Iterator, Mapping
from typing import Protocol

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector


class LedgerFigures(Protocol):
    @property
    def rows(self) -> Mapping[str, int]:
        """By what became of them."""

    @property
    def waiting(self) -> int: ...

    @property
    def journaled(self) -> int: ...

    @property
    def failures(self) -> int: ...

    @property
    def up(self) -> bool: ...


class LedgerFamilies(Collector):
    """``figures`` is asked at each rendering."""

    def __init__(self, figures: Callable[[], LedgerFigures]) -> None:
        self._figures = figures

    def collect(self) -> Iterator[Metric]:
        figures = self._figures()
        rows = CounterMetricFamily(
            "gateway_ledger_rows",
            "Rows by what became of them: written, journaled, replayed from a journal, refused by the database, lost.",
            labels=("outcome",),
        )
        for outcome, count in figures.rows.items():
            rows.add_metric([outcome], count)
        yield rows
        yield CounterMetricFamily(
            "gateway_ledger_failures", "Times that the ledger could not be reached or written.", value=figures.failures
        )
        yield GaugeMetricFamily("gateway_ledger_waiting", "Rows in memory, on their way.", value=figures.waiting)
        yield GaugeMetricFamily(
            "gateway_ledger_journal_rows", "Rows in journals, not yet in the ledger.", value=figures.journaled
        )
        yield GaugeMetricFamily(
            "gateway_ledger_up", "1 while the ledger takes rows, of each worker.", value=int(figures.up)
        )
