"""The most that a call can cost under a card, worked out beforehand: what a budget holds while the call is under way.

``pricing.worst`` tells the same exactly and bucket by bucket; here it is two multiplications of whole numbers, each
rate rounded up to a femto-dollar and the sum to a nano-dollar.
"""

from decimal import ROUND_CEILING, Decimal

import msgspec

from tornado_gateway.domain.money import EXACT, PriceCard, Tier
from tornado_gateway.domain.pricing import tier_rate
from tornado_gateway.domain.usage import COMPLETION_BUCKETS, PROMPT_BUCKETS

_PER_TOKEN = 12
"""Digits from USD per 1,000 tokens to femto-dollars a token."""
_EACH = 15
"""Digits from USD to femto-dollars."""
_NANO = 10**6
"""Femto-dollars."""

_ONE = Decimal(1)


class _Reach(msgspec.Struct, frozen=True, gc=False):
    """Prompts of more than ``above`` tokens: ``base`` for so many, then ``prompt`` for each one more."""

    above: int
    base: int
    prompt: int
    completion: int


class Ceiling(msgspec.Struct, frozen=True):
    """``reaches`` are in order, the longest prompts first; the last one is for all that are shorter."""

    reaches: tuple[_Reach, ...]
    each: int

    def nano(self, prompt: int, completion: int) -> int:
        """Nano-dollars that so many tokens or fewer cost at most, in whatever buckets they are; discounts left out.

        Where a tier is cheaper than the one before, the dearest prompt is a shorter one.
        """
        cost, end = 0, prompt
        for reach in self.reaches:
            if end < reach.above:
                continue
            cost = max(cost, reach.base + (end - reach.above) * reach.prompt + completion * reach.completion)
            end = reach.above
        return -(-(cost + self.each) // _NANO)


def ceiling_of(card: PriceCard | None) -> Ceiling | None:
    """None where a call costs nothing: the card says so, or there is none."""
    if card is None or card.free:
        return None
    dearer = max(_ONE, card.batch or _ONE, card.priority or _ONE) * max(
        _ONE, card.off_peak.factor if card.off_peak else _ONE
    )

    def femto(rate: Decimal | None, digits: int) -> int:
        cost = EXACT.multiply(rate or Decimal(0), dearer)
        return int(EXACT.scaleb(cost, digits).to_integral_value(ROUND_CEILING))

    def most(tier: Tier | None, buckets: tuple[str, ...]) -> int:
        rates = [card.rate(bucket) if tier is None else tier_rate(card, tier, bucket) for bucket in buckets]
        return femto(max(rates), _PER_TOKEN)

    completion = most(None, COMPLETION_BUCKETS)
    reaches = [_Reach(0, 0, most(None, PROMPT_BUCKETS), completion)]
    for tier in card.tiers:
        before, prompt = reaches[-1], most(tier, PROMPT_BUCKETS)
        if card.marginal:
            base = before.base + (tier.above - before.above) * before.prompt
            reaches.append(_Reach(tier.above, base, prompt, completion))
        else:
            reaches.append(_Reach(tier.above, tier.above * prompt, prompt, most(tier, COMPLETION_BUCKETS)))
    return Ceiling(tuple(reversed(reaches)), femto(card.request, _EACH) + femto(card.image, _EACH))
