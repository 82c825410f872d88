from collections.abc import Callable

from tornado_gateway.domain.ledger import LedgerQuery, LedgerRow
from tornado_gateway.storage.pages import Place, pages


def test_no_page_is_fetched_before_it_is_wanted(row: Callable[..., LedgerRow]) -> None:
    rows = [row() for _ in range(7)]
    asked: list[tuple[str | None, int]] = []

    def fetch(query: LedgerQuery, after: Place | None, size: int) -> list[LedgerRow]:
        asked.append((after and after[1], size))
        begin = 0 if after is None else int(after[1])
        return rows[begin : begin + size]

    reading = pages(LedgerQuery(limit=5), fetch, size=3)
    assert asked == []
    assert next(reading) is rows[0]
    assert asked == [(None, 3)]
    assert list(reading) == rows[1:5]
    assert asked == [(None, 3), ("00000003", 2)]
    assert list(pages(LedgerQuery(), fetch, size=7)) == rows
    assert asked[2:] == [(None, 7), ("00000007", 7)]
