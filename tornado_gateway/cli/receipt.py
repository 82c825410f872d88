"""``tornado-gateway receipt``: what a request cost and why, added up again."""

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from tornado_gateway.cli.documents import add_format, print_document
from tornado_gateway.cli.ledger import ledger_of
from tornado_gateway.cli.problems import complain, loaded_or_told
from tornado_gateway.cli.tables import Column, print_table, printable
from tornado_gateway.config.build import Loaded, build_prices
from tornado_gateway.domain.audit import Audit, audit
from tornado_gateway.domain.ledger import LedgerQuery, LedgerRow, LedgerUnavailable
from tornado_gateway.domain.ledger_url import parse_ledger_url
from tornado_gateway.domain.money import decimal_digits
from tornado_gateway.domain.receipt import Receipt
from tornado_gateway.reports.numbers import number

_SHOWN = 100
"""Calls, the latest ones, where a caller gives one id to many."""

_COLUMNS = (
    Column("bucket"),
    Column("count", number=True),
    Column("USD", number=True),
    Column("for"),
    Column("tier"),
    Column("amount", number=True),
)


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = commands.add_parser("receipt", help="show what a request cost and why, and add it up again")
    parser.add_argument("id", metavar="ID", help="the request's id, as in X-Request-ID")
    parser.add_argument("--config", type=Path, default=Path("gateway.yaml"), metavar="FILE")
    add_format(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Exit code 1 where the ledger has no such request, something differs from what it should, or the file is bad."""
    loaded = loaded_or_told(args.config)
    if loaded is None:
        return 1
    query = LedgerQuery(request_id=args.id, newest_first=True, limit=_SHOWN + 1)
    try:
        with ledger_of(loaded) as ledger:
            rows = list(ledger.rows(query))
    except LedgerUnavailable as error:
        return complain(error)
    if not rows:
        place = parse_ledger_url(loaded.settings.ledger.url)
        return complain(f"there is no request {args.id!r} in {place}: it is there a second after its end")
    prices = build_prices(loaded.settings)
    audits = [(row, audit(row, prices, loaded.revision)) for row in rows[:_SHOWN]]
    good = not any(made.differences for _, made in audits)
    if args.format == "json":
        print_document({"ok": good, "calls": [_document(row, made, loaded) for row, made in audits]})
        return 0 if good else 1
    for place_in_list, (row, made) in enumerate(audits):
        if place_in_list:
            print()
        _show(row, made, loaded)
    if len(rows) > _SHOWN:
        print(f"\nand more: these are the {_SHOWN} latest")
    return 0 if good else 1


def _show(row: LedgerRow, made: Audit, loaded: Loaded) -> None:
    for line in _head(row):
        print(printable(line))
    if made.receipt is None and not made.differences:
        print("no cost: nothing was used, or the model had no price")
        return
    if made.receipt is not None:
        _table(made.receipt)
    for line in _verdict(row, made, loaded):
        print(printable(line))


def _head(row: LedgerRow) -> Iterator[str]:
    what = "request" if row.kind == "request" else f"{row.kind} try of request"
    ended = f"{row.finished_at:%Y-%m-%d %H:%M:%S} UTC"
    failed = "" if row.error is None else f" ({row.error})"
    yield f"{what} {row.request_id}, {ended}, status {row.status}{failed}"
    key = "" if row.key is None else f", key {row.key}"
    yield f"route {row.route}, {row.provider}/{row.model}{key}"


def _table(receipt: Receipt) -> None:
    total = decimal_digits(receipt.total)
    rows = [
        (
            item.bucket,
            f"{item.count:,}",
            decimal_digits(item.rate),
            "1,000 tokens" if item.per == 1000 else "each",
            "" if item.above is None else f"above {item.above:,}",
            decimal_digits(item.amount),
        )
        for item in receipt.items
    ]
    rows += [(name, "", f"x {decimal_digits(factor)}", "the whole", "", "") for name, factor in receipt.factors.items()]
    print_table(_COLUMNS, rows, total=(f"total in {receipt.currency}", "", "", "", "", total))


def _verdict(row: LedgerRow, made: Audit, loaded: Loaded) -> Iterator[str]:
    receipt = made.receipt
    if receipt is not None:
        estimated = ", of an estimated usage" if receipt.estimated else ""
        free = " (free)" if receipt.free else ""
        line = "" if receipt.line is None else f", line {receipt.line}"
        yield f"by price row {receipt.row}{free}{line} of revision {receipt.revision}{estimated}"
    if row.saved is not None:
        yield f"answered from the cache: {decimal_digits(row.saved)} USD saved"
    for difference in made.differences:
        yield f"differs: {difference}"
    if made.differences:
        return
    yield "it adds up"
    if made.by_file is not None and made.by_file.card is not None:
        yield f"{loaded.path}:{made.by_file.card.line}, revision {loaded.revision}, makes it the same"
    elif row.saved is None:
        yield f"{loaded.path}, revision {loaded.revision}, has no price for it"


def _document(row: LedgerRow, made: Audit, loaded: Loaded) -> dict[str, Any]:
    card = None if made.by_file is None else made.by_file.card
    return {
        "request_id": row.request_id,
        "finished_at": row.finished_at,
        "kind": row.kind,
        "key": row.key,
        "route": row.route,
        "provider": row.provider,
        "model": row.model,
        "status": row.status,
        "error": row.error,
        "cost": number(row.cost),
        "saved": number(row.saved),
        "receipt": msgspec.Raw(b"null") if made.receipt is None else msgspec.Raw((row.receipt or "null").encode()),
        "recomputed": number(made.recomputed),
        "file": {
            "path": str(loaded.path),
            "revision": loaded.revision,
            "row": None if card is None else card.model,
            "line": None if card is None else card.line,
            "cost": number(None if made.by_file is None else made.by_file.amount),
        },
        "differences": made.differences,
    }
