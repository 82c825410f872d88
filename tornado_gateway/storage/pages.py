"""Rows of a ledger, a page at a time."""

from collections.abc import Callable, Iterator
from datetime import datetime

from tornado_gateway.domain.ledger import LedgerQuery, LedgerRow

Place = tuple[datetime, str]
FetchPage = Callable[[LedgerQuery, Place | None, int], list[LedgerRow]]
"""At most so many rows behind a place, in the query's order."""


def pages(query: LedgerQuery, fetch: FetchPage, *, size: int) -> Iterator[LedgerRow]:
    """All rows of the query's answer; a page goes on behind the last row of the one before."""
    after, left = query.after, query.limit
    while left is None or left > 0:
        wanted = size if left is None else min(size, left)
        found = fetch(query, after, wanted)
        yield from found
        if len(found) < wanted:
            return
        after = (found[-1].finished_at, found[-1].id)
        left = None if left is None else left - wanted
