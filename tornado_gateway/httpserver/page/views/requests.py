"""The calls of the ledger as a table, and what they may be narrowed to."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from tornado_gateway.httpserver.page.formats import Amount, money_column

FILTERS = ("since", "until", "key", "route", "provider", "model", "status", "tag")
PAGE = 50

_SPANS = (("1h", "1 hour"), ("24h", "24 hours"), ("7d", "7 days"), ("30d", "30 days"))


@dataclass(frozen=True, slots=True)
class Call:
    """``row`` is as ``GET requests`` tells it."""

    row: Mapping[str, Any]
    address: str
    cost: Amount
    level: str


@dataclass(frozen=True, slots=True)
class Narrowed:
    """A filter that is set: its words, and the address without it."""

    name: str
    value: str
    without: str


@dataclass(frozen=True, slots=True)
class RequestsView:
    calls: Sequence[Call]
    narrowed: Sequence[Narrowed]
    spans: Sequence[tuple[str, str, bool]]
    """Address, words, and whether it is the one that is shown."""
    older: str | None
    newest: str | None


def requests_view(document: Mapping[str, Any], asked: Mapping[str, Sequence[str]]) -> RequestsView:
    """Of what ``GET requests`` answers to ``asked``."""
    rows = document["requests"]
    costs = money_column(row["cost"] for row in rows)
    calls = [
        Call(row, address_of(row["request_id"]), cost, level(row["status"]))
        for row, cost in zip(rows, costs, strict=True)
    ]
    filters = {name: list(values) for name, values in asked.items() if name in FILTERS}
    following = document["next"]
    return RequestsView(
        calls=calls,
        narrowed=[_narrowed(filters, name, place) for name, values in filters.items() for place in range(len(values))],
        spans=[
            (_address(filters | {"since": [span], "until": []}), words, filters.get("since") == [span])
            for span, words in _SPANS
        ],
        older=None if following is None else _address(filters | {"cursor": [following]}),
        newest=_address(filters) if "cursor" in asked else None,
    )


def fields(filters: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """What the form's fields hold."""
    return {name: next(iter(filters.get(name, ())), "") for name in FILTERS}


def address_of(request_id: str) -> str:
    return f"/admin/requests/{quote(request_id, safe='')}"


def level(status: int) -> str:
    """As what a status is shown."""
    if status >= 500:
        return "bad"
    return "warn" if status >= 400 else "good"


def _narrowed(filters: Mapping[str, Sequence[str]], name: str, place: int) -> Narrowed:
    rest = [value for at, value in enumerate(filters[name]) if at != place]
    return Narrowed(name, filters[name][place], _address({**filters, name: rest}))


def _address(parameters: Mapping[str, Sequence[str]]) -> str:
    query = urlencode([(name, value) for name, values in parameters.items() for value in values])
    return f"/admin/requests?{query}" if query else "/admin/requests"
