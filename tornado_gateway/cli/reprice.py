"""``tornado-gateway reprice``: what past calls would have cost under another file's prices, exactly."""

import argparse
from pathlib import Path

from tornado_gateway.cli.documents import add_format, print_document
from tornado_gateway.cli.groups import add_by, names_of
from tornado_gateway.cli.periods import add_period, heading
from tornado_gateway.cli.problems import complain, loaded_or_told
from tornado_gateway.cli.replays import add_ledger_from, replay
from tornado_gateway.cli.repriced import notes, sentence, show
from tornado_gateway.config.build import build_prices
from tornado_gateway.domain.ledger import LedgerQuery, LedgerUnavailable
from tornado_gateway.domain.repricing import Repricing
from tornado_gateway.reports.repriced import as_document, entry


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = commands.add_parser("reprice", help="show what past calls would have cost under other prices")
    parser.add_argument(
        "--config", type=Path, required=True, metavar="NEW", help="the configuration with the prices to try"
    )
    add_ledger_from(parser, "NEW")
    add_period(parser)
    add_by(parser)
    add_format(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Exit code 1 where a file is bad or the ledger can't be read."""
    new = loaded_or_told(args.config)
    source = new if args.ledger_from is None else loaded_or_told(args.ledger_from)
    if new is None or source is None:
        return 1
    by = names_of(args)
    query = LedgerQuery(since=args.since, until=args.until)
    repricing = Repricing(build_prices(new.settings), by)
    try:
        replay(source, query, repricing.add, "repricing")
    except LedgerUnavailable as error:
        return complain(error)
    total = repricing.total()
    if args.format == "json":
        document = {
            "revision": new.revision,
            "since": args.since,
            "until": args.until,
            "currency": "USD",
            **as_document(repricing, by),
            "total": entry(total),
            "unpriced": repricing.unpriced,
        }
        print_document(document)
        return 0
    print(f"{heading(query, source)}, under {args.config} (revision {new.revision})\n")
    if not repricing.groups:
        print("there are none")
        return 0
    show(by, repricing.groups, total, top=args.top)
    print(f"\n{sentence(total)}")
    for note in notes(total, repricing.unpriced):
        print(f"- {note}")
    return 0
