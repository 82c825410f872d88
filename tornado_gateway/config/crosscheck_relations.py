"""Crosschecks of one card's prices against each other: a price that was copied in another unit stands out beside those
that were not, also where it would look usual by itself."""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from tornado_gateway.config.problems import Problem
from tornado_gateway.config.source import Path, Source
from tornado_gateway.domain.money import PARENT, decimal_digits
from tornado_gateway.domain.usage import BUCKETS

_LEAST = Decimal("0.002")
_MOST = Decimal(200)
"""How many times the ordinary price the price of a special kind of token is, at least and at most: sound costs up to
70 times as much as text, and what is read from a cache down to a fiftieth."""
_MOST_CACHED = Decimal(2)


def check_relations(source: Source, path: Path, card: Mapping[str, Any]) -> Iterator[Problem]:
    """The special kinds against the ordinary ones, and each tier's prices against the card's."""
    for name in BUCKETS:
        parent = _priced(card, PARENT.get(name))
        if parent is not None:
            yield from _compare(source, (*path, name), name, _figure(card, name), parent, _figure(card, parent))
    tiers = card.get("tiers")
    for index, tier in enumerate(tiers if isinstance(tiers, list) else ()):
        for name in BUCKETS if isinstance(tier, dict) else ():
            own = _priced(card, name)
            if own is not None:
                place = (*path, "tiers", index, name)
                yield from _compare(source, place, name, _figure(tier, name), own, _figure(card, own))


def _compare(
    source: Source, path: Path, name: str, figure: Decimal | None, other: str, ordinary: Decimal | None
) -> Iterator[Problem]:
    if not figure or not ordinary:
        return
    most = _MOST_CACHED if (name, other) == ("cached_input", "input") else _MOST
    if figure > ordinary * most:
        meant, what = figure / 1000, "for a million tokens"
    elif figure < ordinary * _LEAST:
        meant, what = figure * 1000, "for one token"
    else:
        return
    written, beside = decimal_digits(figure), decimal_digits(ordinary)
    yield source.problem(
        path,
        f"{written} looks like a price {what} beside {other}, {beside}: "
        f"say {decimal_digits(meant)}, or confirm_unusual: true if it is meant",
    )


def _priced(card: Mapping[str, Any], name: str | None) -> str | None:
    """``name``, or whose price it has where the card gives it none of its own."""
    while name is not None and _figure(card, name) is None:
        name = PARENT.get(name)
    return name


def _figure(card: Mapping[str, Any], name: str) -> Decimal | None:
    value = card.get(name)
    return Decimal(value) if isinstance(value, Decimal | int) and not isinstance(value, bool) else None
