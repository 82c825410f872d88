"""How the page writes what the API says: money with all its digits, counts in groups, times in UTC."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

from tornado_gateway.domain.money import decimal_digits

NONE = "\u2013"
"""Where there is nothing to say."""

_FIGURE_SPACE = "\u2007"


def money(amount: Decimal | int | None) -> str:
    """USD: all digits of the decimal, and cents at least: ``1,234.50``, ``0.00186``."""
    if amount is None:
        return NONE
    whole, _, fraction = decimal_digits(Decimal(amount)).partition(".")
    sign, digits = ("\u2212", whole[1:]) if whole.startswith("-") else ("", whole)
    return f"{sign}{int(digits):,}.{fraction.ljust(2, '0')}"


@dataclass(frozen=True, slots=True)
class Amount:
    """``pad`` is as wide as the digits that others of the column have more: points stand under each other."""

    text: str
    exact: str
    pad: str


def money_column(amounts: Iterable[Decimal | int | None]) -> list[Amount]:
    known = list(amounts)
    texts = [money(amount) for amount in known]
    widest = max((_fraction(text) for text in texts), default=0)
    return [
        Amount(
            text=text,
            exact="" if amount is None else decimal_digits(Decimal(amount)),
            pad=_FIGURE_SPACE * (widest - _fraction(text)),
        )
        for amount, text in zip(known, texts, strict=True)
    ]


def _fraction(text: str) -> int:
    return len(text.partition(".")[2])


def count(number: int | None) -> str:
    return NONE if number is None else f"{number:,}"


def percent(part: int, whole: int) -> str:
    """``0.4 %``; never 0 % where there is some, and never 100 % where there is not all."""
    if not whole:
        return NONE
    tenths = Decimal(part * 100) / whole
    if 0 < tenths < Decimal("0.1"):
        return "< 0.1 %"
    if part < whole and tenths > Decimal("99.9"):
        return "> 99.9 %"
    shown = f"{tenths:.1f}".removesuffix(".0")
    return f"{shown} %"


def seconds(duration: Decimal | float | None) -> str:
    """Three digits of it: ``0.18 ms``, ``412 ms``, ``1.24 s``."""
    if duration is None:
        return NONE
    value, unit = (duration * 1000, "ms") if duration < 1 else (duration, "s")
    places = 2 if value < 10 else 1 if value < 100 else 0
    return f"{value:,.{places}f} {unit}"


def moment(text: str | None) -> str:
    """A time of the API's to the second, in UTC."""
    if text is None:
        return NONE
    at = datetime.fromisoformat(text)
    at = at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    return at.strftime("%Y-%m-%d %H:%M:%S")
