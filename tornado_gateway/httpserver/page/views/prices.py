"""The price table: what each row says, until when it holds, and where the public list says something else."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from tornado_gateway.httpserver.page.formats import Amount, moment, money, money_column
from tornado_gateway.httpserver.page.views.receipts import spoken

_COLUMNS = ("input", "output", "cached_input")
_FACTORS = ("batch", "priority")
_FEW = 6
_VERDICTS = {
    "same": ("good", "as listed"),
    "near": ("good", "nearly as listed"),
    "differs": ("bad", "differs"),
    "unknown": ("idle", "not on the list"),
    "free": ("idle", "free"),
    "ignored": ("idle", "not compared"),
}


@dataclass(frozen=True, slots=True)
class Badge:
    level: str
    words: str


@dataclass(frozen=True, slots=True)
class CardRow:
    """``rates`` are those of the table's columns, ``more`` says all else that a call's price may depend on."""

    model: str
    line: int | None
    free: bool
    rates: Sequence[Amount]
    more: Sequence[str]
    held: str
    badges: Sequence[Badge]
    source: str | None
    review_by: str | None


@dataclass(frozen=True, slots=True)
class DriftRow:
    row: str
    line: int | None
    verdict: Badge
    note: str
    differences: Sequence[str]
    more: Sequence[str]
    """Those beyond the first few: a pattern's row may differ from a hundred models."""


@dataclass(frozen=True, slots=True)
class PricesView:
    currency: str
    columns: Sequence[str]
    cards: Sequence[CardRow]
    due: int
    allow_unpriced: bool
    drift: Sequence[DriftRow] | None
    """None where it was not asked for. Those that differ come first."""
    public_list: str | None
    missing: str | None
    differing: int


def prices_view(document: Mapping[str, Any]) -> PricesView:
    """Of what ``GET prices`` answers."""
    cards = document["cards"]
    columns = [money_column(card["rates"].get(name) for card in cards) for name in _COLUMNS]
    drift = document["drift"]
    rows = None if drift is None else sorted(map(_drift, drift["rows"]), key=lambda row: row.verdict.level != "bad")
    return PricesView(
        currency=document["currency"],
        columns=[spoken(name) for name in _COLUMNS],
        cards=[_card(card, rates) for card, rates in zip(cards, zip(*columns, strict=True), strict=True)],
        due=sum(card["review_due"] for card in cards),
        allow_unpriced=document["allow_unpriced"],
        drift=rows,
        public_list=None if drift is None else drift["list"],
        missing=None if drift is None else drift["missing"],
        differing=sum(row.verdict.level == "bad" for row in rows or ()),
    )


def _card(card: Mapping[str, Any], rates: Sequence[Amount]) -> CardRow:
    return CardRow(
        model=card["model"],
        line=card["line"],
        free=card["free"],
        rates=rates,
        more=list(_more(card)),
        held=_held(card),
        badges=list(_badges(card)),
        source=card["source"],
        review_by=card["review_by"],
    )


def _more(card: Mapping[str, Any]) -> Iterator[str]:
    rest = {name: rate for name, rate in card["rates"].items() if name not in _COLUMNS}
    if rest:
        yield ", ".join(
            f"{spoken(name)} times {Decimal(rate):f}" if name in _FACTORS else f"{spoken(name)} {money(rate)}"
            for name, rate in rest.items()
        )
    for tier in card["tiers"]:
        prices = ", ".join(f"{spoken(name)} {money(rate)}" for name, rate in tier["rates"].items())
        beyond = "what is beyond" if card["marginal"] else "all of it"
        yield f"above {tier['above']:,} tokens, {beyond}: {prices}"
    peak = card["off_peak"]
    if peak is not None:
        yield f"times {Decimal(peak['factor']):f} at {peak['hours']} ({peak['time_zone']})"


def _held(card: Mapping[str, Any]) -> str:
    since, until = card["valid_from"], card["valid_until"]
    if since is None and until is None:
        return "always"
    parts = [] if since is None else [f"from {moment(since).removesuffix(' 00:00:00')}"]
    return " ".join([*parts, *([] if until is None else [_until(until)])])


def _until(text: str) -> str:
    """The end of a day is said as the file says it: by the day."""
    end = datetime.fromisoformat(text).astimezone(UTC)
    midnight = end.time() == time()
    return f"through {(end - timedelta(days=1)).date()}" if midnight else f"until {moment(text)}"


def _badges(card: Mapping[str, Any]) -> Iterator[Badge]:
    if card["state"] == "current":
        yield Badge("good", "in force")
    elif card["state"] == "past":
        yield Badge("idle", "over")
    else:
        yield Badge("idle", "to come")
    if card["review_due"]:
        yield Badge("warn", "review due")


def _drift(row: Mapping[str, Any]) -> DriftRow:
    level, words = _VERDICTS[row["verdict"]]
    differences = [_difference(each) for each in row["differences"]]
    return DriftRow(
        row=row["row"],
        line=row["line"],
        verdict=Badge(level, words),
        note=row["note"],
        differences=differences[:_FEW],
        more=differences[_FEW:],
    )


def _difference(each: Mapping[str, Any]) -> str:
    since = f" since {each['since']}" if each["since"] is not None else ""
    return f"{spoken(each['price'])}: {_figure(each['file'])} here, {_figure(each['list'])} for {each['listed']}{since}"


def _figure(value: Decimal | int | str) -> str:
    return value if isinstance(value, str) else money(value)
