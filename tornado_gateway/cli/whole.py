"""Whole numbers of a command line."""

import argparse
from collections.abc import Callable

from tornado_gateway.reports.key_members import is_whole


def whole(least: int, most: int, what: str) -> Callable[[str], int]:
    """A reader for ``argparse``: ``what`` is named where a text is none, or not from ``least`` to ``most``."""

    def read(text: str) -> int:
        digits = text.strip()
        if not is_whole(digits, least, most):
            raise argparse.ArgumentTypeError(f"{text[:64]!r} is no {what} from {least} to {most}")
        return int(digits)

    return read


TOKENS = whole(0, 10**12, "count of tokens")
