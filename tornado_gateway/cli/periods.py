"""From when to when: ``30d``, ``2026-01-31``, ``2026-01-31T12:00Z``, as every command takes them."""

import argparse
import re
from datetime import UTC, datetime, timedelta

from tornado_gateway.config.decode_prices import moment as moment_of

_AGO = re.compile(r"(\d{1,6})([hdw])")
_UNITS = {"h": "hours", "d": "days", "w": "weeks"}
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?)?")


def add_period(parser: argparse.ArgumentParser, *, since: str | None = None) -> None:
    """``--since`` and ``--until``, which come out as moments in UTC; ``since`` is the default, None for the beginning
    of all."""
    usual = f"default: {since}" if since else "default: all there is"
    parser.add_argument(
        "--since", type=_since, default=since, metavar="WHEN", help=f"30d, 12h, 2w, a day or a moment ({usual})"
    )
    parser.add_argument("--until", type=_until, metavar="WHEN", help="the same; a day counts to its end")


def moment(text: str, now: datetime, *, end: bool = False) -> datetime:
    """So long ago, or a day or a moment in UTC where it names no zone. ``end``: a day counts to its last second.

    Raises ``ValueError`` that says what was expected.
    """
    ago = _AGO.fullmatch(text)
    try:
        if ago is not None:
            return now - timedelta(**{_UNITS[ago[2]]: int(ago[1])})
        if _MOMENT.fullmatch(text):
            found = moment_of(text, end=end)
            assert found is not None, "a text was given"
            return found
    except (ValueError, OverflowError) as error:
        raise ValueError(f"{text!r} is no time of the calendar") from error
    raise ValueError(f"{text!r} is no time: say 30d, 12h or 2w ago, 2026-01-31 or 2026-01-31T12:00Z")


def _since(text: str) -> datetime:
    return _argument(text, end=False)


def _until(text: str) -> datetime:
    return _argument(text, end=True)


def _argument(text: str, *, end: bool) -> datetime:
    try:
        return moment(text, datetime.now(UTC), end=end)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error
