"""One request with its receipts: what its cost is made of, item by item, and whether it adds up."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from tornado_gateway.httpserver.page.formats import Amount, count, moment, money, money_column, seconds
from tornado_gateway.httpserver.page.views.requests import level


@dataclass(frozen=True, slots=True)
class Item:
    """``rate`` is for ``per`` of them; ``tier`` says where the rate is from."""

    bucket: str
    count: str
    rate: Amount
    per: str
    amount: Amount
    tier: str


@dataclass(frozen=True, slots=True)
class ReceiptView:
    row: str | None
    line: int | None
    free: bool
    items: Sequence[Item]
    factors: Sequence[tuple[str, str]]
    total: str
    currency: str
    estimated: bool
    revision: str


@dataclass(frozen=True, slots=True)
class CallView:
    """``facts`` are names and values, ``row`` is as the API tells it."""

    row: Mapping[str, Any]
    level: str
    facts: Sequence[tuple[str, str]]
    usage: Sequence[tuple[str, str]]
    cost: str
    receipt: ReceiptView | None
    recomputed: str | None
    by_file: str | None
    by_file_row: str | None
    by_file_line: int | None
    differences: Sequence[str]


@dataclass(frozen=True, slots=True)
class RequestView:
    request_id: str
    revision: str
    calls: Sequence[CallView]


def request_view(document: Mapping[str, Any]) -> RequestView:
    """Of what ``GET requests/ID`` answers."""
    return RequestView(document["request_id"], document["revision"], [_call(row) for row in document["calls"]])


def _call(row: Mapping[str, Any]) -> CallView:
    by_file = row["by_file"]
    return CallView(
        row=row,
        level=level(row["status"]),
        facts=[(name, value) for name, value in _facts(row) if value],
        usage=list(_usage(row["usage"])),
        cost=money(row["cost"]),
        receipt=None if row["receipt"] is None else _receipt(row["receipt"]),
        recomputed=None if row["recomputed"] is None else money(row["recomputed"]),
        by_file=None if by_file is None else money(by_file["cost"]),
        by_file_row=None if by_file is None else by_file["row"],
        by_file_line=None if by_file is None else by_file["line"],
        differences=row["differences"],
    )


def _facts(row: Mapping[str, Any]) -> Iterator[tuple[str, str | None]]:
    yield "Ended", f"{moment(row['finished_at'])} UTC"
    yield "Took", seconds(row["duration"])
    first = row["time_to_first_token"]
    yield "First token", None if first is None else f"after {seconds(first)}"
    yield "Asked for", row["requested_model"]
    yield "Route", row["route"]
    yield "Provider", row["provider"]
    yield "Model", row["model"]
    yield "Key", row["key"]
    yield "Dialect", f"{row['dialect']}{', streaming' if row['streaming'] else ''}"
    yield "Attempts", count(row["attempts"])
    yield "Finish reason", row["finish_reason"]
    yield "Tags", "\n".join(f"{name}={value}" for name, value in row["tags"].items())
    yield "Saved by the cache", None if row["saved"] is None else f"{money(row['saved'])} USD"
    yield "Revision", row["revision"]


def _usage(usage: Mapping[str, Any] | None) -> Iterator[tuple[str, str]]:
    if usage is None:
        return
    for bucket, tokens in usage["buckets"].items():
        yield spoken(bucket), count(tokens)
    if usage["images"] is not None:
        yield "images", count(usage["images"])


def _receipt(document: Mapping[str, Any]) -> ReceiptView:
    """The document is as the ledger keeps it: money in it is text, and what says nothing may be missing."""
    items = document.get("items", [])
    rates = money_column(Decimal(item["rate"]) for item in items)
    amounts = money_column(Decimal(item["amount"]) for item in items)
    return ReceiptView(
        row=document.get("row"),
        line=document.get("line"),
        free=document.get("free", False),
        items=[
            Item(
                bucket=spoken(item["bucket"]),
                count=count(item["count"]),
                rate=rate,
                per="each" if item["per"] == 1 else f"per {item['per']:,}",
                amount=amount,
                tier=f"above {item['above']:,}" if item.get("above") is not None else "",
            )
            for item, rate, amount in zip(items, rates, amounts, strict=True)
        ],
        factors=list(document.get("factors", {}).items()),
        total=money(Decimal(document["total"])),
        currency=document.get("currency", "USD"),
        estimated=document.get("estimated", False),
        revision=document["revision"],
    )


def spoken(name: str) -> str:
    """``cache_write_1h`` as ``cache write 1h``."""
    return name.replace("_", " ")
