"""A YAML text with one entry added, changed or taken out, and not one character elsewhere touched. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any

import yaml

from tornado_gateway.pricelist import wording
from tornado_gateway.pricelist.layout import Entry, Node, layout

Path = tuple[str, ...]
Row = Mapping[str, Any] | Sequence[Mapping[str, Any]]
"""One card, or a list of them."""


class CannotEdit(Exception):
    """The text is laid out in a way that leaves an edit to people: the message says where and why."""


def entry_at(text: str, path: Path) -> Entry | None:
    """The entry at ``path``, None where there is none. Raises ``CannotEdit`` for what is no YAML."""
    try:
        node = layout(text)
    except yaml.YAMLError as error:
        raise CannotEdit(f"not YAML: {error}") from error
    entry = None
    for key in path:
        entry = node.find(key)
        if entry is None:
            return None
        node = entry.value
    return entry


def add_row(text: str, parent: Path, key: str, row: Row) -> str:
    """A new entry of the mapping at ``parent``: behind the last of the same family, else at its end.

    A family are the rows of one provider, told by what stands before a slash.
    """
    entry = _entry_of(text, parent)
    node = entry.value
    if node.style == "scalar" and node.start == node.end:
        return _add_first(text, entry, key, row)
    if not node.mapping:
        raise CannotEdit(f"{_line(text, entry.start)}: {'.'.join(parent)} is no mapping that is written out there")
    if node.style == "flow":
        return _add_to_flow(text, entry, key, row, behind=node.entries[-1] if node.entries else None)
    family = [each for each in node.entries if "/" in key and each.key.text.startswith(f"{key.partition('/')[0]}/")]
    behind = family[-1] if family else node.entries[-1]
    indent = _column(text, node.entries[0].start)
    # The neighbour's way to write a row is the file's.
    lines = _in_block(key, row, indent) if _spelled_out(behind.value) else _in_flow(key, row, indent)
    return _after_line(text, behind.end, f"{' ' * indent}{lines}")


def add_member(text: str, path: Path, key: str, value: Any, *, behind: str) -> str:
    """A new member of the card at ``path``, behind the one that is called ``behind``."""
    entry = _entry_of(text, path)
    node = entry.value
    neighbour = _entry_of(text, (*path, behind))
    if node.style == "flow":
        return _add_to_flow(text, entry, key, value, behind=neighbour)
    indent = _column(text, node.entries[0].start)
    return _after_line(text, neighbour.end, f"{' ' * indent}{wording.block({key: value}, indent)}")


def change(text: str, path: Path, value: Any) -> str:
    """Another value at ``path``, in the place and the style of the old one."""
    entry = _entry_of(text, path)
    node = entry.value
    _refuse_shared(text, node)
    if node.style == "block":
        new = wording.block(value, _column(text, node.start))
    else:
        new = wording.flow(value, quoted=entry.key.quoted)
    return _spliced(text, node.start, node.end, new)


def rewrite(text: str, path: Path, row: Row) -> str:
    """The whole row at ``path`` said anew."""
    entry = _entry_of(text, path)
    node = entry.value
    parent = _entry_of(text, path[:-1]).value
    gap = text[entry.key.end : node.start]
    if parent.style == "flow" or gap.strip() != ":":
        return change(text, path, row)
    _refuse_shared(text, node)
    indent = _column(text, entry.start)
    say = _in_block if _spelled_out(node) else _in_flow
    return _spliced(text, entry.key.end, node.end, say(path[-1], row, indent).removeprefix(wording.key(path[-1])))


def remove(text: str, path: Path) -> str:
    """Without the entry at ``path``, which must not be its mapping's only one."""
    entry = _entry_of(text, path)
    _refuse_shared(text, entry.value)
    mapping = _entry_of(text, path[:-1]).value
    place = mapping.entries.index(entry)
    if mapping.style == "block":
        begin = entry.start - _column(text, entry.start)
        if text[begin : entry.start].strip():
            raise CannotEdit(f"{_line(text, entry.start)}: {path[-1]} stands on a line with others")
        return text[:begin] + text[_line_end(text, entry.end) :]
    if place == 0:
        begin, end = entry.start, mapping.entries[1].start
        between = text[entry.end : end]
    else:
        begin, end = mapping.entries[place - 1].end, entry.end
        between = text[begin : entry.start]
    if "#" in between:
        raise CannotEdit(f"{_line(text, entry.start)}: there is a comment beside {path[-1]}")
    return text[:begin] + text[end:]


def _entry_of(text: str, path: Path) -> Entry:
    entry = entry_at(text, path)
    if entry is None:
        raise CannotEdit(f"{'.'.join(path)} is not written out in the file")
    return entry


def _spelled_out(node: Node) -> bool:
    """A member a line, and not in braces."""
    return node.style == "block" and all(item.style == "block" for item in node.items)


def _in_flow(key: str, row: Row, indent: int) -> str:
    """A new entry of a block: on its key's line where there is room, else below it."""
    name = wording.key(key)
    inner = indent + 2
    if not isinstance(row, Mapping):
        cards = (f"\n{' ' * inner}- {wording.broken(card, inner + 2)}" for card in row)
        return f"{name}:{''.join(cards)}"
    whole = f"{name}: {wording.flow(row)}"
    if indent + len(whole) <= wording.WIDTH:
        return whole
    return f"{name}:\n{' ' * inner}{wording.broken(row, inner)}"


def _in_block(key: str, row: Row, indent: int) -> str:
    inner = indent + 2
    return f"{wording.key(key)}:\n{' ' * inner}{wording.block(row, inner)}"


def _add_first(text: str, parent: Entry, key: str, row: Row) -> str:
    indent = _column(text, parent.start)
    if text[parent.start - indent : parent.start].strip():
        raise CannotEdit(f"{_line(text, parent.start)}: {parent.key.text} is empty: write {{}} there first")
    return _after_line(text, parent.key.end, f"{' ' * (indent + 2)}{_in_flow(key, row, indent + 2)}")


def _add_to_flow(text: str, parent: Entry, key: str, value: Any, *, behind: Entry | None) -> str:
    quoted = (behind or parent).key.quoted
    new = f"{wording.key(key, quoted=quoted)}: {wording.flow(value, quoted=quoted)}"
    if behind is None:
        place = text.index("{", parent.value.start) + 1
        return _spliced(text, place, place, new)
    line_start = behind.start - _column(text, behind.start)
    margin = text[line_start : behind.start]
    own_line = not margin.strip() and parent.value.start < line_start
    return _spliced(text, behind.end, behind.end, f",\n{margin}{new}" if own_line else f", {new}")


def _after_line(text: str, place: int, lines: str) -> str:
    """``lines`` behind the line in which ``place`` is."""
    end = _line_end(text, place)
    if end == len(text) and not text.endswith("\n"):
        return _spliced(text, end, end, f"\n{lines}")
    return _spliced(text, end, end, f"{lines}\n")


def _spliced(text: str, start: int, end: int, new: str) -> str:
    """With ``new`` for what stands between; its lines end as those around do."""
    newline = text.find("\n", start)
    newline = text.rfind("\n", 0, start) if newline < 0 else newline
    if newline > 0 and text[newline - 1] == "\r":
        new = new.replace("\n", "\r\n")
    return text[:start] + new + text[end:]


def _refuse_shared(text: str, node: Node) -> None:
    for each in node.walk():
        if each.anchor:
            raise CannotEdit(f"{_line(text, each.start)}: others may refer to the anchor there: change it by hand")
        if each.style == "scalar" and "${" in each.text:
            raise CannotEdit(f"{_line(text, each.start)}: {each.text} comes from the environment: change it there")


def _line_end(text: str, place: int) -> int:
    newline = text.find("\n", place)
    return len(text) if newline < 0 else newline + 1


def _column(text: str, place: int) -> int:
    return place - text.rfind("\n", 0, place) - 1


def _line(text: str, place: int) -> str:
    return f"line {text.count(chr(10), 0, place) + 1}"
