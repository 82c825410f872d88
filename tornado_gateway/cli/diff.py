"""``tornado-gateway diff``: what another file changes, and what that would have done to the last days' bill."""

import argparse
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tornado_gateway.cli.documents import add_format, print_document
from tornado_gateway.cli.effects import show
from tornado_gateway.cli.periods import heading
from tornado_gateway.cli.problems import loaded_or_told
from tornado_gateway.cli.replays import add_ledger_from, replay
from tornado_gateway.cli.whole import whole
from tornado_gateway.config.build import Loaded, build_prices, build_routes
from tornado_gateway.config.diff import differences, needs_restart
from tornado_gateway.domain.ledger import LedgerQuery, LedgerUnavailable
from tornado_gateway.domain.rerouting import Choice, Effect
from tornado_gateway.reports.effects import as_document

_MOST_DAYS = 36_500


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = commands.add_parser("diff", help="show what another configuration changes, and its effect in USD")
    parser.add_argument("old", type=Path, metavar="OLD")
    parser.add_argument("new", type=Path, metavar="NEW")
    parser.add_argument(
        "--days",
        type=whole(1, _MOST_DAYS, "count of days"),
        default=30,
        metavar="N",
        help="of the ledger to replay (default: 30)",
    )
    parser.add_argument("--no-ledger", action="store_true", help="compare the files alone")
    add_ledger_from(parser, "OLD")
    add_format(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Exit code 0 where all files are good, whatever changed and whether or not there is a ledger."""
    files = [args.old, args.new, *([args.ledger_from] if args.ledger_from is not None else [])]
    loaded = [loaded_or_told(file) for file in files]
    good = [file for file in loaded if file is not None]
    if len(good) < len(files):
        return 1
    old, new, source = good[0], good[1], good[-1] if args.ledger_from is not None else good[0]
    lines = differences(old.settings, new.settings)
    restart = needs_restart(old.settings, new.settings)
    if args.format == "human":
        print(f"{old.path} (revision {old.revision}) -> {new.path} (revision {new.revision})")
        for line in lines or ("nothing changes in meaning",):
            print(f"  {line}")
        for line in restart:
            print(f"  {line}")
    query = LedgerQuery(since=datetime.now(UTC) - timedelta(days=args.days))
    effect: Effect | None = None
    missing: str | None = None
    if not args.no_ledger:
        try:
            effect = _replayed(old, new, source, query)
        except LedgerUnavailable as error:
            missing = str(error)
    if args.format == "json":
        print_document(
            {
                "old": {"file": str(old.path), "revision": old.revision},
                "new": {"file": str(new.path), "revision": new.revision},
                "changes": lines,
                "restart": restart,
                "since": query.since,
                "effect": None if effect is None else as_document(effect),
                "no_effect": missing,
            }
        )
        return 0
    if missing is not None:
        print(f"\nno effect in USD can be told: {missing}", file=sys.stderr)
    if effect is not None:
        print(f"\n{heading(query, source)}, under {new.path}")
        show(effect)
    return 0


def _replayed(old: Loaded, new: Loaded, source: Loaded, query: LedgerQuery) -> Effect:
    """Raises ``LedgerUnavailable``."""
    before, after = (Choice(build_routes(each.settings), build_prices(each.settings)) for each in (old, new))
    effect = Effect(before, after, ["model", "key"])
    replay(source, query, effect.add, "replaying")
    return effect
