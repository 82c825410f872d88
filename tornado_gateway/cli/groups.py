"""``--by``: what a command's table tells apart, once or several times."""

import argparse
from collections.abc import Sequence

from tornado_gateway.cli.tables import Column
from tornado_gateway.cli.whole import whole
from tornado_gateway.domain.groupings import NAMES, TAG, Group, grouping

TOP = 40
"""Lines of a table, unless somebody wants more: callers make up models and tags."""

_NONE = "(none)"


def add_by(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--by",
        action="append",
        type=_name,
        metavar="WHAT",
        help=f"{', '.join(NAMES)} or tag:NAME; may be given several times (default: model)",
    )
    parser.add_argument(
        "--top",
        type=whole(1, 10**9, "count of lines"),
        default=TOP,
        metavar="N",
        help=f"of the table's lines; the others are one, and JSON has all (default: {TOP})",
    )


def names_of(args: argparse.Namespace) -> list[str]:
    """What was asked for, each once."""
    return list(dict.fromkeys(args.by or ["model"]))


def _name(text: str) -> str:
    try:
        grouping(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error
    return text


def headings(by: Sequence[str]) -> list[Column]:
    """``Model``, ``Day``; a tag by its own name."""
    return [Column(name.removeprefix(TAG) if name.startswith(TAG) else name.capitalize()) for name in by]


def labels(group: Group) -> list[str]:
    """A group's values for a table."""
    return [_NONE if value is None else value for value in group]


def others(by: Sequence[str], number: int) -> Group:
    """The group of those that have no line of their own."""
    return (f"({number} more)", *("" for _ in by[1:]))
