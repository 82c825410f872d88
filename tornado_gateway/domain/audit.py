"""Audit: whether a ledger row's receipt adds up, and what a file makes of the same usage. Pure."""

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal

import msgspec

from tornado_gateway.domain.ledger import LedgerRow
from tornado_gateway.domain.money import Cost, PriceCard, decimal_digits
from tornado_gateway.domain.prices import PriceTable
from tornado_gateway.domain.pricing import price
from tornado_gateway.domain.receipt import Receipt, decode, mistakes, recompute
from tornado_gateway.domain.usage import BUCKETS, TokenUsage


class Audit(msgspec.Struct, frozen=True, kw_only=True):
    """``recomputed`` is what the receipt's own items come to; ``by_file`` what the file's card makes of the usage, None
    where the file has no price for it, nothing was used, or a cache answered. No ``differences``: all is well.
    """

    receipt: Receipt | None
    recomputed: Decimal | None
    by_file: Cost | None
    differences: tuple[str, ...]


def audit(row: LedgerRow, prices: PriceTable, revision: str) -> Audit:
    """``prices`` are those of the file, which ``revision`` names."""
    receipt, unreadable = _receipt(row)
    by_file = _by_file(row, prices)
    differences = [*unreadable]
    if receipt is not None:
        differences += [f"the receipt does not add up: {mistake}" for mistake in mistakes(receipt)]
        differences += _against_row(receipt, row)
        if by_file is not None and by_file.amount != receipt.total:
            differences.append(_by_other_prices(by_file, receipt, revision))
    return Audit(
        receipt=receipt,
        recomputed=None if receipt is None else recompute(receipt),
        by_file=by_file,
        differences=tuple(differences),
    )


def _receipt(row: LedgerRow) -> tuple[Receipt | None, list[str]]:
    if row.receipt is None:
        return None, [] if row.cost is None else [f"there is no receipt for {decimal_digits(row.cost)} USD"]
    try:
        return decode(row.receipt), []
    except msgspec.DecodeError:
        return None, ["the receipt is none that can be read"]


def _against_row(receipt: Receipt, row: LedgerRow) -> Iterator[str]:
    if row.cost != receipt.total:
        cost = "none" if row.cost is None else f"{decimal_digits(row.cost)} USD"
        yield f"the ledger's cost is {cost}, the receipt's total {decimal_digits(receipt.total)} USD"
    if receipt.free:
        return
    told: Counter[str] = Counter()
    for item in receipt.items:
        told[item.bucket] += item.count
    used = dict((row.usage or TokenUsage()).buckets())
    for bucket in BUCKETS:
        if told[bucket] != used.get(bucket, 0):
            yield f"{bucket}: the ledger has {used.get(bucket, 0)} tokens, the receipt {told[bucket]}"


def _by_file(row: LedgerRow, prices: PriceTable) -> Cost | None:
    if row.usage is None or row.saved is not None:
        return None
    # A call keeps the price that it began with.
    card = prices.find(row.provider, row.model, row.finished_at - timedelta(seconds=row.duration))
    return None if card is None else price(row.usage, card, row.finished_at)


def _by_other_prices(by_file: Cost, receipt: Receipt, revision: str) -> str:
    card: PriceCard | None = by_file.card
    where = "the file" if card is None else f"price row {card.model} in line {card.line}"
    since = (
        "" if revision == receipt.revision else f", but the file has changed since: {receipt.revision} -> {revision}"
    )
    return f"{where} makes it {by_file.digits} USD, not {decimal_digits(receipt.total)}{since}"
