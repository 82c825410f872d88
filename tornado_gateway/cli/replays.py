"""A replay: rows of a ledger, one after the other, through whatever adds them up."""

import argparse
from collections.abc import Callable
from pathlib import Path

from tornado_gateway.cli.ledger import ledger_of
from tornado_gateway.cli.progress import counted
from tornado_gateway.config.build import Loaded
from tornado_gateway.domain.ledger import LedgerQuery, LedgerRow


def add_ledger_from(parser: argparse.ArgumentParser, usual: str) -> None:
    """``usual``: the argument whose file's ledger is read otherwise."""
    parser.add_argument(
        "--ledger-from", type=Path, metavar="FILE", help=f"the configuration whose ledger is read (default: {usual})"
    )


def replay(source: Loaded, query: LedgerQuery, add: Callable[[LedgerRow], None], what: str) -> None:
    """Gives each row to ``add``; ``what`` stands beside the bar. Raises ``LedgerUnavailable``."""
    with ledger_of(source) as ledger:
        for row in counted(ledger.rows(query), lambda: ledger.count(query), what):
            add(row)
