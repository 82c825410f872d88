"""Each price row of a file against the public list, now and at each change that either of them announces. Pure."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Literal

from tornado_gateway.config.decode_prices import card
from tornado_gateway.config.model import Settings
from tornado_gateway.domain.money import PriceCard, decimal_digits
from tornado_gateway.domain.prices import PriceTable
from tornado_gateway.pricelist.catalog import Catalog
from tornado_gateway.pricelist.comparison import Difference, differences
from tornado_gateway.pricelist.terms import Terms, Unsayable, terms

if TYPE_CHECKING:
    from genai_prices.types import ModelInfo, Provider

Verdict = Literal["same", "near", "differs", "unknown", "free", "ignored"]


@dataclass(frozen=True, slots=True)
class Compared:
    """``listed`` is the list's own name of a model that a row prices; ``unsaid`` is what it has that no row can say."""

    listed: str
    differences: tuple[Difference, ...] = ()
    unsaid: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Finding:
    """One row. ``near`` is different by no more than the tolerance; ``note`` says what a verdict alone does not."""

    row: str
    line: int | None
    verdict: Verdict
    compared: tuple[Compared, ...] = ()
    note: str = ""


class Survey:
    """Of the rows of ``settings`` at ``now``."""

    def __init__(self, catalog: Catalog, settings: Settings, now: datetime) -> None:
        self._catalog = catalog
        self._now = now
        self._table = PriceTable(settings.prices)
        self._providers = {provider.name: provider for provider in settings.providers}

    def findings(self, *, tolerance: Decimal = Decimal(0), ignore: Collection[str] = ()) -> Iterator[Finding]:
        """All rows in the file's order. ``tolerance`` is in percent, ``ignore`` are rows by name or by pattern."""
        cards = sorted(self._table, key=lambda each: each.line or 0)
        for name in dict.fromkeys(each.model for each in cards):
            row = self._table.row(name)
            if any(fnmatchcase(name, pattern) for pattern in ignore):
                yield Finding(name, row[0].line, "ignored")
            else:
                yield self._row(row, tolerance)

    def _row(self, row: Sequence[PriceCard], tolerance: Decimal) -> Finding:
        found = Finding(row[0].model, min(each.line or 0 for each in row) or None, "unknown")
        settings = self._providers[found.row.partition("/")[0]]
        provider = self._catalog.behind(settings.kind, settings.options.get("vendor"), settings.base_url)
        if all(each.free for each in row):
            return replace(found, verdict="free", note="" if provider is None else self._asked(provider, found.row))
        if provider is None:
            return replace(found, note="its provider has no public prices")
        compared: list[Compared] = []
        note = f"{provider.name} has no model of that name on the list"
        for listed in self._models(provider, found.row):
            try:
                compared.append(self._compare(row, listed, terms(listed, self._now.date())))
            except Unsayable as unsayable:
                note = str(unsayable)
        if not compared:
            return replace(found, note=note)
        gone = [each for one in compared for each in one.differences]
        beyond = any(each.beyond(tolerance) for each in gone)
        verdict: Verdict = "differs" if beyond else "near" if gone else "same"
        return replace(found, verdict=verdict, compared=tuple(compared))

    def _models(self, provider: "Provider", row: str) -> "Iterator[ModelInfo]":
        """What the row prices: one model, or as many as its pattern gets and no better row does."""
        name, _, model = row.partition("/")
        if not model.endswith("*"):
            listed = self._catalog.find(provider, model)
            if listed is not None:
                yield listed
            return
        told: set[str] = set()
        for each in self._catalog.names(provider, model[:-1]):
            listed = self._catalog.find(provider, each)
            if listed is not None and listed.id not in told and self._table.row(f"{name}/{each}")[0].model == row:
                told.add(listed.id)
                yield listed

    def _compare(self, row: Sequence[PriceCard], listed: "ModelInfo", found: Terms) -> Compared:
        theirs = [card(row[0].model, dict(entry)) for entry in found.cards]
        ends = {end for each in (*row, *theirs) for end in (each.valid_from, each.valid_until) if end is not None}
        told: dict[tuple[object, ...], Difference] = {}
        for moment in (self._now, *sorted(end for end in ends if end > self._now)):
            other = next(each for each in theirs if each.valid(moment))
            own = next((each for each in row if each.valid(moment)), None)
            if own is None:
                differing = iter([Difference("price", "none", f"input {decimal_digits(other.input)}")])
            else:
                differing = differences(own, other, vague=found.vague, at=moment)
            for each in differing:
                since = None if moment == self._now else moment.date()
                told.setdefault((each.what, each.ours, each.theirs), replace(each, since=since))
        return Compared(listed.id, tuple(told.values()), found.unsaid)

    def _asked(self, provider: "Provider", row: str) -> str:
        """What the list asks for a row that says free; nothing where that is nothing."""
        for listed in self._models(provider, row):
            try:
                (asked, *_) = terms(listed, self._now.date()).cards
            except Unsayable:
                continue
            if "input" in asked:
                return f"the list asks {decimal_digits(asked['input'])} and {decimal_digits(asked['output'])}"
        return ""
