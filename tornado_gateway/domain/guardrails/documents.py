"""JSON documents as bytes: which values stand where in one, and others put in their place with every byte around kept.

A value is found where it stands, not where a decoder would keep it: of a member that is there twice both are.
"""

import json
import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import msgspec

Path = tuple[str | int, ...]

_TOKEN = re.compile(rb'[\s,:]*+(?:("(?:[^"\\]++|\\.)*+")|([\[{])|([\]}])|([^\s,:\[\]{}"]++))', re.DOTALL)


class Value(NamedTuple):
    """A scalar, or an array or object as ``whole``: its bytes are ``start`` to ``end``."""

    path: Path
    start: int
    end: int
    whole: bool = False


def values(document: bytes, path: Path = (), *, whole: frozenset[str] = frozenset()) -> Iterator[Value]:
    """Every scalar of a well-formed document. Arrays and objects of members in ``whole`` come as one value."""
    way: list[str | int] = list(path)
    objects: list[bool] = []
    naming = False
    skipping: tuple[int, int] | None = None
    for token in _TOKEN.finditer(document):
        kind = token.lastindex
        if kind == 2:
            if skipping is None and way and way[-1] in whole:
                skipping = (len(objects), token.start(2))
            naming = token[2] == b"{"
            objects.append(naming)
            way.append("" if naming else 0)
            continue
        if kind == 3:
            objects.pop()
            way.pop()
            if skipping is not None and skipping[0] == len(objects):
                yield Value(tuple(way), skipping[1], token.end(3), whole=True)
                skipping = None
        elif naming:
            way[-1] = text_of(document[token.start(1) : token.end(1)])
            naming = False
            continue
        elif skipping is None:
            yield Value(tuple(way), token.start(kind or 0), token.end(kind or 0))
        if objects:
            naming = objects[-1]
            if not naming:
                way[-1] += 1  # type: ignore[operator] # an array's place is a number


def text_of(literal: bytes) -> str:
    """The text of a string literal; half of a pair of surrogates stays what it is."""
    if b"\\" not in literal:
        return literal[1:-1].decode(errors="replace")
    try:
        return str(msgspec.json.decode(literal))
    except msgspec.DecodeError:
        return str(json.loads(literal, strict=False))


def literal_of(text: str) -> bytes:
    """``text`` as a string literal."""
    try:
        return msgspec.json.encode(text)
    except UnicodeEncodeError:
        return json.dumps(text).encode()


def spliced(document: bytes, changes: Sequence[tuple[Value, bytes]]) -> bytes:
    """The document with each value, in order, replaced by the bytes beside it."""
    parts, at = [], 0
    for value, said in changes:
        parts += [document[at : value.start], said]
        at = value.end
    return b"".join((*parts, document[at:]))
