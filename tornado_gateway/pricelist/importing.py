"""Rows from the public list: which model a name means, what its row says, and a file's text with it. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from difflib import get_close_matches
from textwrap import dedent
from typing import TYPE_CHECKING, Any, Literal

from tornado_gateway.config.crosscheck_cards import dear, unusual
from tornado_gateway.domain.usage import BUCKETS
from tornado_gateway.pricelist.catalog import Catalog
from tornado_gateway.pricelist.edits import Row, add_member, add_row, change, entry_at, remove, rewrite
from tornado_gateway.pricelist.terms import Terms, Unsayable, terms

if TYPE_CHECKING:
    from genai_prices.types import ModelInfo

ROWS = ("pricing", "models")
REVIEW_AFTER = timedelta(days=90)

_LISTED = frozenset({*BUCKETS, "request", "tiers", "tier_mode", "valid_from", "valid_until"})
"""Keys of which the list has the last word: what it no longer has is taken out of a row. Others are the operator's."""


class NotListed(Exception):
    """A name means no model of the list, or more than one: the message says what to say instead."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """``provider`` and ``model`` as the file calls them."""

    provider: str
    model: str
    listed: "ModelInfo"

    @property
    def row(self) -> str:
        return f"{self.provider}/{self.model}"


@dataclass(frozen=True, slots=True)
class Step:
    """What became of one row. ``before`` and ``after`` are its texts in the file."""

    wanted: Wanted
    done: Literal["added", "updated", "kept"]
    unsaid: tuple[str, ...]
    before: str = ""
    after: str = ""
    line: int | None = None


class Names:
    """Tells what a name means, by the providers of a file (raw, by their names)."""

    def __init__(self, catalog: Catalog, providers: Mapping[str, Any]) -> None:
        self._catalog = catalog
        self._providers = {
            name: behind
            for name, entry in providers.items()
            if isinstance(entry, dict) and (behind := self._behind(entry)) is not None
        }

    def _behind(self, entry: Mapping[str, Any]) -> Any:
        kind, vendor, base_url = (entry.get(key) for key in ("kind", "vendor", "base_url"))
        endpoints = entry.get("endpoints")
        if isinstance(endpoints, list) and endpoints and isinstance(endpoints[0], dict):
            base_url = endpoints[0].get("base_url", base_url)
        said = [each if isinstance(each, str) else None for each in (vendor, base_url)]
        return self._catalog.behind(str(kind), *said)

    def find(self, name: str, provider: str | None) -> Wanted:
        """``provider`` is None where ``name`` may begin with it, or is known to one alone. Raises ``NotListed``."""
        if provider is not None:
            return self._of(provider, name)
        first, _, rest = name.partition("/")
        if rest and first in self._providers:
            return self._of(first, rest)
        found = [each for each in self._providers if self._catalog.find(self._providers[each], name) is not None]
        if len(found) > 1:
            raise NotListed(f"{name}: {' and '.join(found)} have it: say which, as {found[0]}/{name}")
        if not found:
            raise NotListed(f"{name}: no provider of the file has such a model on the list{self._nearest(name)}")
        return self._of(found[0], name)

    def _of(self, provider: str, model: str) -> Wanted:
        behind = self._providers.get(provider)
        if behind is None:
            known = ", ".join(self._providers) or "none"
            raise NotListed(f"{provider}: no provider of the file with public prices is called so (there are: {known})")
        listed = self._catalog.find(behind, model)
        if listed is None or "*" in model:
            raise NotListed(f"{model}: {behind.name} has no such model on the list{self._nearest(model, provider)}")
        return Wanted(provider, model, listed)

    def _nearest(self, model: str, provider: str | None = None) -> str:
        names = [
            f"{name}/{known}"
            for name, behind in self._providers.items()
            if provider in (None, name)
            for known in self._catalog.names(behind, "")
        ]
        near = get_close_matches(f"{provider or ''}/{model}", names, n=3, cutoff=0.6)
        return f" (did you mean {' or '.join(near)}?)" if near else ""


def row_of(found: Terms, *, source: str, review_by: date) -> Row:
    """What a row says: one card, or a list where a change is announced."""
    cards = [{**card, **_confirmed(card), "source": source, "review_by": review_by.isoformat()} for card in found.cards]
    return cards[0] if len(cards) == 1 else cards


def _confirmed(card: Mapping[str, Any]) -> dict[str, bool]:
    """A figure that comes from the list is meant, however unusual it is."""
    prices = [(name, value) for part in (card, *card.get("tiers", ())) for name, value in part.items()]
    figures = [(name, value) for name, value in prices if isinstance(value, Decimal)]
    odd = any(unusual(name, value) or dear(name, value) for name, value in figures)
    return {"confirm_unusual": True} if odd else {}


class Import:
    """The text of a file, and ``document``, what it says, with one row after another brought into both."""

    def __init__(self, text: str, document: dict[str, Any], *, source: str, today: date) -> None:
        self.text = text
        self.document = document
        self._source = source
        self._today = today

    def bring(self, wanted: Wanted, *, update: bool) -> Step:
        """Raises ``Unsayable`` and ``CannotEdit``; text and document are as before then."""
        try:
            found = terms(wanted.listed, self._today)
        except Unsayable as unsayable:
            raise Unsayable(f"{wanted.row}: {unsayable}") from unsayable
        row = row_of(found, source=self._source, review_by=self._today + REVIEW_AFTER)
        path = (*ROWS, wanted.row)
        rows = self.document.get("pricing", {}).get("models") or {}
        before, line = self._shown(path)
        step = Step(wanted, "kept", found.unsaid, before=before, line=line)
        if wanted.row in rows and not update:
            return step
        text = self.text
        if wanted.row not in rows:
            self.text = add_row(text, ROWS, wanted.row, row)
            step = replace(step, done="added")
        else:
            row, self.text = _updated(text, path, rows[wanted.row], row)
            step = replace(step, done="updated")
        self.document = _with(self.document, path, row)
        after, line = self._shown(path)
        return replace(step, after=after, line=line)

    def route(self, wanted: Wanted) -> bool:
        """A route by the model's own name; False where there is one already."""
        if wanted.model in (self.document.get("routes") or {}):
            return False
        route = {"provider": wanted.provider}
        self.text = add_row(self.text, ("routes",), wanted.model, route)
        self.document = _with(self.document, ("routes", wanted.model), route)
        return True

    def _shown(self, path: tuple[str, ...]) -> tuple[str, int | None]:
        entry = entry_at(self.text, path)
        if entry is None:
            return "", None
        line_start = self.text.rfind("\n", 0, entry.start) + 1
        margin = self.text[line_start : entry.start]
        begin = entry.start if margin.strip() else line_start
        return dedent(self.text[begin : entry.end]), self.text.count("\n", 0, entry.start) + 1


def _updated(text: str, path: tuple[str, ...], old: Any, new: Row) -> tuple[Row, str]:
    """The row as it will be, and the text that says so; where both are one card, member by member."""
    if not isinstance(old, dict) or not isinstance(new, Mapping) or old.get("free") or "free" in new:
        if isinstance(old, dict) and not old.get("free"):
            own = {name: value for name, value in old.items() if name not in _LISTED}
            new = [{**own, **card} for card in _cards(new)]
            new = new[0] if len(new) == 1 else new
        return new, rewrite(text, path, new)
    merged = dict(old)
    last = next(iter(old))
    for name, value in new.items():
        if name not in old:
            text = add_member(text, path, name, value, behind=last)
        elif old[name] != value:
            text = change(text, (*path, name), value)
        merged[name] = value
        last = name
    for name in [name for name in old if name in _LISTED and name not in new]:
        text = remove(text, (*path, name))
        del merged[name]
    return merged, text


def _cards(row: Row) -> Iterator[Mapping[str, Any]]:
    if isinstance(row, Mapping):
        yield row
    else:
        yield from row


def _with(document: dict[str, Any], path: Sequence[str], value: Any) -> dict[str, Any]:
    """A copy with ``value`` at ``path``."""
    first, *rest = path
    inner = _with(document.get(first) or {}, rest, value) if rest else value
    return {**document, first: inner}
