"""From when to when, for commands that look at the ledger's past; each moment as ``cli.ledger`` reads it."""

import argparse
from datetime import datetime

from tornado_gateway.cli.ledger import TIMES, moment
from tornado_gateway.config.build import Loaded
from tornado_gateway.domain.ledger import LedgerQuery
from tornado_gateway.domain.ledger_url import parse_ledger_url

DAYS = "30d"


def add_period(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--since", type=moment, default=DAYS, metavar="TIME", help=f"{TIMES} (default: {DAYS})")
    parser.add_argument("--until", type=moment, metavar="TIME", help="the first moment that is no longer meant")


def heading(query: LedgerQuery, source: Loaded) -> str:
    """``calls since 2026-01-01 00:00 UTC, in sqlite:///usage.db``; no password in it."""
    since = "" if query.since is None else f" since {_minute(query.since)}"
    until = "" if query.until is None else f" until {_minute(query.until)}"
    return f"calls{since}{until}, in {parse_ledger_url(source.settings.ledger.url)}"


def _minute(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"
