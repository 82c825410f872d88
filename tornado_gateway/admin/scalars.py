"""The texts of a gateway.yaml, each with its path and its place: what is masked in it, and what it refers to."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import yaml

from tornado_gateway.config.source import Path

REFERENCE = re.compile(r"\$\$|\$\{(?P<name>file:[^}:]+|[A-Za-z_][A-Za-z0-9_]*)(?::-(?P<default>[^}]*))?\}")
"""``$$``, ``${NAME:-default}`` or ``${file:/path:-default}``."""

_PROPERTIES = re.compile(r"(?:[&!]\S*\s+)*")


class NotYaml(ValueError):
    """Nobody can tell where anything stands in it."""


@dataclass(frozen=True, slots=True)
class Scalar:
    """``start`` to ``end`` is its place in the text, quotes and all; an anchor before it is no part of it."""

    path: Path
    value: str
    start: int
    end: int
    block: bool


def scalars(text: str) -> Iterator[Scalar]:
    """All values in the order of the file; one that several places point to comes once for each.

    Raises ``NotYaml``.
    """
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except (yaml.YAMLError, RecursionError) as error:
        raise NotYaml from error
    if node is not None:
        yield from _walk(node, (), text, set())


def _walk(node: yaml.Node, path: Path, text: str, seen: set[int]) -> Iterator[Scalar]:
    if isinstance(node, yaml.ScalarNode):
        begin, end = node.start_mark.index, node.end_mark.index
        skipped = _PROPERTIES.match(text, begin, end)
        block = node.style in ("|", ">")
        yield Scalar(path, node.value, begin if skipped is None else skipped.end(), end, block)
        return
    if id(node) in seen:
        return  # an anchor that holds itself, or a bomb of aliases
    seen.add(id(node))
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            name = key.value if isinstance(key, yaml.ScalarNode) else "?"
            yield from _walk(value, (*path, name), text, seen)
    else:
        for index, item in enumerate(node.value):
            yield from _walk(item, (*path, index), text, seen)


def literal(value: str) -> str:
    """What a value says itself: without references, but with what stands for them where they are not set."""
    return REFERENCE.sub(lambda match: "$" if match[0] == "$$" else match["default"] or "", value)


def names(value: str) -> set[str]:
    """What a value refers to: variables of the environment, and ``file:/path``."""
    return {match["name"] for match in REFERENCE.finditer(value) if match["name"] is not None}
