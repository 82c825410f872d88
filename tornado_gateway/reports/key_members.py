"""What a key is made with, read from words: each reader raises ``Misread``, which says what was expected."""

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation

from tornado_gateway.config.decode_prices import moment
from tornado_gateway.domain.keys import ID_FORM
from tornado_gateway.domain.quotas import PERIODS, Budget

_TAG = re.compile(r"([A-Za-z0-9_.-]{1,64})=(.+)")
_MODEL = re.compile(r"[^*\s]*\*?")
_SPAN = re.compile(r"(\d{1,6})([mhdw])")
_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d)?(Z|[+-]\d\d:\d\d)?)?")
_MOST_USD = 5_000_000
_MOST = 10**9
_MOST_DIGITS = 19
"""Python refuses to make an int of thousands of digits."""


class Misread(ValueError):
    """A text that is not what it should be."""


def is_whole(digits: str, least: int, most: int) -> bool:
    """Whether they are a whole number from ``least`` to ``most``, and nothing else."""
    return digits.isascii() and digits.isdigit() and least <= int(digits[:_MOST_DIGITS]) <= most


def count(said: str) -> int:
    if not is_whole(said, 1, _MOST):
        raise Misread(f"{said[:64]!r} is no number from 1 to {_MOST}")
    return int(said)


def key_id(said: str) -> str:
    return _matching(re.compile(ID_FORM), said, "letters, digits and _ . @ : -")


def text(said: str) -> str:
    if not said or not said.isprintable() or len(said) > 256:
        raise Misread("expected 1 to 256 characters in one line")
    return said


def tag(said: str) -> tuple[str, str]:
    found = _TAG.fullmatch(said)
    if found is None:
        raise Misread(f"{said!r} is no tag: write team=a")
    return found[1], text(found[2])


def model(said: str) -> str:
    if not said:
        raise Misread("the name is empty")
    return _matching(_MODEL, said, "a name, or a pattern with one * at its end")


def budget(said: str) -> Budget:
    amount, _, period = said.partition("/")
    try:
        usd = Decimal(amount)
    except InvalidOperation:
        usd = Decimal("NaN")
    if not usd.is_finite() or not 0 < usd <= _MOST_USD or period not in PERIODS:
        raise Misread(f"{said!r} is no budget: write 25/month, the period one of {', '.join(PERIODS)}")
    return Budget(usd, period)


def expiry(said: str) -> datetime:
    """A day is its beginning, in UTC, as in gateway.yaml."""
    now = datetime.now(UTC)
    try:
        found = now + span(said) if _SPAN.fullmatch(said) else moment(said) if _MOMENT.fullmatch(said) else None
    except ValueError:
        found = None
    if found is None:
        raise Misread(f"{said!r} is no time: write 2027-01-31, 2027-01-31T12:00Z, 90d or 12h")
    if found <= now:
        raise Misread(f"{said} has passed")
    return found


def span(said: str) -> timedelta:
    """So long: ``24h``, ``30m``, ``0``."""
    found = _SPAN.fullmatch("0m" if said == "0" else said)
    if found is None:
        raise Misread(f"{said!r} is no span of time: write 24h, 30m, 7d or 0")
    return min(timedelta(**{_UNITS[found[2]]: int(found[1])}), timedelta(days=36_500))


def _matching(form: "re.Pattern[str]", said: str, expected: str) -> str:
    if form.fullmatch(said) is None:
        raise Misread(f"{said!r}: expected {expected}")
    return said
