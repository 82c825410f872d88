"""What a ledger's totals say: a table with bars, and columns over days."""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta

from tornado_gateway.cli import charts
from tornado_gateway.cli.amounts import count, exact, known
from tornado_gateway.cli.groups import headings, labels, others
from tornado_gateway.cli.tables import Column, console, draws, print_table
from tornado_gateway.domain.groupings import Group
from tornado_gateway.domain.ledger import LedgerQuery, LedgerTotal
from tornado_gateway.reports.spending import summed

_FIGURES = (
    Column("Requests", number=True),
    Column("Failed", number=True),
    Column("Tokens in", number=True),
    Column("out", number=True),
    Column("Cost USD", number=True),
)
_BAR = 8
"""Characters of the longest."""

_WIDEST = 78
"""Days side by side; of more, several are one."""


def show(by: Sequence[str], totals: Sequence[LedgerTotal], top: int) -> None:
    """The first ``top`` as they stand, the others as one line, and all of them as the last."""
    total = summed(totals)
    shown = list(totals[:top])
    if totals[top:]:
        shown.append(summed(totals[top:], others(by, len(totals) - top)))
    most = max(each.cost for each in shown)
    plain = not draws(console())
    # Beside two names and more there is no room for bars.
    bars = [Column("")] if len(by) == 1 else []

    def row(group: Group, each: LedgerTotal, drawn: str) -> list[str]:
        return [*labels(group), *_figures(each), *(drawn for _ in bars)]

    print_table(
        [*headings(by), *_FIGURES, *bars],
        [row(each.group, each, charts.bar(each.cost, most, _BAR, ascii_only=plain)) for each in shown],
        total=row(("total", *("" for _ in by[1:])), total, ""),
    )
    print(f"\nspent: {exact(total.cost)} USD")
    if total.saved:
        print(f"saved by answers from the cache: {exact(total.saved)} USD")
    if total.unpriced:
        print(f"calls without a price, which are in no sum of USD: {count(total.unpriced)}")


def _figures(total: LedgerTotal) -> Sequence[str]:
    counts = (total.requests, total.failed, total.prompt_tokens, total.completion_tokens)
    return [*(count(each) for each in counts), known(total.cost, total.unpriced)]


def chart(days: Sequence[LedgerTotal], query: LedgerQuery, now: datetime) -> Iterator[str]:
    """USD by day over the whole period, as far as it has passed."""
    spent = {date.fromisoformat(str(day.group[0])): day.cost for day in days}
    # Where the period ends at a midnight, the day that begins there is not in it.
    end = now if query.until is None else min(now, query.until - timedelta(microseconds=1))
    first = min(spent) if query.since is None else min(query.since.astimezone(UTC).date(), *spent)
    output = console()
    width = min(output.width, _WIDEST)
    last = max(end.astimezone(UTC).date(), *spent)
    return charts.over_days(spent, first, last, width=width, ascii_only=not draws(output))
