"""The guard against prices for another count of tokens, held against every price of the public list."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from tornado_gateway.config.crosscheck_cards import dear, unusual
from tornado_gateway.pricelist.catalog import open_catalog
from tornado_gateway.pricelist.terms import Unsayable, terms

TODAY = date(2026, 11, 24)
SHIPPED = ("openai", "anthropic", "google", "mistral", "groq", "deepseek", "x-ai")

Cards = Mapping[str, Mapping[str, Any]]
Guard = Callable[[str, Decimal], str | None]


@pytest.fixture(scope="module")
def cards() -> Cards:
    """Each priced card of the list by ``provider/model``."""
    found: dict[str, Mapping[str, Any]] = {}
    for provider, model in open_catalog():
        with suppress(Unsayable):
            for card in terms(model, TODAY).cards:
                if "free" not in card:
                    found.setdefault(f"{provider.id}/{model.id}", card)
    return found


def prices(card: Mapping[str, Any]) -> Iterator[tuple[str, Decimal]]:
    for part in (card, *card.get("tiers", ())):
        yield from ((name, value) for name, value in part.items() if isinstance(value, Decimal) and value)


def caught(card: Mapping[str, Any], guard: Guard, factor: Decimal | int = 1) -> bool:
    """Whether some price, taken times ``factor``, draws a word."""
    return any(guard(name, value * factor) is not None for name, value in prices(card))


def shipped(cards: Cards) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Chat models of the providers in the shipped file."""
    for name, card in cards.items():
        if name.startswith(tuple(f"{each}/" for each in SHIPPED)) and card["output"]:
            yield name, card


def test_what_providers_ask_is_let_in_but_for_the_smallest_models(cards: Cards) -> None:
    refused = [name for name, card in cards.items() if caught(card, unusual)]
    own = {name for name in refused if name.startswith(tuple(f"{each}/" for each in SHIPPED))}
    assert own == {
        "groq/llama-3.2-1b-preview",
        "groq/llama-3.2-3b-preview",
        "groq/meta-llama/llama-prompt-guard-2-22m",
        "groq/meta-llama/llama-prompt-guard-2-86m",
        "mistral/ministral-3b",
    }
    assert len(refused) < len(cards) * 0.03


def test_what_is_odd_and_let_in_is_one_model(cards: Cards) -> None:
    assert [name for name, card in cards.items() if caught(card, dear)] == ["openai/o1-pro", "openrouter/openai/o1-pro"]


def test_a_price_for_a_million_is_seen_but_for_the_smallest_models(cards: Cards) -> None:
    def seen(name: str, figure: Decimal) -> str | None:
        return unusual(name, figure) or dear(name, figure)

    missed = {name for name, card in shipped(cards) if not caught(card, seen, 1000)}
    assert missed == {
        "groq/gemma-7b-it",
        "groq/llama-3.1-8b-instant",
        "groq/llama-3.2-1b-preview",
        "groq/llama-3.2-3b-preview",
        "groq/llama3-8b-8192",
        "groq/meta-llama/llama-prompt-guard-2-22m",
        "groq/meta-llama/llama-prompt-guard-2-86m",
        "mistral/ministral-3b",
        "mistral/ministral-3b-2512",
        "mistral/ministral-8b",
        "mistral/mistral-embed",
        "mistral/mistral-small-24b-instruct-2501",
        "openai/gpt-oss-120b",
        "openai/gpt-oss-20b",
    }


def test_a_price_for_one_token_is_refused_but_for_the_dearest_models(cards: Cards) -> None:
    thousandth = Decimal("0.001")
    missed = {name for name, card in shipped(cards) if not caught(card, unusual, thousandth)}
    assert missed == {
        "anthropic/claude-3-opus-latest",
        "anthropic/claude-opus-4-0",
        "anthropic/claude-opus-4-1",
        "google/claude-3-opus",
        "google/claude-4-opus",
        "openai/gpt-4-32k",
        "openai/gpt-4.5-preview",
        "openai/gpt-5-pro",
        "openai/gpt-5.2-pro",
        "openai/gpt-5.4-pro",
        "openai/gpt-5.5-cyber",
        "openai/gpt-5.5-pro",
        "openai/gpt-5.6-cyber",
        "openai/gpt-6-cyber",
        "openai/gpt-6-rosalind",
        "openai/o1-pro",
        "openai/o3-pro",
    }
