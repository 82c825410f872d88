"""``tornado-gateway prices list``: names on the public list, and what they cost."""

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from fnmatch import fnmatchcase

from tornado_gateway.cli.documents import add_format, print_document
from tornado_gateway.cli.tables import Column, print_table
from tornado_gateway.domain.money import decimal_digits
from tornado_gateway.pricelist.catalog import Catalog, NoCatalog, open_catalog
from tornado_gateway.pricelist.terms import Unsayable, terms
from tornado_gateway.reports.numbers import number


@dataclass(frozen=True, slots=True)
class _Listed:
    """``input`` and ``output`` are None where no row can say the price, and ``note`` why."""

    name: str
    title: str | None
    input: Decimal | None
    output: Decimal | None
    note: str
    deprecated: bool


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("pattern", nargs="?", default="", metavar="PATTERN", help="a part of a name, or one with *")
    add_format(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Exit code 1 where no name is like the pattern, 2 without the list."""
    try:
        catalog = open_catalog()
    except NoCatalog as missing:
        print(missing, file=sys.stderr)
        return 2
    found = list(_find(catalog, args.pattern.lower(), datetime.now(UTC).date()))
    if args.format == "json":
        models = [
            {
                "name": each.name,
                "title": each.title,
                "input": number(each.input),
                "output": number(each.output),
                "note": each.note,
                "deprecated": each.deprecated,
            }
            for each in found
        ]
        print_document({"list": catalog.source, "models": models})
        return 0 if found else 1
    if not found:
        print(f"nothing on the list of {catalog.source} is called like {args.pattern!r}", file=sys.stderr)
        return 1
    columns = [Column("name"), Column("input", number=True), Column("output", number=True), Column("also")]
    print_table(columns, map(_line, found), title=f"{catalog.source}, USD per 1,000 tokens")
    return 0


def _find(catalog: Catalog, pattern: str, today: date) -> Iterator[_Listed]:
    wanted = pattern if "*" in pattern else f"*{pattern}*"
    for provider, model in catalog:
        name = f"{provider.id}/{model.id}"
        if not fnmatchcase(name.lower(), wanted):
            continue
        note, figures = "", (None, None)
        try:
            found = terms(model, today)
        except Unsayable as unsayable:
            note = str(unsayable)
        else:
            note = ", ".join(found.unsaid)
            figures = tuple(found.cards[0].get(each, Decimal(0)) for each in ("input", "output"))
        yield _Listed(name, model.name, *figures, note=note, deprecated=bool(model.deprecated))


def _line(each: _Listed) -> Sequence[str]:
    figures = ["" if figure is None else decimal_digits(figure) for figure in (each.input, each.output)]
    return (
        each.name,
        *figures,
        "; ".join(word for word in ("deprecated" if each.deprecated else "", each.note) if word),
    )
