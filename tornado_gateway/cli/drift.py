"""``tornado-gateway drift``: a file's prices against the public list, offline, for people and for a CI job."""

import argparse
import os
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from tornado_gateway.cli.amounts import percent
from tornado_gateway.cli.documents import add_format, print_document
from tornado_gateway.cli.tables import Column, print_table
from tornado_gateway.config.build import load
from tornado_gateway.config.problems import ConfigInvalid
from tornado_gateway.domain.money import decimal_digits
from tornado_gateway.pricelist.catalog import NoCatalog, open_catalog
from tornado_gateway.pricelist.comparison import Difference
from tornado_gateway.pricelist.survey import Finding, Survey
from tornado_gateway.reports.numbers import number


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = commands.add_parser(
        "drift", help="compare the file's prices with the public list of genai-prices, offline"
    )
    parser.add_argument("--config", type=Path, default=Path("gateway.yaml"), metavar="FILE")
    parser.add_argument(
        "--tolerance", type=_tolerance, default=Decimal(0), metavar="PERCENT", help="differences that are let pass"
    )
    parser.add_argument(
        "--ignore", action="append", default=[], metavar="ROW", help="a row known to differ, or a pattern of such"
    )
    add_format(parser)
    parser.set_defaults(run=run)


def _tolerance(text: str) -> Decimal:
    try:
        value = Decimal(text)
    except InvalidOperation as error:
        raise argparse.ArgumentTypeError("a tolerance is a number of percent") from error
    if not value.is_finite() or value < 0:
        raise argparse.ArgumentTypeError("a tolerance is 0 or more")
    return value


def run(args: argparse.Namespace) -> int:
    """Exit code 1 where a price differs by more than the tolerance or the file is bad, 2 without the list."""
    try:
        loaded = load(args.config, os.environ)
        catalog = open_catalog()
    except ConfigInvalid as invalid:
        for problem in invalid.problems:
            print(problem, file=sys.stderr)
        return 1
    except NoCatalog as missing:
        print(missing, file=sys.stderr)
        return 2
    survey = Survey(catalog, loaded.settings, datetime.now(UTC))
    findings = list(survey.findings(tolerance=args.tolerance, ignore=args.ignore))
    for pattern in args.ignore:
        if not any(fnmatchcase(finding.row, pattern) for finding in findings):
            print(f"no row is called {pattern!r}: there is nothing to ignore", file=sys.stderr)
    good = all(finding.verdict != "differs" for finding in findings)
    if args.format == "json":
        rows = [_as_dict(finding) for finding in findings]
        print_document({"ok": good, "list": catalog.source, "tolerance": number(args.tolerance), "rows": rows})
        return 0 if good else 1
    columns = [Column("row"), Column("line", number=True), Column("verdict"), Column("price")]
    columns += [Column("file", number=True), Column("list", number=True), Column("off by", number=True)]
    print_table(columns, [line for finding in findings for line in _lines(finding)])
    counts = Counter(finding.verdict for finding in findings)
    print(f"{args.config} against {catalog.source}: {', '.join(f'{count} {name}' for name, count in counts.items())}")
    return 0 if good else 1


def _lines(finding: Finding) -> Iterator[Sequence[str]]:
    head: Sequence[str] = (finding.row, "" if finding.line is None else str(finding.line), finding.verdict)
    differing = [(one.listed, each) for one in finding.compared for each in one.differences]
    if not differing:
        yield (*head, finding.note, "", "", "")
    for listed, each in differing:
        of = f"{listed}: " if finding.row.endswith("*") else ""
        since = "" if each.since is None else f" from {each.since}"
        yield (*head, f"{of}{each.what}{since}", _figure(each.ours), _figure(each.theirs), _off_by(each))
        head = ("", "", "")


def _figure(value: Decimal | str) -> str:
    return value if isinstance(value, str) else decimal_digits(value)


def _off_by(difference: Difference) -> str:
    ours, theirs = difference.ours, difference.theirs
    return "" if isinstance(ours, str) or isinstance(theirs, str) else percent(theirs, ours)


def _as_dict(finding: Finding) -> dict[str, Any]:
    return {
        "row": finding.row,
        "line": finding.line,
        "verdict": finding.verdict,
        "note": finding.note,
        "models": [
            {
                "listed": one.listed,
                "differences": [_difference(each) for each in one.differences],
                "unsaid": one.unsaid,
            }
            for one in finding.compared
        ],
    }


def _difference(each: Difference) -> dict[str, Any]:
    percent = each.percent
    return {
        "price": each.what,
        "file": each.ours if isinstance(each.ours, str) else number(each.ours),
        "list": each.theirs if isinstance(each.theirs, str) else number(each.theirs),
        "percent": None
        if percent is None
        else number(round(Decimal(percent.numerator) / Decimal(percent.denominator), 4)),
        "since": each.since,
    }
