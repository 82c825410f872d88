"""A model of the public price list as a row of gateway.yaml would say it, and what no row can say. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from tornado_gateway.domain.money import PARENT
from tornado_gateway.domain.usage import BUCKETS
from tornado_gateway.pricelist.hours import Span, clock, spans
from tornado_gateway.pricelist.rates import Rates, factor, rates_of, words

if TYPE_CHECKING:
    from genai_prices.types import ModelInfo

SERVICE_TIERS: Final = {"flex": "batch", "priority": "priority"}
"""The list's words for how a call was served, and a row's for their factors."""

_ORDER: Final = tuple(dict.fromkeys(("input", "output", *BUCKETS, "request")))
"""In which people write prices."""


class Unsayable(Exception):
    """No row can price the model: the message says why."""


@dataclass(frozen=True, slots=True)
class Terms:
    """``cards`` are members of a row as the file writes them: how things are, and one more for each announced change.

    ``unsaid`` are the list's further prices that a row has no word for; ``vague`` are the row's keys of which the list
    says more than the key can.
    """

    cards: tuple[Mapping[str, Any], ...]
    unsaid: tuple[str, ...] = ()
    vague: frozenset[str] = frozenset()


def terms(model: "ModelInfo", on: date) -> Terms:
    """What ``model`` costs from ``on``, in USD per 1,000 tokens. Raises ``Unsayable``."""
    unsaid: dict[str, None] = {}
    vague: set[str] = set()
    found: list[tuple[date, dict[str, Any]]] = []
    for begin in (on, *_changes(model, on)):
        card = _card(model, spans(model, begin), unsaid, vague)
        if not found or found[-1][1] != card:
            found.append((begin, card))
    for variant in model.price_variants or ():
        tier = variant.when.get("service_tier")
        # "fast" is OpenAI's newer word for priority, and is answered with the older one.
        if len(variant.when) != 1 or tier not in (*SERVICE_TIERS, "default", "fast"):
            unsaid[_called(variant.when)] = None
    return Terms(tuple(_dated(found)), tuple(unsaid), frozenset(vague))


def _called(context: Mapping[str, str]) -> str:
    return "batch jobs" if context == {"processing": "batch"} else ", ".join(f"{k} {v}" for k, v in context.items())


def _dated(found: Sequence[tuple[date, dict[str, Any]]]) -> Iterator[Mapping[str, Any]]:
    for place, (begin, card) in enumerate(found):
        dates = {} if place == 0 else {"valid_from": begin.isoformat()}
        if place + 1 < len(found):
            dates["valid_until"] = (found[place + 1][0] - timedelta(days=1)).isoformat()
        yield {**card, **dates}


def _changes(model: "ModelInfo", on: date) -> list[date]:
    """The days after ``on`` on which some price of the model begins."""
    conditional = model.prices if isinstance(model.prices, list) else []
    days = {getattr(each.constraint, "start_date", on) for each in (*conditional, *(model.price_variants or ()))}
    return sorted(day for day in days if day > on)


def _card(model: "ModelInfo", day: Sequence[Span], unsaid: dict[str, None], vague: set[str]) -> dict[str, Any]:
    prices = [(span, rates_of(model.get_prices(span.at))) for span in day]
    unsaid.update(dict.fromkeys(word for _, rates in prices for word in rates.unsaid))
    usual = max((rates for _, rates in prices), key=_dearness)
    card = dict(_members(usual))
    for tier, name in SERVICE_TIERS.items():
        factors = {factor(rates_of(model.get_prices(span.at, {"service_tier": tier})), rates) for span, rates in prices}
        times = factors.pop() if len(factors) == 1 else None
        if times is None:
            unsaid[f"service tier {tier}"] = None
            vague.add(name)
        elif times != 1:
            card[name] = times
    factors = {factor(rates, usual) for _, rates in prices if rates.steps != usual.steps}
    times = factors.pop() if len(factors) == 1 else None
    if times is not None:
        cheaper = [span for span, rates in prices if rates.steps != usual.steps]
        hours = ", ".join(f"{clock(span.begin)}-{clock(span.end)}" for span in cheaper)
        card["off_peak"] = {"factor": times, "hours": hours}
    elif any(rates.steps != usual.steps for _, rates in prices):
        unsaid["hours of the day (here as at the dearest)"] = None
        vague.add("off_peak")
    return card


def _dearness(rates: Rates) -> list[Decimal]:
    return [rates.steps[name][0][1] for name in ("input", "output") if name in rates.steps]


def _members(rates: Rates) -> Iterator[tuple[str, Any]]:
    """A card's prices. Raises ``Unsayable``."""
    if "input" not in rates.steps:
        why = (
            f"priced by {words(rates.unsaid)}, which a row can't say"
            if rates.unsaid
            else "the list has no price for it"
        )
        raise Unsayable(why)
    if not any(price for steps in rates.steps.values() for _, price in steps):
        yield "free", True
        return
    base = {name: steps[0][1] for name, steps in rates.steps.items()}
    base.setdefault("output", Decimal(0))
    yield from ((name, base[name]) for name in _ORDER if name in base)
    bounds = sorted({above for steps in rates.steps.values() for above, _ in steps if above})
    if bounds:
        yield "tiers", [{"above": above, **dict(_tier(rates, base, above))} for above in bounds]


def _tier(rates: Rates, base: Mapping[str, Decimal], above: int) -> Iterator[tuple[str, Decimal]]:
    """What a tier must name: every other price, and whatever would seem forgotten beside its parent's."""
    inside = {name: [price for bound, price in steps if bound <= above][-1] for name, steps in rates.steps.items()}
    other = {name for name in inside if inside[name] != base[name]}
    for name in _ORDER:
        if name in inside and (name in other or PARENT.get(name) in other):
            yield name, inside[name]
