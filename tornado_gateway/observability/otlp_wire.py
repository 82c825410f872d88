"""Pieces of OTLP's protobuf, put together by hand: serialized messages of one type may be joined, which is how protobuf
merges them.

Wire: opentelemetry-proto, ``common.proto``; "Encoding" of protobuf's documentation.
"""

from functools import lru_cache

from opentelemetry.proto.common.v1.common_pb2 import AnyValue, ArrayValue, KeyValue
from opentelemetry.proto.trace.v1.trace_pb2 import Span

REMEMBERED = 8192
"""Pieces of a kind that are kept, for they come again."""

_SPANS = 2

Value = str | int | float | bool | tuple[str, ...]


def attribute(key: str, value: Value) -> bytes:
    """A span with this attribute alone, to be joined with the rest of it."""
    encoded: bytes = Span(attributes=[pair_of(key, value)]).SerializeToString()
    return encoded


def text(key: str, value: str) -> bytes:
    """``attribute`` for a text that no other span has."""
    encoded = value.encode()
    return _text_head(key, len(encoded)) + encoded


@lru_cache(REMEMBERED)
def _text_head(key: str, size: int) -> bytes:
    """What stands in a span before the ``size`` bytes of the attribute ``key``, a text."""
    return _value_head(key, head(1, size), size)


Place = tuple[bytes, int]
"""In a template: what stands before a value, and the value's size in bytes."""


def text_place(key: str, size: int, before: bytes = b"") -> Place:
    """The place of ``text``'s value."""
    return before + _text_head(key, size), size


def template(block: bytes, *places: Place) -> bytes:
    """The field ``spans`` of ``ScopeSpans``, to be completed with the values by ``%``: a span with ``block`` and them.

    It fits values of just these sizes, for protobuf says the whole's first.
    """
    size = len(block) + sum(len(before) + value for before, value in places)
    return _plain(head(_SPANS, size) + block) + b"".join(_plain(before) + b"%b" for before, _ in places)


def _plain(piece: bytes) -> bytes:
    return piece.replace(b"%", b"%%")


def count(key: str, value: int) -> bytes:
    """``attribute`` for a number of things, of which there are many."""
    number = varint(value)
    return _count_head(key, len(number)) + number


@lru_cache(REMEMBERED)
def _count_head(key: str, size: int) -> bytes:
    return _value_head(key, b"\x18", size)


def _value_head(key: str, tag: bytes, size: int) -> bytes:
    named: bytes = KeyValue(key=key).SerializeToString()
    pair = named + head(2, len(tag) + size) + tag
    return head(9, len(pair) + size) + pair


def delimited(tag: int, body: bytes) -> bytes:
    """The field ``tag`` (below 16) of a message, of a type that has a length."""
    return head(tag, len(body)) + body


@lru_cache(REMEMBERED)
def head(tag: int, size: int) -> bytes:
    """What stands before the ``size`` bytes of such a field."""
    return bytes((tag << 3 | 2,)) + varint(size)


def varint(number: int) -> bytes:
    """``number``, which is not negative, seven bits a byte."""
    made = bytearray()
    while number > 0x7F:
        made.append(number & 0x7F | 0x80)
        number >>= 7
    made.append(number)
    return bytes(made)


def pair_of(key: str, value: Value) -> KeyValue:
    if isinstance(value, bool):
        return KeyValue(key=key, value=AnyValue(bool_value=value))
    if isinstance(value, str):
        return KeyValue(key=key, value=AnyValue(string_value=value))
    if isinstance(value, int):
        return KeyValue(key=key, value=AnyValue(int_value=value))
    if isinstance(value, float):
        return KeyValue(key=key, value=AnyValue(double_value=value))
    return KeyValue(key=key, value=AnyValue(array_value=ArrayValue(values=[AnyValue(string_value=v) for v in value])))
