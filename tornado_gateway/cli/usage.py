"""``tornado-gateway usage``: what was asked for and spent, by whatever the ledger's rows tell apart."""

import argparse
from datetime import UTC, datetime
from pathlib import Path

from msgspec.structs import replace

from tornado_gateway.cli.documents import add_format, print_document
from tornado_gateway.cli.groups import add_by, names_of
from tornado_gateway.cli.ledger import ledger_of
from tornado_gateway.cli.periods import add_period, heading
from tornado_gateway.cli.problems import complain, loaded_or_told
from tornado_gateway.cli.progress import busy
from tornado_gateway.cli.spending import chart, show
from tornado_gateway.domain.ledger import LedgerQuery, LedgerUnavailable
from tornado_gateway.reports.groups import document, joined, ledger_names
from tornado_gateway.reports.spending import figures, summed


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = commands.add_parser("usage", help="show requests, tokens and spend by model, key, tag or day")
    parser.add_argument("--config", type=Path, default=Path("gateway.yaml"), metavar="FILE")
    add_period(parser)
    add_by(parser)
    add_format(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Exit code 1 where the file is bad or its ledger can't be read."""
    loaded = loaded_or_told(args.config)
    if loaded is None:
        return 1
    by = names_of(args)
    query = LedgerQuery(since=args.since, until=args.until)
    try:
        with busy("adding up"), ledger_of(loaded) as ledger:
            totals = [replace(each, group=joined(by, each.group)) for each in ledger.totals(query, ledger_names(by))]
            days = ledger.totals(query, ["day"])
    except LedgerUnavailable as error:
        return complain(error)
    # Days go by the calendar, everything else by what it cost.
    if by[0] != "day":
        totals.sort(key=lambda each: (-each.cost, -each.requests))
    if args.format == "json":
        found = {
            "since": args.since,
            "until": args.until,
            "currency": "USD",
            "by": by,
            "groups": [{"group": document(by, each.group), **figures(each)} for each in totals],
            "days": [{"day": day.group[0], **figures(day)} for day in days],
            "total": figures(summed(totals)) if totals else None,
        }
        print_document(found)
        return 0
    print(f"{heading(query, loaded)}\n")
    if not totals:
        print("there are none")
        return 0
    show(by, totals, args.top)
    drawn = [] if "day" in by else list(chart(days, query, datetime.now(UTC)))
    for line in ["", *drawn] if drawn else []:
        print(line)
    return 0
