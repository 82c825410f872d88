"""Counts as providers report them, made fit to be summed: whatever they say, no bucket is negative, no token is lost.

Sums are what a provider bills. A breakdown tells of which kind their tokens are, and is cut where it tells of more.
"""

from math import ceil, isfinite

Count = int | float | None
"""A count as it may come: there is who writes 12.0, and None is one that did not come."""

MOST = 10**15
"""No call uses more: what is beyond is no count, and no database has a place for any number of digits."""


def whole(count: Count) -> int | None:
    """``count`` as what it can only mean."""
    if count is None:
        return None
    if isinstance(count, int):
        return count if 0 <= count <= MOST else min(max(0, count), MOST)
    if not isfinite(count):
        return None
    return min(max(0, ceil(count)), MOST)


def split(total: Count, *parts: Count) -> tuple[int, tuple[int | None, ...]]:
    """What ``parts`` leave of ``total``, and the parts: all together they are the total.

    An earlier part has its tokens before a later one. Without a total the parts are it.
    """
    counts = tuple([whole(part) for part in parts])
    left = whole(total)
    if left is None:
        return 0, counts
    rest = left
    for count in counts:
        if count:
            rest -= count
    if rest >= 0:
        return rest, counts
    kept: list[int | None] = []
    for count in counts:
        fits = count if count is None else min(count, left)
        left -= fits or 0
        kept.append(fits)
    return left, tuple(kept)
