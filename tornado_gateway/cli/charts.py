"""Small charts of characters: a bar of a share, and columns over days."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal

from tornado_gateway.cli.amounts import short

_EIGHTHS_ACROSS = " ▏▎▍▌▋▊▉█"
_EIGHTHS_UP = " ▁▂▃▄▅▆▇█"
_HEIGHT = 4
"""Lines of the columns."""


def bar(value: Decimal, most: Decimal, width: int, *, ascii_only: bool = False) -> str:
    """``value``'s length where ``most`` is ``width`` characters; whatever is more than nothing shows."""
    if value <= 0 or most <= 0:
        return ""
    if ascii_only:
        return "#" * max(1, int(value * width / most))
    eighths = max(1, int(value * width * 8 / most))
    return _EIGHTHS_ACROSS[8] * (eighths // 8) + _EIGHTHS_ACROSS[eighths % 8].strip()


def columns(values: Sequence[Decimal], *, ascii_only: bool = False) -> list[str]:
    """Lines from top to bottom, a character for each value."""
    most = max(values, default=Decimal(0))
    if most <= 0:
        return []
    # ASCII has no part of a block: then a step is a whole line.
    steps, blocks = (1, " #") if ascii_only else (8, _EIGHTHS_UP)
    heights = [max(1, int(value * _HEIGHT * steps / most)) if value > 0 else 0 for value in values]
    return [
        "".join(blocks[max(0, min(steps, height - line * steps))] for height in heights)
        for line in reversed(range(_HEIGHT))
    ]


def days(first: date, last: date) -> list[date]:
    """Each day from one to the other: those on which nothing happened, too."""
    return [first + timedelta(days=number) for number in range((last - first).days + 1)]


def merged(values: Sequence[Decimal], width: int) -> tuple[list[Decimal], int]:
    """``values`` summed by as many at a time as it takes to be no more than ``width``, and how many that is."""
    at_once = max(1, -(-len(values) // width))
    return [sum(values[begin : begin + at_once], Decimal(0)) for begin in range(0, len(values), at_once)], at_once


def over_days(
    spent: Mapping[date, Decimal], first: date, last: date, *, width: int, ascii_only: bool = False
) -> Iterator[str]:
    """USD by day as columns, with a line above and one below; nothing where that would be one column, or empty."""
    calendar = days(first, last)
    values, at_once = merged([spent.get(day, Decimal(0)) for day in calendar], width)
    drawn = columns(values, ascii_only=ascii_only)
    if len(values) < 2 or not drawn:
        return
    place = values.index(max(values)) * at_once
    what = "each day" if at_once == 1 else f"{at_once} days at a time"
    yield f"USD for {what}, the most {short(max(values))} from {calendar[place]}"
    yield from (line.rstrip() for line in drawn)
    begin, end = str(first), str(last)
    room = len(values) - len(begin) - len(end)
    yield begin + " " * room + end if room > 0 else f"{begin} to {end}"
