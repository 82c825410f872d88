from datetime import UTC, datetime, timedelta
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


def test_cards_of_one_name_follow_each_other_in_time() -> None:
    change = datetime(2027, 7, 1, tzinfo=UTC)
    end = datetime(2028, 1, 1, tzinfo=UTC)
    promotion = PriceCard("a/x", Decimal(1), Decimal(1), valid_until=change)
    usual = PriceCard("a/x", Decimal(2), Decimal(2), valid_from=change, valid_until=end)
    table = PriceTable([promotion, usual, card("a/*")])
    before = change - timedelta(microseconds=1)
    assert [table.find("a", "x", at) for at in (before, change)] == [promotion, usual]
    assert table.find("a", "x", end) is None, "no pattern prices what its own row no longer does"
    assert table.find("a", "x") is usual
    assert [table.era(at) for at in (before, change, end)] == [0, 1, 2]
    assert (len(table), len(table.row("a/x")), table.row("b/x")) == (3, 2, ())
    assert PriceTable([card("a/*")]).era(end) == 0
