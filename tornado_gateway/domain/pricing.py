"""price(usage, card) -> Cost. Pure, exact, and the only place where tokens become money."""

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal

from tornado_gateway.domain.money import EXACT, PARENT, Cost, CostLine, PriceCard, Tier
from tornado_gateway.domain.usage import COMPLETION_BUCKETS, PROMPT_BUCKETS, TokenUsage

_ZERO = Decimal(0)
_ONE = Decimal(1)

_CACHE_FIRST = ("cached_input", "cache_write", "cache_write_1h", "input", "audio_input")
"""A prompt's tokens in their order, as marginal tiers count them: what a cache knows is the prompt's beginning."""

_Dearest = tuple[tuple[CostLine, ...], tuple[str, str]]
"""Lines, and the buckets of the prompt and the answer that they are mostly of."""


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
    amount = EXACT.scaleb(_thousandths(lines), -3)
    if card.image is not None or card.request is not None:
        each = tuple(_each(usage, card))
        for line in each:
            amount = EXACT.fma(Decimal(line.count), line.rate, amount)
        lines += each
    factors = card.factors(usage.service_tier, at)
    for factor in factors.values():
        amount = EXACT.multiply(amount, factor)
    return Cost(amount=amount, lines=lines, estimated=usage.estimated, factors=factors, card=card)


def _thousandths(lines: tuple[CostLine, ...]) -> Decimal:
    """The sum of lines that are priced per 1,000."""
    amount = _ZERO
    for line in lines:
        amount = EXACT.fma(Decimal(line.count), line.rate, amount)
    return amount


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


def worst(card: PriceCard, prompt: int, completion: int, images: int = 0) -> tuple[Cost, tuple[str, str]]:
    """The most that a usage within these counts can cost, and the buckets that it would mostly be in.

    Discounts are left out, whatever raises a price is not. Where a tier is cheaper than the one before, the dearest
    prompt is a shorter one.
    """
    if card.free:
        return Cost(_ZERO, card=card), ("input", "output")
    reached = [tier for tier in card.tiers if prompt > tier.above]
    ends = [*(tier.above for tier in reached), prompt]
    if card.marginal:
        lines, names = _dearest_marginal(card, reached, ends, completion)
    else:
        lines, names = max(
            (_dearest(card, tier, end, completion) for tier, end in zip((None, *reached), ends, strict=True)),
            key=lambda found: _thousandths(found[0]),
        )
    amount = EXACT.scaleb(_thousandths(lines), -3)
    usage = TokenUsage(prompt, completion, images=images)
    for line in _each(usage, card):
        amount = EXACT.fma(Decimal(line.count), line.rate, amount)
        lines = (*lines, line)
    dearer = max(_ONE, card.batch or _ONE, card.priority or _ONE)
    if card.off_peak is not None:
        dearer = EXACT.multiply(dearer, max(_ONE, card.off_peak.factor))
    return Cost(EXACT.multiply(amount, dearer), lines, card=card), names


def _dearest(card: PriceCard, tier: Tier | None, prompt: int, completion: int) -> _Dearest:
    """Within one tier all prompt tokens of the dearest kind are the dearest prompt, and so with the answer's."""
    asked = _dearest_line(card, tier, PROMPT_BUCKETS, prompt)
    answered = _dearest_line(card, tier, COMPLETION_BUCKETS, completion)
    return (asked, answered), (asked.bucket, answered.bucket)


def _dearest_marginal(card: PriceCard, reached: list[Tier], ends: list[int], completion: int) -> _Dearest:
    """The dearest kind of token between any two bounds: no order of kinds makes more of them."""
    asked: list[CostLine] = []
    begin = 0
    for tier, end in zip((None, *reached), ends, strict=True):
        asked.append(_dearest_line(card, tier, PROMPT_BUCKETS, end - begin))
        begin = end
    answered = _dearest_line(card, None, COMPLETION_BUCKETS, completion)
    return (*asked, answered), (asked[-1].bucket, answered.bucket)


def _dearest_line(card: PriceCard, tier: Tier | None, buckets: tuple[str, ...], tokens: int) -> CostLine:
    return max([_line(card, bucket, tokens, tier) for bucket in buckets], key=lambda line: line.rate)
