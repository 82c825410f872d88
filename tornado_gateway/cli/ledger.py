"""What the commands that read in the ledger have in common: which one it is, and from when to when."""

import argparse
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from tornado_gateway.bootstrap import open_ledger
from tornado_gateway.config.build import Loaded
from tornado_gateway.domain.ledger import Ledger, LedgerUnavailable
from tornado_gateway.domain.ledger_url import SqlitePlace, parse_ledger_url

TIMES = "2026-01-31, 2026-01-31T12:30 (UTC, or with an offset), or an age: 90m, 36h, 7d, 4w"
_AGE = re.compile(r"(\d{1,6})([mhdw])\Z")
_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


@contextmanager
def ledger_of(loaded: Loaded) -> Iterator[Ledger]:
    """The ledger that ``loaded`` names. Raises ``LedgerUnavailable``, also for a file that no gateway has made yet."""
    place = parse_ledger_url(loaded.settings.ledger.url)
    if isinstance(place, SqlitePlace) and not place.path.exists():
        raise LedgerUnavailable(f"{place.path.absolute()} does not exist: no gateway has written to it yet")
    ledger = open_ledger(loaded)
    try:
        yield ledger
    finally:
        ledger.close()


def moment(text: str) -> datetime:
    """The type of an argument such as ``--since``; a day alone is its first moment, in UTC."""
    age = _AGE.match(text)
    try:
        if age is not None:
            return datetime.now(UTC) - timedelta(**{_UNITS[age[2]]: int(age[1])})
        at = datetime.fromisoformat(text)
        return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise argparse.ArgumentTypeError(f"{text!r} is no time: write {TIMES}") from error
