import json
from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

import msgspec
import pytest
from hypothesis import given

from tests.domain.test_pricing import cards, usages
from tornado_gateway.domain.money import Cost, PriceCard, Tier
from tornado_gateway.domain.peaks import OffPeak
from tornado_gateway.domain.pricing import price
from tornado_gateway.domain.receipt import decode, encode, mistakes, receipt_of, recompute
from tornado_gateway.domain.usage import TokenUsage

CARD = PriceCard(
    "a/m", Decimal("0.003"), Decimal("0.015"), cached_input=Decimal("3E-4"), request=Decimal("0.005"), line=42,
    tiers=(Tier(100, {"input": Decimal("0.006")}),), marginal=True, batch=Decimal("0.5"),
    off_peak=OffPeak(Decimal("0.25"), 0, 60),
)  # fmt: skip
MIDNIGHT = datetime(2026, 3, 1, tzinfo=UTC)
USAGE = TokenUsage(110, 10, cached_input=20, service_tier="flex")


def test_all_that_made_the_cost_is_in_it() -> None:
    text = encode(receipt_of(price(USAGE, CARD, MIDNIGHT), "aaaaaaaaaaaa"))
    assert json.loads(text) == {
        "revision": "aaaaaaaaaaaa",
        "row": "a/m",
        "line": 42,
        "items": [
            {"bucket": "cached_input", "count": 20, "rate": "0.0003", "per": 1000, "amount": "0.000006"},
            {"bucket": "input", "count": 80, "rate": "0.003", "per": 1000, "amount": "0.00024"},
            {"bucket": "input", "count": 30, "above": 100, "rate": "0.006", "per": 1000, "amount": "0.00018"},
            {"bucket": "output", "count": 10, "rate": "0.015", "per": 1000, "amount": "0.00015"},
            {"bucket": "request", "count": 1, "rate": "0.005", "per": 1, "amount": "0.005"},
        ],
        "factors": {"batch": "0.5", "off_peak": "0.25"},
        "total": "0.000697",
        "currency": "USD",
        "estimated": False,
    }
    assert "\n" not in text


def test_a_free_model_and_one_that_nobody_knows() -> None:
    free = receipt_of(price(TokenUsage(1, 1), PriceCard("e/e", Decimal(0), Decimal(0), free=True)), "r")
    assert json.loads(encode(free))["free"] is True
    assert (free.items, free.total, recompute(free)) == ((), 0, 0)
    unknown = receipt_of(Cost(Decimal("0.1"), estimated=True), "r")
    assert (unknown.row, unknown.line, unknown.estimated) == (None, None, True)


@pytest.mark.parametrize("name", ["p/mod\u00e8le", 'p/"m\\"', "p/\n\x7f", "p/\U0001f600"])
def test_a_header_can_hold_it_whatever_the_row_is_called(name: str) -> None:
    receipt = receipt_of(price(TokenUsage(1, 1), PriceCard(name, Decimal(1), Decimal(1))), "r")
    text = encode(receipt)
    assert text.isascii()
    assert "\n" not in text
    assert json.loads(text)["row"] == name
    assert decode(text) == receipt


@given(usages, cards)
def test_it_comes_back_as_it_was_and_adds_up(usage: TokenUsage, card: PriceCard) -> None:
    cost = price(usage, card)
    text = encode(receipt_of(cost, "r"))
    receipt = decode(text)
    assert receipt == receipt_of(cost, "r")
    assert list(mistakes(receipt)) == []
    assert recompute(receipt) == cost.amount
    document: dict[str, Any] = json.loads(text)
    assert sum(Fraction(item["amount"]) for item in document["items"]) == Fraction(document["total"])
    for item in document["items"]:
        assert Fraction(item["count"]) * Fraction(item["rate"]) / item["per"] == Fraction(item["amount"])
        assert "E" not in item["rate"] + item["amount"]


def test_a_receipt_that_was_changed_says_where() -> None:
    receipt = receipt_of(price(USAGE, CARD, MIDNIGHT), "r")
    assert list(mistakes(msgspec.structs.replace(receipt, total=Decimal("0.0007")))) == [
        "total: 0.000697 USD, not 0.0007"
    ]
    first, *rest = receipt.items
    cheaper = msgspec.structs.replace(first, amount=Decimal(0))
    changed = msgspec.structs.replace(receipt, items=(cheaper, *rest))
    assert list(mistakes(changed)) == ["cached_input: 0.000006 USD, not 0"], "the total is still right"
    fewer = msgspec.structs.replace(first, count=0, amount=Decimal(0))
    assert recompute(msgspec.structs.replace(receipt, items=(fewer, *rest))) == Decimal("0.00069625")


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"revision":"r","total":"much"}', '{"revision":"r"}'])
def test_what_is_no_receipt_is_refused(text: str) -> None:
    with pytest.raises(msgspec.DecodeError):
        decode(text)
