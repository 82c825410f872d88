"""price(usage, card) -> Cost. Pure, exact, and the only place where tokens become money."""

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any

from tornado_gateway.domain.money import EXACT, PARENT, Cost, CostLine, PriceCard, Tier
from tornado_gateway.domain.usage import COMPLETION_BUCKETS, PROMPT_BUCKETS, TokenUsage

_ZERO = Decimal(0)
_ONE = Decimal(1)

_CACHE_FIRST = ("cached_input", "cache_write", "cache_write_1h", "input", "audio_input")
"""A prompt's tokens in their order, as marginal tiers count them: what a cache knows is the prompt's beginning."""


def price(usage: TokenUsage, card: PriceCard, at: datetime | None = None) -> Cost:
    """The exact cost of ``usage`` under ``card``; rates are per 1,000 tokens. ``at``: the end of the call, for off-peak
    hours.

    Raises ``decimal.Inexact`` rather than ever rounding (the schema's bounds keep that from happening).
    """
    if card.free:
        return Cost(amount=_ZERO, estimated=usage.estimated, card=card)
    if card.tiers:
        lines = tuple(_tiered(usage, card))
    else:
        lines = tuple([CostLine(bucket, tokens, card.rate(bucket)) for bucket, tokens in usage.buckets()])
    amount = _ZERO
    for line in lines:
        amount = EXACT.fma(Decimal(line.count), line.rate, amount)
    amount = EXACT.scaleb(amount, -3)
    if card.image is not None or card.request is not None:
        each = tuple(_each(usage, card))
        for line in each:
            amount = EXACT.fma(Decimal(line.count), line.rate, amount)
        lines += each
    factors = card.factors(usage.service_tier, at)
    for factor in factors.values():
        amount = EXACT.multiply(amount, factor)
    return Cost(amount=amount, lines=lines, estimated=usage.estimated, factors=factors, card=card)


def _each(usage: TokenUsage, card: PriceCard) -> Iterator[CostLine]:
    if card.image is not None and usage.images:
        yield CostLine("image", usage.images, card.image, per=1)
    if card.request is not None and (usage.total_tokens or usage.images):
        yield CostLine("request", 1, card.request, per=1)


def _tiered(usage: TokenUsage, card: PriceCard) -> Iterator[CostLine]:
    reached = [tier for tier in card.tiers if usage.prompt_tokens > tier.above]
    if not card.marginal:
        tier = reached[-1] if reached else None
        for bucket, tokens in usage.buckets():
            yield _line(card, bucket, tokens, tier)
        return
    counts = dict(usage.buckets())
    edges = [tier.above for tier in reached]
    begin = 0
    for bucket in _CACHE_FIRST:
        left = counts.pop(bucket, 0)
        while left:
            index = sum(edge <= begin for edge in edges)
            end = edges[index] if index < len(edges) else begin + left
            tokens = min(left, end - begin)
            yield _line(card, bucket, tokens, reached[index - 1] if index else None)
            begin += tokens
            left -= tokens
    for bucket, tokens in counts.items():
        yield _line(card, bucket, tokens, None)


def _line(card: PriceCard, bucket: str, tokens: int, tier: Tier | None) -> CostLine:
    if tier is None:
        return CostLine(bucket, tokens, card.rate(bucket))
    rate = tier_rate(card, tier, bucket)
    return CostLine(bucket, tokens, rate, above=tier.above)


def tier_rate(card: PriceCard, tier: Tier, bucket: str) -> Decimal:
    """The rate of ``bucket`` in a tier: the tier's own, else the card's own, else its parent's in the tier."""
    own: Decimal | None = tier.rates.get(bucket, getattr(card, bucket))
    return own if own is not None else tier_rate(card, tier, PARENT[bucket])


def worst(card: PriceCard, prompt: int, completion: int) -> tuple[Cost, tuple[str, str]]:
    """The most that so many tokens can cost, and the buckets that they would have to be in; discounts left out."""
    plain = Cost(_ZERO, card=card)
    names = ("input", "output")
    for first in PROMPT_BUCKETS:
        for second in COMPLETION_BUCKETS:
            counts: dict[str, Any] = {first: prompt, second: completion}
            cost = price(TokenUsage(**counts), card)
            if cost.amount > plain.amount or not plain.lines:
                plain, names = cost, (first, second)
    dearer = max([_ONE, card.priority or _ONE]) * max([_ONE, card.off_peak.factor if card.off_peak else _ONE])
    return Cost(EXACT.multiply(plain.amount, dearer), plain.lines, card=card), names
