"""Forecast: how many tokens a call may take, and what they would cost at one target. By the gateway's rule of thumb."""

from datetime import datetime
from decimal import Decimal

import msgspec

from tornado_gateway.domain.call import ModelCall
from tornado_gateway.domain.counting import estimate_chat
from tornado_gateway.domain.dispatch import DEFAULT_OUTPUT
from tornado_gateway.domain.embeddings import EmbeddingCall
from tornado_gateway.domain.errors import InvalidRequest
from tornado_gateway.domain.estimate import estimate_prompt, estimate_tokens
from tornado_gateway.domain.money import PriceCard
from tornado_gateway.domain.pricing import price, worst
from tornado_gateway.domain.usage import TokenUsage, priced_tier


class Forecast(msgspec.Struct, frozen=True, kw_only=True):
    """Tokens of one call. ``most`` is None where the call sets no limit to its answer."""

    prompt: int
    expected: int
    most: int | None
    service_tier: str | None = None
    """The one that the call asks for, where that may have a price of its own."""

    def cost(self, card: PriceCard, at: datetime) -> Decimal:
        """USD of the answer that is to be expected."""
        usage = TokenUsage(input=self.prompt, output=self.expected, service_tier=self.service_tier)
        return price(usage, card, at).amount

    def worst(self, card: PriceCard) -> Decimal | None:
        """The most USD that so many tokens can cost, discounts left out; None where nothing limits them."""
        if card.free:
            return Decimal(0)
        return None if self.most is None else worst(card, self.prompt, self.most)[0].amount


def forecast(call: ModelCall, most: int | None = None) -> Forecast:
    """``most``: tokens of an answer at most, where the call says nothing of that. Raises ``InvalidRequest``."""
    if isinstance(call, EmbeddingCall):
        return Forecast(prompt=_embedded(call), expected=0, most=0)
    limit = most if call.max_tokens is None else call.max_tokens
    answers = call.answers
    expected = DEFAULT_OUTPUT if limit is None else min(limit, DEFAULT_OUTPUT)
    tier = call.wire.get("service_tier")
    return Forecast(
        prompt=_prompt(call),
        expected=expected * answers,
        most=None if limit is None else limit * answers,
        service_tier=priced_tier(tier) if isinstance(tier, str) else None,
    )


def _prompt(call: ModelCall) -> int:
    try:
        return estimate_chat(call.chat)
    except InvalidRequest:
        # It may go on as it is to a provider that can read it: then its length is all that is known.
        return estimate_prompt(call.wire)


def _embedded(call: EmbeddingCall) -> int:
    return sum(
        estimate_tokens(len(given.encode())) if isinstance(given, str) else len(given) for given in call.request.inputs
    )
