"""Where each entry of a YAML text stands, to the character: what an edit that touches nothing else needs. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

import yaml

Style = Literal["block", "flow", "scalar", "alias"]


@dataclass(frozen=True, slots=True)
class Node:
    """``start`` and ``end`` are places in the text. A block ends with its last entry, comments after it left out.

    ``quoted`` is True for a text in double quotes, ``anchor`` where the node has a name for others to refer to.
    """

    start: int
    end: int
    style: Style
    quoted: bool = False
    anchor: bool = False
    text: str = ""
    entries: "tuple[Entry, ...]" = ()
    items: "tuple[Node, ...]" = ()
    mapping: bool = False

    def find(self, key: str) -> "Entry | None":
        return next((entry for entry in self.entries if entry.key.text == key), None)

    def walk(self) -> "Iterator[Node]":
        """The node and all below it."""
        yield self
        for entry in self.entries:
            yield entry.key
            yield from entry.value.walk()
        for item in self.items:
            yield from item.walk()


@dataclass(frozen=True, slots=True)
class Entry:
    """A key of a mapping and its value; a value that is not there is empty and stands behind the key's colon."""

    key: Node
    value: Node

    @property
    def start(self) -> int:
        return self.key.start

    @property
    def end(self) -> int:
        return max(self.key.end, self.value.end)


def layout(text: str) -> Node:
    """The root of ``text``'s only document. Raises ``yaml.YAMLError``."""
    events: Iterator[Any] = (
        event
        for event in yaml.parse(text, Loader=yaml.SafeLoader)
        if isinstance(event, yaml.NodeEvent | yaml.CollectionEndEvent)
    )
    first: Any = next(events, None)
    return Node(0, 0, "scalar") if first is None else _node(first, events, text)


def _node(event: Any, events: Iterator[Any], text: str) -> Node:
    start, end = event.start_mark.index, _end(event)
    if isinstance(event, yaml.AliasEvent):
        return Node(start, end, "alias")
    anchor = event.anchor is not None
    if isinstance(event, yaml.ScalarEvent):
        if event.style in ("|", ">"):
            # Its mark stands before whatever comes next, blank lines and comments left behind.
            end = start + len(text[start:end].rstrip())
        return Node(start, end, "scalar", quoted=event.style == '"', anchor=anchor, text=event.value)
    children: list[Node] = []
    inner = next(events)
    while not isinstance(inner, yaml.CollectionEndEvent):
        children.append(_node(inner, events, text))
        inner = next(events)
    end = _end(inner) if event.flow_style else children[-1].end
    style: Style = "flow" if event.flow_style else "block"
    if isinstance(event, yaml.SequenceStartEvent):
        return Node(start, end, style, anchor=anchor, items=tuple(children))
    entries = tuple(Entry(name, value) for name, value in zip(children[::2], children[1::2], strict=True))
    return Node(start, end, style, anchor=anchor, entries=entries, mapping=True)


def _end(event: Any) -> int:
    end: int = event.end_mark.index
    return end
