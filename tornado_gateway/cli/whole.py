"""Whole numbers of a command line."""

import argparse
from collections.abc import Callable

_MOST_DIGITS = 19
"""Python refuses to make an int of thousands of digits."""


def whole(least: int, most: int, what: str) -> Callable[[str], int]:
    """A reader for ``argparse``: ``what`` is named where a text is none, or not from ``least`` to ``most``."""

    def read(text: str) -> int:
        digits = text.strip()
        if not digits.isascii() or not digits.isdigit() or not least <= int(digits[:_MOST_DIGITS]) <= most:
            raise argparse.ArgumentTypeError(f"{text[:64]!r} is no {what} from {least} to {most}")
        return int(digits)

    return read


TOKENS = whole(0, 10**12, "count of tokens")
