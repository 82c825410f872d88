from decimal import Decimal

import msgspec

from tests.support import finished
from tornado_gateway.admin.rows import receipt_document, row_document
from tornado_gateway.domain.audit import audit
from tornado_gateway.domain.ledger import LedgerRow
from tornado_gateway.domain.money import PriceCard
from tornado_gateway.domain.prices import PriceTable
from tornado_gateway.domain.pricing import price
from tornado_gateway.domain.rows import row_of
from tornado_gateway.domain.usage import TokenUsage

CARD = PriceCard("openai/gpt-4", Decimal("0.03"), Decimal("0.06"), line=7)


def test_a_row_has_all_but_its_receipt_which_has_an_answer_of_its_own() -> None:
    row = row_of(finished(cost=price(TokenUsage(12, 25), CARD)))
    made = msgspec.json.decode(msgspec.json.encode(row_document(row)))
    assert set(made) == set(LedgerRow.__struct_fields__) - {"receipt"}
    assert b'"cost":0.00186,' in msgspec.json.encode(row_document(row))
    assert made["usage"]["buckets"] == {"input": 12, "output": 25}
    told = receipt_document(row, audit(row, PriceTable([CARD]), row.revision))
    told = msgspec.json.decode(msgspec.json.encode(told))
    assert told["receipt"]["total"] == "0.00186"
    assert told["by_file"] == {"cost": 0.00186, "row": "openai/gpt-4", "line": 7}
    assert told["differences"] == []


def test_what_used_nothing_and_a_receipt_that_is_none() -> None:
    row = row_of(finished(usage=None, cost=None, status=502))
    assert row_document(row)["usage"] is None
    told = receipt_document(row, audit(row, PriceTable(), "r"))
    assert (told["receipt"], told["by_file"]) == (None, None)
    broken = msgspec.structs.replace(row, receipt="{")
    assert receipt_document(broken, audit(broken, PriceTable(), "r"))["receipt"] is None
