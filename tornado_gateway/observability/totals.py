"""Processes' tables as bytes, and many processes' tables added up. Pure."""

from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal
from typing import Any

import msgspec

from tornado_gateway.domain.money import EXACT
from tornado_gateway.observability.histogram import Histogram
from tornado_gateway.observability.tables import Table, Value

_JOINED_BY: dict[str, Callable[[Any, Any], Any]] = {
    "state": max,
    "info": max,
    "up": min,
    "available": min,
}
"""How gauges become one, by the last word of their names: the worst state that any process sees. Others are summed."""


class _Sent(msgspec.Struct):
    """A table on a page. ``values`` are keys and values in turn; a histogram is its counts and sum, its bounds are
    the table's; a decimal is its text."""

    name: str
    text: str
    kind: str
    labels: tuple[str, ...]
    values: list[Any]
    bounds: tuple[float, ...] | None = None


class _Page(msgspec.Struct):
    """What the process did, and what those before it did whose place it has."""

    own: list[_Sent]
    before: msgspec.Raw


def _counts(value: Any) -> Any:
    assert isinstance(value, Histogram)
    return value.counts, value.sum


_ENCODER = msgspec.msgpack.Encoder(enc_hook=_counts)
_PAGE = msgspec.msgpack.Decoder(_Page)
_TABLES = msgspec.msgpack.Decoder(list[_Sent])
NOTHING_BEFORE = _ENCODER.encode([])


def page_of(tables: Iterable[Table], before: bytes = NOTHING_BEFORE) -> bytes:
    """What a process shows others; ``before`` is what ``left_by`` made of its predecessor's page."""
    return _ENCODER.encode(_Page([_sent(table) for table in tables], msgspec.Raw(before)))


def left_by(page: bytes) -> bytes:
    """What a process did that is gone, without what it was."""
    totals = Totals()
    totals.add(page, alive=False)
    return _ENCODER.encode([_sent(table) for table in totals.tables()])


class Totals:
    """Adds pages up."""

    def __init__(self) -> None:
        self._tables: dict[str, Table] = {}

    def add(self, page: bytes, *, alive: bool) -> None:
        """What a process did counts on without it; what it is, its gauges, does not. A page of a version that writes
        others is left out, which lasts as long as workers are being replaced."""
        try:
            decoded = _PAGE.decode(page)
            found = [*_received(_TABLES.decode(decoded.before)), *_received(decoded.own)]
        except (msgspec.MsgspecError, ArithmeticError, TypeError, ValueError):
            return
        for table in found:
            if alive or table.kind != "gauge":
                self._add(table)

    def tables(self) -> Iterator[Table]:
        yield from self._tables.values()

    def _add(self, table: Table) -> None:
        known = self._tables.setdefault(table.name, msgspec.structs.replace(table, values={}))
        if not known.values:
            known.labels = table.labels  # a table that came empty may not know them
        values: dict[Any, Value] = known.values  # type: ignore[assignment] # it was made here
        join = _JOINED_BY.get(table.name.rsplit("_", 1)[1], _sum) if table.kind == "gauge" else _sum
        for key, value in table.values.items():
            values[key] = join(values[key], value) if key in values else value


def _sum(one: Any, other: Any) -> Any:
    if isinstance(one, Histogram) and isinstance(other, Histogram):
        if one.bounds != other.bounds:
            return one  # another version's
        joined = Histogram(one.bounds)
        joined.counts = [mine + theirs for mine, theirs in zip(one.counts, other.counts, strict=True)]
        joined.sum = one.sum + other.sum
        return joined
    if isinstance(one, Decimal) and isinstance(other, Decimal):
        return EXACT.add(one, other)
    return one + other


def _sent(table: Table) -> _Sent:
    bounds = next((tuple(value.bounds) for value in table.values.values() if isinstance(value, Histogram)), None)
    values = [part for pair in table.values.items() for part in pair]
    return _Sent(table.name, table.text, table.kind, table.labels, values, bounds)


def _received(tables: Iterable[_Sent]) -> Iterator[Table]:
    for sent in tables:
        pairs = zip(sent.values[::2], sent.values[1::2], strict=True)
        values = {tuple(key) if isinstance(key, list) else key: _value(value, sent.bounds) for key, value in pairs}
        yield Table(sent.name, sent.text, sent.kind, sent.labels, values)


def _value(value: Any, bounds: tuple[float, ...] | None) -> Value:
    if isinstance(value, list) and bounds is not None:
        histogram = Histogram(bounds)
        histogram.counts, histogram.sum = value
        return histogram
    return Decimal(value) if isinstance(value, str) else value
