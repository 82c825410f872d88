"""A YAML text as nodes with positions, tags and styles as they are written: nothing is resolved here.

Read from events and not by PyYAML's own composer, which gives out tags that nobody wrote beside those that somebody
did, and whose quick form (libyaml's) ends the process over a text that is nested deeply enough. libyaml reads a large
file in a third of the time; PyYAML's own reader has the last word, and the only one wherever the two differ.
"""

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import yaml

from tornado_gateway.config.problems import ConfigInvalid, Position, Problem

DEEPEST = 64

_ODD = re.compile(r"[\t!\ufeff\x85\u2028\u2029]|\?\s|[|>][-+0-9]*#")
"""What the two readers don't take alike: tabs are blanks to libyaml."""

_QUICK: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(slots=True, eq=False)
class Scalar:
    """``plain``: it has no quotes and is no block of text, so that it may be a number or a word of YAML's."""

    position: Position
    tag: str | None
    value: str
    plain: bool


@dataclass(slots=True, eq=False)
class Listed:
    position: Position
    tag: str | None
    value: "list[Node]"


@dataclass(slots=True, eq=False)
class Mapped:
    position: Position
    tag: str | None
    value: "list[tuple[Node, Node]]"


Node = Scalar | Listed | Mapped
"""An alias is the very node that its anchor stands at: one may hold itself."""


def nodes_of(text: str, name: str) -> Node | None:
    """The text's one document, None where there is none. Raises ``ConfigInvalid``, with ``name`` for the file's."""
    if not _ODD.search(text):
        with suppress(yaml.YAMLError):
            return _Composer(text, _QUICK, name).document()
    try:
        return _Composer(text, yaml.SafeLoader, name).document()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        position = Position(1, 1) if mark is None else Position(mark.line + 1, mark.column + 1)
        what = " ".join(part for part in (error.context, error.problem) if part)
        raise ConfigInvalid([Problem(name, position, (), f"not YAML: {what}")]) from error
    except yaml.reader.ReaderError as error:
        position = Position(
            text.count("\n", 0, error.position) + 1, error.position - text.rfind("\n", 0, error.position)
        )
        what = f"the character U+{ord(text[error.position]):04X} is not allowed"
        raise ConfigInvalid([Problem(name, position, (), f"not YAML: {what}")]) from error


class _Composer:
    def __init__(self, text: str, loader: Any, name: str) -> None:
        self._events: Iterator[Any] = yaml.parse(text, Loader=loader)
        self._name = name
        self._quick = loader is not yaml.SafeLoader
        self._anchors: dict[str, Node] = {}

    def document(self) -> Node | None:
        next(self._events)  # the stream begins
        if isinstance(next(self._events), yaml.StreamEndEvent):
            return None
        node = self._node(next(self._events), 0)
        next(self._events)  # the document ends
        further = next(self._events)
        if not isinstance(further, yaml.StreamEndEvent):
            raise self._problem(
                further, "not YAML: expected a single document in the stream but found another document"
            )
        return node

    def _node(self, event: Any, depth: int) -> Node:
        if isinstance(event, yaml.AliasEvent):
            if event.anchor not in self._anchors:
                raise self._problem(event, f"not YAML: found undefined alias {event.anchor!r}")
            return self._anchors[event.anchor]
        if event.anchor is not None and event.anchor in self._anchors:
            raise self._problem(event, f"not YAML: found duplicate anchor {event.anchor!r}")
        if depth > DEEPEST:
            raise self._problem(event, "nested too deeply")
        position = _position(event)
        if isinstance(event, yaml.ScalarEvent):
            if self._quick and not event.value:
                raise yaml.YAMLError("libyaml has another place for what is empty")
            return self._known(event, Scalar(position, event.tag, event.value, event.style in (None, "")))
        if isinstance(event, yaml.SequenceStartEvent):
            listed = Listed(position, event.tag, [])
            self._known(event, listed)
            while not isinstance(inner := next(self._events), yaml.SequenceEndEvent):
                listed.value.append(self._node(inner, depth + 1))
            return listed
        mapped = Mapped(position, event.tag, [])
        self._known(event, mapped)
        while not isinstance(inner := next(self._events), yaml.MappingEndEvent):
            key = self._node(inner, depth + 1)
            mapped.value.append((key, self._node(next(self._events), depth + 1)))
        return mapped

    def _known(self, event: Any, node: Node) -> Node:
        if event.anchor is not None:
            self._anchors[event.anchor] = node
        return node

    def _problem(self, event: Any, message: str) -> ConfigInvalid:
        return ConfigInvalid([Problem(self._name, _position(event), (), message)])


def _position(event: Any) -> Position:
    return Position(event.start_mark.line + 1, event.start_mark.column + 1)
