"""LiteLLM's prices, each for one token, as a price card: for 1,000 tokens, every digit kept. Pure.

Source: docs.litellm.ai, "Custom LLM Pricing", and the keys of its model_prices_and_context_window.json.
"""

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any, Final

from tornado_gateway.cli.litellm.document import Part
from tornado_gateway.domain.money import EXACT

_TOKENS: Final = {
    "input_cost_per_token": "input",
    "output_cost_per_token": "output",
    "cache_read_input_token_cost": "cached_input",
    "cache_creation_input_token_cost": "cache_write",
    "cache_creation_input_token_cost_above_1hr": "cache_write_1h",
    "output_cost_per_reasoning_token": "reasoning",
    "input_cost_per_audio_token": "audio_input",
    "output_cost_per_audio_token": "audio_output",
}
_EACH: Final = {"output_cost_per_image": "image", "input_cost_per_request": "request"}
_ABOVE: Final = re.compile(r"_above_(\d+)k_tokens\Z")

Card = dict[str, Any]


def card_of(*parts: Part) -> Card | None:
    """What the first of ``parts`` says, and what it leaves out the others say; None where none has a price.

    Prices of zero alone are what somebody wrote down: such a model is free.
    """
    given = {name: price for part in reversed(parts) for name, price in _prices(part)}
    if not given:
        return None
    card: Card = {_TOKENS[name]: EXACT.scaleb(given[name], 3) for name in _TOKENS if name in given}
    card |= {_EACH[name]: given[name] for name in _EACH if name in given}
    tiers = list(_tiers(given))
    if not any(card.values()) and not tiers:
        return {"free": True}
    zero = Decimal(0)
    return {"input": zero, "output": zero, **card, **({"tiers": tiers} if tiers else {})}


def _prices(part: Part) -> Iterator[tuple[str, Decimal]]:
    for name in list(part.members()):
        if name in _TOKENS or name in _EACH or _ABOVE.sub("", name) in _TOKENS:
            value = part.take(name)
            price = Decimal(value) if isinstance(value, int | Decimal) and not isinstance(value, bool) else None
            if price is None or not price.is_finite() or price < 0:
                part.note("is no price", name)
            else:
                yield name, price


def _tiers(given: dict[str, Decimal]) -> Iterator[Card]:
    bounds = sorted({int(found[1]) for name in given if (found := _ABOVE.search(name))})
    for bound in bounds:
        end = f"_above_{bound}k_tokens"
        rates = {_TOKENS[name]: EXACT.scaleb(given[name + end], 3) for name in _TOKENS if name + end in given}
        yield {"above": bound * 1000, **rates}
