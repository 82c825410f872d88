"""A card of the file beside one of the public list: what differs, and by how much. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

from tornado_gateway.domain.money import PriceCard, decimal_digits
from tornado_gateway.domain.pricing import tier_rate
from tornado_gateway.domain.usage import BUCKETS

_NOTHING = Decimal(0)
_ONE = Decimal(1)


@dataclass(frozen=True, slots=True)
class Difference:
    """``what`` is a price by its name in the file. ``ours`` and ``theirs`` are prices, or words where there are none.

    ``since`` is the day from which they differ, None for today.
    """

    what: str
    ours: Decimal | str
    theirs: Decimal | str
    since: date | None = None

    @property
    def percent(self) -> Fraction | None:
        """By how much ours is more than theirs (less: negative); None where no number says it."""
        if isinstance(self.ours, str) or isinstance(self.theirs, str) or not self.theirs:
            return None
        return (Fraction(self.ours) / Fraction(self.theirs) - 1) * 100

    def beyond(self, tolerance: Decimal) -> bool:
        """Whether it is more than so many percent, either way."""
        percent = self.percent
        return percent is None or abs(percent) > Fraction(tolerance)


def differences(ours: PriceCard, theirs: PriceCard, *, vague: frozenset[str], at: datetime) -> Iterator[Difference]:
    """Each price in which the cards differ. Of a ``vague`` key the list says more than a card can: it is passed over.

    A card's price for an image is the operator's own: the list has none.
    """
    told: dict[str, tuple[Decimal, Decimal]] = {}
    bounds = sorted({0, *(tier.above for tier in (*ours.tiers, *theirs.tiers))})
    for above in bounds:
        for name in BUCKETS:
            if name not in ("input", "output") and not (_names(ours, name) or _names(theirs, name)):
                continue
            pair = (_rate(ours, name, above), _rate(theirs, name, above))
            if pair[0] != pair[1] and told.get(name) != pair:
                yield Difference(f"{name} above {above}" if above else name, *pair)
            told[name] = pair
    if ours.marginal and theirs.tiers:
        yield Difference("tier_mode", "marginal", "whole_request")
    if (ours.request or _NOTHING) != (theirs.request or _NOTHING):
        yield Difference("request", ours.request or _NOTHING, theirs.request or _NOTHING)
    for name in ("batch", "priority"):
        own, other = getattr(ours, name), getattr(theirs, name)
        # Where the list knows no such way to be served, the factor is the operator's own.
        if name not in vague and other is not None and (own or _ONE) != other:
            yield Difference(name, own or _ONE, other)
    if "off_peak" not in vague and not _same_hours(ours, theirs, at):
        yield Difference("off_peak", _hours(ours), _hours(theirs))


def _names(card: PriceCard, bucket: str) -> bool:
    return getattr(card, bucket) is not None or any(bucket in tier.rates for tier in card.tiers)


def _rate(card: PriceCard, bucket: str, above: int) -> Decimal:
    """The rate of a prompt that is a little longer than ``above``."""
    reached = [tier for tier in card.tiers if tier.above <= above]
    return tier_rate(card, reached[-1], bucket) if reached else card.rate(bucket)


def _same_hours(ours: PriceCard, theirs: PriceCard, at: datetime) -> bool:
    if ours.off_peak is None or theirs.off_peak is None:
        return ours.off_peak is theirs.off_peak
    if ours.off_peak.factor != theirs.off_peak.factor:
        return False
    day = [at + timedelta(minutes=minute) for minute in range(24 * 60)]
    return all(ours.off_peak.covers(moment) == theirs.off_peak.covers(moment) for moment in day)


def _hours(card: PriceCard) -> str:
    peak = card.off_peak
    return "none" if peak is None else f"{decimal_digits(peak.factor)} at {peak.hours} {peak.time_zone}"
