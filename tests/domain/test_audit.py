from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from tests.support import NOW, finished
from tornado_gateway.domain.audit import audit
from tornado_gateway.domain.ledger import LedgerRow
from tornado_gateway.domain.money import PriceCard
from tornado_gateway.domain.peaks import OffPeak
from tornado_gateway.domain.prices import PriceTable
from tornado_gateway.domain.pricing import price
from tornado_gateway.domain.receipt import decode, encode
from tornado_gateway.domain.rows import row_of
from tornado_gateway.domain.usage import TokenUsage

CARD = PriceCard("openai/gpt-4", Decimal("0.03"), Decimal("0.06"), line=7)
PRICES = PriceTable([CARD])
USAGE = TokenUsage(12, 25)
R = "aaaaaaaaaaaa"


def row(usage: TokenUsage = USAGE, card: PriceCard = CARD, **members: Any) -> LedgerRow:
    at = members.get("finished_at", NOW)
    more = {"provider": "openai", "model": "gpt-4", "revision": R, **members}
    return row_of(finished(usage=usage, cost=price(usage, card, at), **more))


def changed(row: LedgerRow, change: Callable[[Any], Any]) -> LedgerRow:
    assert row.receipt is not None
    return msgspec.structs.replace(row, receipt=encode(change(decode(row.receipt))))


def test_all_is_well() -> None:
    made = audit(row(), PRICES, R)
    assert made.differences == ()
    assert made.by_file is not None
    assert made.recomputed == made.by_file.amount == Decimal("0.00186")


def test_a_receipt_that_was_changed() -> None:
    cheaper = changed(row(), lambda receipt: msgspec.structs.replace(receipt, total=Decimal("0.001")))
    assert list(audit(cheaper, PRICES, R).differences) == [
        "the receipt does not add up: total: 0.00186 USD, not 0.001",
        "the ledger's cost is 0.00186 USD, the receipt's total 0.001 USD",
        "price row openai/gpt-4 in line 7 makes it 0.00186 USD, not 0.001",
    ]
    fewer = changed(row(), lambda receipt: msgspec.structs.replace(receipt, items=receipt.items[1:]))
    assert audit(fewer, PRICES, R).differences[-1] == "input: the ledger has 12 tokens, the receipt 0"


def test_a_row_that_was_changed() -> None:
    dearer = msgspec.structs.replace(row(), cost=Decimal(5))
    assert list(audit(dearer, PRICES, R).differences) == ["the ledger's cost is 5 USD, the receipt's total 0.00186 USD"]
    longer = msgspec.structs.replace(row(), usage=TokenUsage(13, 25))
    assert list(audit(longer, PRICES, R).differences) == [
        "input: the ledger has 13 tokens, the receipt 12",
        "price row openai/gpt-4 in line 7 makes it 0.00189 USD, not 0.00186",
    ]
    lost = msgspec.structs.replace(row(), cost=None)
    assert audit(lost, PRICES, R).differences == ("the ledger's cost is none, the receipt's total 0.00186 USD",)


def test_a_file_that_was_changed_since() -> None:
    dearer = PriceTable([PriceCard("openai/*", Decimal("0.3"), Decimal("0.06"), line=9)])
    assert list(audit(row(), dearer, "bbbbbbbbbbbb").differences) == [
        "price row openai/* in line 9 makes it 0.0051 USD, not 0.00186, but the file has changed since: "
        "aaaaaaaaaaaa -> bbbbbbbbbbbb"
    ]
    gone = audit(row(), PriceTable([]), "bbbbbbbbbbbb")
    assert (gone.by_file, gone.differences) == (None, ())


def test_the_card_that_held_when_the_call_began_at_the_hour_at_which_it_ended() -> None:
    noon = datetime(2026, 3, 1, 12, tzinfo=UTC)
    half = OffPeak(Decimal("0.5"), 12 * 60, 13 * 60)
    old = PriceCard("openai/gpt-4", Decimal(1), Decimal(1), valid_until=noon, off_peak=half)
    new = PriceCard("openai/gpt-4", Decimal(2), Decimal(2), valid_from=noon)
    called = row(card=old, finished_at=noon + timedelta(seconds=1), duration=5.0)
    assert called.cost == Decimal("0.0185")
    assert audit(called, PriceTable([old, new]), R).differences == ()


def test_free_unpriced_unused_and_cached() -> None:
    free = PriceCard("openai/gpt-4", Decimal(0), Decimal(0), free=True)
    assert audit(row(card=free), PriceTable([free]), R).differences == ()
    unpriced = msgspec.structs.replace(row(), cost=None, receipt=None)
    assert audit(unpriced, PRICES, R).differences == ()
    failed = row_of(finished(usage=None, cost=None, status=502))
    assert (audit(failed, PRICES, R).differences, audit(failed, PRICES, R).by_file) == ((), None)
    cached = msgspec.structs.replace(row(card=free), saved=Decimal("0.00186"))
    assert (audit(cached, PRICES, R).differences, audit(cached, PRICES, R).by_file) == ((), None)


def test_what_each_call_used_besides_tokens() -> None:
    card = PriceCard("openai/gpt-4", Decimal(1), Decimal(1), image=Decimal(2), request=Decimal(3), batch=Decimal("0.5"))
    called = row(usage=TokenUsage(0, 0, images=2, service_tier="flex", cached_input=4), card=card)
    assert called.cost == Decimal("3.502")
    assert audit(called, PriceTable([card]), R).differences == ()


@pytest.mark.parametrize("receipt", ["{", "[]", None])
def test_no_receipt_that_can_be_read(receipt: str | None) -> None:
    lost = msgspec.structs.replace(row(), receipt=receipt)
    (difference,) = audit(lost, PRICES, R).differences
    assert difference in ("the receipt is none that can be read", "there is no receipt for 0.00186 USD")
    assert audit(lost, PRICES, R).recomputed is None


def test_an_estimate_is_audited_too() -> None:
    assert audit(row(usage=TokenUsage(5, 5, estimated=True)), PRICES, R).differences == ()
