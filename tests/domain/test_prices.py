from decimal import Decimal

from tornado_gateway.domain.money import PriceCard
from tornado_gateway.domain.prices import PriceTable


def card(model: str) -> PriceCard:
    return PriceCard(model, Decimal(1), Decimal(1))


def test_an_exact_name_wins_then_the_longest_pattern() -> None:
    table = PriceTable([card("a/gpt-*"), card("a/gpt-4*"), card("a/gpt-4"), card("b/*")])
    found = {model: table.find("a", model) for model in ("gpt-4", "gpt-4o", "gpt-3", "claude")}
    assert {name: each and each.model for name, each in found.items()} == {
        "gpt-4": "a/gpt-4",
        "gpt-4o": "a/gpt-4*",
        "gpt-3": "a/gpt-*",
        "claude": None,
    }
    assert table.find("b", "anything") is not None
    assert table.find("c", "gpt-4") is None


def test_all_cards_are_there_to_be_listed() -> None:
    table = PriceTable([card("a/x"), card("a/y*")])
    assert len(table) == 2
    assert [each.model for each in table] == ["a/x", "a/y*"]
