"""What ``keys new`` is told of a key, as its arguments say it."""

import argparse
from collections.abc import Callable
from typing import TypeVar

from tornado_gateway.domain.quotas import Limits
from tornado_gateway.reports import key_members
from tornado_gateway.reports.key_members import Misread

Said = TypeVar("Said")


def argument(read: Callable[[str], Said]) -> Callable[[str], Said]:
    """``read`` for ``argparse``, which shows what it says of a text that is none."""

    def reader(text: str) -> Said:
        try:
            return read(text)
        except Misread as misread:
            raise argparse.ArgumentTypeError(str(misread)) from misread

    return reader


count = argument(key_members.count)
key_id = argument(key_members.key_id)
text = argument(key_members.text)
tag = argument(key_members.tag)
model = argument(key_members.model)
budget = argument(key_members.budget)
expiry = argument(key_members.expiry)
span = argument(key_members.span)


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--id", required=True, type=key_id, help="what the log, the limits and the ledger call it")
    parser.add_argument("--owner", type=text, help="whose it is: a note for people")
    parser.add_argument(
        "--tag",
        action="append",
        default=[],
        type=tag,
        metavar="NAME=VALUE",
        help="may be repeated",
    )
    parser.add_argument(
        "--model",
        action="append",
        type=model,
        metavar="NAME",
        help="a name or pattern; repeated, or all are allowed",
    )
    for name in Limits.__struct_fields__:
        parser.add_argument(f"--{name.replace('_', '-')}", type=count, metavar="N")
    parser.add_argument("--budget", type=budget, metavar="AMOUNT/PERIOD", help="USD, such as 25/month")
    parser.add_argument("--expires", type=expiry, metavar="WHEN", help="2027-01-31, a moment, or a span: 90d, 12h")


def limits(args: argparse.Namespace) -> Limits | None:
    """What was said of limits, None for nothing."""
    said = {name: getattr(args, name) for name in Limits.__struct_fields__ if getattr(args, name) is not None}
    return Limits(**said) if said else None
