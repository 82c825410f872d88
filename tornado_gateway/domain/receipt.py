"""Receipt: what one call cost and why, as a value and as one line of JSON that can be added up again."""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from json.encoder import encode_basestring_ascii

import msgspec

from tornado_gateway.domain.money import EXACT, Cost, decimal_digits


class Item(msgspec.Struct, frozen=True):
    """``count`` of one bucket at ``rate`` USD for each ``per`` of them, and what that comes to."""

    bucket: str
    count: int
    rate: Decimal
    per: int
    amount: Decimal
    above: int | None = None
    """The bound of the tier that the rate is from, None for the card's own."""


class Receipt(msgspec.Struct, frozen=True, kw_only=True):
    """``total`` is the sum of all items' amounts times all factors; a free model has no items."""

    revision: str
    row: str | None = None
    """Name of the price row in ``gateway.yaml``, and where it stood."""
    line: int | None = None
    free: bool = False
    items: tuple[Item, ...] = ()
    factors: Mapping[str, Decimal] = {}
    total: Decimal
    currency: str = "USD"
    estimated: bool = False


_receipt = msgspec.json.Decoder(Receipt)


def receipt_of(cost: Cost, revision: str) -> Receipt:
    card = cost.card
    return Receipt(
        revision=revision,
        row=None if card is None else card.model,
        line=None if card is None else card.line,
        free=card is not None and card.free,
        items=tuple(
            [
                Item(line.bucket, line.count, line.rate, line.per, _amount(line.count, line.rate, line.per), line.above)
                for line in cost.lines
            ]
        ),
        factors=cost.factors,
        total=cost.amount,
        estimated=cost.estimated,
    )


def _amount(count: int, rate: Decimal, per: int) -> Decimal:
    product = EXACT.multiply(count, rate)
    return EXACT.scaleb(product, -3) if per == 1000 else EXACT.divide(product, per)


def recompute(receipt: Receipt) -> Decimal:
    """What counts, rates and factors come to, whatever the receipt says of amounts and total."""
    total = Decimal(0)
    for item in receipt.items:
        total = EXACT.add(total, _amount(item.count, item.rate, item.per))
    for factor in receipt.factors.values():
        total = EXACT.multiply(total, factor)
    return total


def mistakes(receipt: Receipt) -> Iterator[str]:
    """Where a receipt does not add up; none where it was left as it was made."""
    for item in receipt.items:
        amount = _amount(item.count, item.rate, item.per)
        if amount != item.amount:
            yield f"{item.bucket}: {decimal_digits(amount)} USD, not {decimal_digits(item.amount)}"
    total = recompute(receipt)
    if total != receipt.total:
        yield f"total: {decimal_digits(total)} USD, not {decimal_digits(receipt.total)}"


def encode(receipt: Receipt) -> str:
    """One line of ASCII, fit for a header. Money is text with every digit: a reader's floats would lose some.

    Put together by hand: one is made of each call, and that takes half as long.
    """
    free = '"free":true,' if receipt.free else ""
    factors = ",".join([f'"{name}":"{decimal_digits(factor)}"' for name, factor in receipt.factors.items()])
    line = "null" if receipt.line is None else receipt.line
    return (
        f'{{"revision":{_text(receipt.revision)},"row":{_text(receipt.row)},"line":{line},{free}'
        f'"items":[{",".join([_item(item) for item in receipt.items])}],'
        + (f'"factors":{{{factors}}},' if factors else "")
        + f'"total":"{decimal_digits(receipt.total)}","currency":{_text(receipt.currency)},'
        f'"estimated":{"true" if receipt.estimated else "false"}}}'
    )


def _item(item: Item) -> str:
    above = "" if item.above is None else f'"above":{item.above},'
    return (
        f'{{"bucket":{_text(item.bucket)},"count":{item.count},{above}"rate":"{decimal_digits(item.rate)}",'
        f'"per":{item.per},"amount":"{decimal_digits(item.amount)}"}}'
    )


def _text(text: str | None) -> str:
    return "null" if text is None else encode_basestring_ascii(text)


def decode(text: str | bytes) -> Receipt:
    """Raises ``msgspec.DecodeError`` for what is no receipt."""
    return _receipt.decode(text)
