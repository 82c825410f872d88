"""Crosschecks of price cards, each by itself and those of one row against each other."""

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

from tornado_gateway.config.crosscheck_relations import check_relations
from tornado_gateway.config.decode_prices import moment
from tornado_gateway.config.problems import Problem
from tornado_gateway.config.source import Path, Source
from tornado_gateway.domain.money import PARENT, decimal_digits
from tornado_gateway.domain.usage import BUCKETS, COMPLETION_BUCKETS

_MAX_DIGITS = 24
"""Digits of a price on either side of its point: what exact arithmetic has room for, with any count of tokens."""

_NOTICE = timedelta(days=30)
"""How long before a price ends its end is a warning."""

_PRICES = (*BUCKETS, "image", "request")
_FACTORS = ("batch", "priority")
_NOTES = ("free", "source", "review_by", "valid_from", "valid_until", "confirm_unusual")

_LEAST: Mapping[str, Decimal] = {"input": Decimal("0.00001"), "output": Decimal("0.00007")}
_MOST = Decimal(1)
"""What providers ask for 1,000 tokens lies between, but for a few: less is mostly a price for one token, more one for a
million. A price of zero says what it means."""

_ALMOST_MOST: Mapping[str, Decimal] = {"input": Decimal("0.1"), "output": Decimal("0.28")}
"""Only one model of the public list costs more. What small ones cost for a million tokens lies between this and 1."""


def check_row(source: Source, path: Path, row: Any) -> Iterator[Problem]:
    """One row of ``pricing.models``: a card or a list of them."""
    cards = row if isinstance(row, list) else [row]
    places: list[Path] = [(*path, index) for index in range(len(row))] if isinstance(row, list) else [path]
    for place, card in zip(places, cards, strict=True):
        if isinstance(card, dict):
            yield from _card(source, place, card)
    yield from _times(source, list(zip(places, cards, strict=True)))


def _card(source: Source, path: Path, card: dict[str, Any]) -> Iterator[Problem]:
    said = [name for name in card if name not in _NOTES]
    if card.get("free") is True and said:
        yield source.problem(path, "free and priced at once: say one of the two", key=True)
    # A key that nobody knows is probably the one that is missing: the schema has said so.
    known = {*_PRICES, *_FACTORS, *_NOTES, "tiers", "tier_mode", "off_peak"}
    if card.get("free", False) is False and card.keys() <= known:
        for bucket in ("input", "output"):
            if bucket not in card:
                yield source.problem(path, f"the price of {bucket!r} is missing (or say free: true)", key=True)
    yield from _figures(source, path, card, usual=card.get("confirm_unusual") is not True)
    if card.get("confirm_unusual") is not True:
        yield from check_relations(source, path, card)
    yield from _tiers(source, path, card)
    yield from _off_peak(source, path, card.get("off_peak"))
    yield from _review(source, path, card.get("review_by"))


def _figures(source: Source, path: Path, card: dict[str, Any], *, usual: bool) -> Iterator[Problem]:
    for name in (*_PRICES, *_FACTORS):
        figure = card.get(name)
        if isinstance(figure, bool) or not isinstance(figure, Decimal | int):
            continue
        place = (*path, name)
        if _too_long(Decimal(figure)):
            yield source.problem(place, f"a price has at most {_MAX_DIGITS} digits behind its point")
        elif usual and (why := unusual(name, figure)) is not None:
            yield source.problem(place, why)
        elif usual and (why := dear(name, figure)) is not None:
            yield source.warning(place, why)


def unusual(name: str, figure: Decimal | int) -> str | None:
    """Why the price ``name`` looks as if it were not for 1,000 tokens; None where it does not."""
    if name in BUCKETS and 0 < figure < _LEAST.get(name, 0):
        return _meant(figure, "for one token", 1000)
    if name in BUCKETS and figure > _MOST:
        return _meant(figure, "for a million tokens", Decimal("0.001"))
    return None


def dear(name: str, figure: Decimal | int) -> str | None:
    """Why the price ``name`` is odd, if it is not refused; None where others ask as much."""
    direction = "output" if name in COMPLETION_BUCKETS else "input"
    if name not in BUCKETS or figure <= _ALMOST_MOST[direction]:
        return None
    return _meant(figure, "for a million tokens", Decimal("0.001"))


def _meant(figure: Decimal | int, what: str, factor: Decimal | int) -> str:
    written, meant = decimal_digits(Decimal(figure)), decimal_digits(Decimal(figure) * factor)
    return (
        f"{written} USD per 1,000 tokens looks like a price {what}: "
        f"say {meant}, or confirm_unusual: true if it is meant"
    )


def _too_long(figure: Decimal) -> bool:
    _, digits, exponent = figure.as_tuple()
    return not isinstance(exponent, int) or abs(exponent) > _MAX_DIGITS or len(digits) > 2 * _MAX_DIGITS


def _tiers(source: Source, path: Path, card: dict[str, Any]) -> Iterator[Problem]:
    tiers = card.get("tiers")
    if not isinstance(tiers, list):
        if "tier_mode" in card:
            yield source.problem((*path, "tier_mode"), "there are no tiers for it", key=True)
        return
    seen: dict[int, int] = {}
    for index, tier in enumerate(tiers):
        place: Path = (*path, "tiers", index)
        if not isinstance(tier, dict):
            continue
        yield from _figures(source, place, tier, usual=card.get("confirm_unusual") is not True)
        above = tier.get("above")
        if isinstance(above, int):
            if above in seen:
                yield source.problem((*place, "above"), f"tiers[{seen[above]}] begins there already")
            seen.setdefault(above, index)
        rates = [name for name in tier if name in BUCKETS]
        if not rates:
            yield source.problem(place, "a tier needs a price of its own", key=True)
        if card.get("tier_mode") == "marginal":
            for name in rates:
                if name in COMPLETION_BUCKETS:
                    why = "a marginal tier is about the prompt's tokens: it can't price the answer's"
                    yield source.problem((*place, name), why, key=True)
        for name in BUCKETS:
            # Left alone it is cheaper than its parent by more than it says, and nobody may notice.
            if name in card and name not in tier and PARENT.get(name) in tier:
                what = f"{name} is not named here and stays as the card says, {card[name]}"
                yield source.warning(place, what, key=True)


def _off_peak(source: Source, path: Path, entry: Any) -> Iterator[Problem]:
    if not isinstance(entry, dict):
        return
    factor = entry.get("factor")
    if isinstance(factor, Decimal) and _too_long(factor):
        yield source.problem((*path, "off_peak", "factor"), f"at most {_MAX_DIGITS} digits behind its point")
    hours = entry.get("hours")
    if isinstance(hours, str) and any(span.partition("-")[0] == span.partition("-")[2] for span in hours.split(", ")):
        yield source.problem((*path, "off_peak", "hours"), "they end when they begin")
    zone = entry.get("time_zone")
    if isinstance(zone, str):
        try:
            ZoneInfo(zone)
        except (OSError, ValueError):  # ZoneInfoNotFoundError is a KeyError
            yield source.problem((*path, "off_peak", "time_zone"), f"there is no time zone {zone!r}")
        except KeyError:
            yield source.problem((*path, "off_peak", "time_zone"), f"there is no time zone {zone!r}")


def _review(source: Source, path: Path, text: Any) -> Iterator[Problem]:
    if not isinstance(text, str):
        return
    try:
        day = date.fromisoformat(text)
    except ValueError:
        yield source.problem((*path, "review_by"), f"{text!r} is no day of the calendar")
        return
    if day < datetime.now(UTC).date():
        yield source.warning((*path, "review_by"), f"these prices were to be looked at by {day}")


def _times(source: Source, cards: list[tuple[Path, Any]]) -> Iterator[Problem]:
    """Each card's time by itself, and no gap and no overlap between them."""
    spans: list[tuple[datetime, datetime, Path]] = []
    for path, card in cards:
        if not isinstance(card, dict):
            continue
        ends: dict[str, datetime | None] = {}
        for name in ("valid_from", "valid_until"):
            text = card.get(name)
            try:
                ends[name] = moment(text if isinstance(text, str) else None, end=name == "valid_until")
            except ValueError:
                yield source.problem((*path, name), f"{text!r} is no day of the calendar")
                return
        begin = ends["valid_from"] or datetime.min.replace(tzinfo=UTC)
        end = ends["valid_until"] or datetime.max.replace(tzinfo=UTC)
        if begin >= end:
            yield source.problem((*path, "valid_until"), "the card ends before it begins")
            return
        spans.append((begin, end, path))
    spans.sort(key=lambda span: span[:2])
    for (_, end, _), (begin, _, path) in pairwise(spans):
        if begin == end:
            continue
        key = "valid_from" if begin.year > 1 else None
        place = path if key is None else (*path, key)
        what = "overlaps with" if begin < end else "leaves a gap to"
        yield source.problem(place, f"{what} the card before it, which ends at {_said(end)}")
    if spans:
        yield from _ending(source, spans)


def _ending(source: Source, spans: list[tuple[datetime, datetime, Path]]) -> Iterator[Problem]:
    now = datetime.now(UTC)
    _, last, path = spans[-1]
    for _, end, place in spans:
        if now < end <= now + _NOTICE:
            then = "another follows" if end != last else "calls are refused from then on"
            yield source.warning((*place, "valid_until"), f"this price ends at {_said(end)}: {then}")
    if last <= now:
        message = f"this price ended at {_said(last)}: calls are refused (model_not_priced)"
        yield source.warning((*path, "valid_until"), message)
    elif spans[0][0] > now:
        message = f"this price begins at {_said(spans[0][0])}: until then calls are refused (model_not_priced)"
        yield source.warning((*spans[0][2], "valid_from"), message)


def _said(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC" if at.year < 9999 else "no time at all"
