"""gateway.yaml as values with positions.

YAML is read to its node graph and resolved here by the rules of YAML 1.2's core schema, so that ``on``, ``1:30`` and
``012`` are the texts that they look like, and a price keeps its own digits (a ``Decimal``, never a float).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal, InvalidOperation
from typing import Any

from tornado_gateway.config.nodes import DEEPEST, Listed, Mapped, Node, Scalar, nodes_of
from tornado_gateway.config.problems import ConfigInvalid, Position, Problem
from tornado_gateway.config.secret_files import SecretFiles, SecretUnreadable

Path = tuple[str | int, ...]

_NULL = frozenset({"", "~", "null", "Null", "NULL"})
_BOOLEAN = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_INTEGER = re.compile(r"[-+]?[0-9]+\Z")
_NUMBER = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?\Z")
_REFERENCE = re.compile(
    r"\$\$"
    r"|\$\{(?P<name>[A-Za-z_][A-Za-z0-9_]*)(?::-(?P<default>[^}]*))?\}"
    r"|\$\{file:(?P<file>[^}]*?)(?::-(?P<otherwise>[^}]*))?\}"
    r"|\$\{[^}]*\}?"
)
_SURROGATE = re.compile("[\ud800-\udfff]")
_CONFIDENTIAL = re.compile("KEY|TOKEN|SECRET|PASSW|CREDENTIAL", re.IGNORECASE)
SECRET_MEMBERS = frozenset({"api_key", "token", "secret", "password", "sha256"})
"""Keys of the file under which a secret stands."""
SHOWN = 60
"""Characters of a value that a message repeats at most."""
_SHORTEST = 4
"""Of a value that is worth hiding: shorter ones would be found in every second word."""
_MAX_NODES = 200_000
_MAX_INTEGER_DIGITS = 100
"""Beyond it Python refuses to make an int of the digits, and no setting is anywhere near."""


class Expanded(str):
    """A text that came out of a reference: it takes the type that the schema wants."""

    __slots__ = ()


@dataclass
class Source:
    """The file's content. ``keys`` and ``values`` hold the positions by path; ``secret`` are the paths of values that
    came from files of their own."""

    name: str
    value: Any = None
    keys: dict[Path, Position] = field(default_factory=dict)
    values: dict[Path, Position] = field(default_factory=dict)
    secret: set[Path] = field(default_factory=set)
    problems: list[Problem] = field(default_factory=list)
    confidential: dict[str, str] = field(default_factory=dict, repr=False)
    """Values of the environment that stand where a secret does somewhere in the file, or are called like one."""

    def hide(self, message: str) -> str:
        """The message without them: a variable that is written in the wrong place is told in logs and by health."""
        for name, value in self.confidential.items():
            quoted = repr(value)[1:-1]
            cut = (f"{quoted[:size]}..." for size in range(min(len(quoted), SHOWN), _SHORTEST - 1, -1))
            for said in (value, quoted, *cut):
                if len(said) >= _SHORTEST:
                    message = message.replace(said, f"(what {name} holds)")
        return message

    def position(self, path: Path) -> Position:
        """Where ``path`` stands, or the nearest place above it that stands in the file."""
        for length in range(len(path), -1, -1):
            found = self.values.get(path[:length]) or self.keys.get(path[:length])
            if found is not None:
                return found
        return Position(1, 1)

    def key_position(self, path: Path) -> Position:
        """Where the key of ``path`` stands; a list's item has no key and gives its own place."""
        return self.keys.get(path) or self.position(path)

    def problem(self, path: Path, message: str, *, key: bool = False) -> Problem:
        position = self.key_position(path) if key else self.position(path)
        return Problem(self.name, position, path, message)

    def warning(self, path: Path, message: str, *, key: bool = False) -> Problem:
        """What is odd and no reason to refuse the file."""
        return replace(self.problem(path, message, key=key), severity="warning")


def read(text: str, name: str, environ: Mapping[str, str], files: SecretFiles | None = None) -> Source:
    """The file's text as values, its references to ``environ`` and ``files`` followed. Problems of its own kind are
    collected in ``problems``.

    Raises ``ConfigInvalid`` where the text is no YAML at all.
    """
    source = Source(name)
    node = nodes_of(text, name)
    if node is None:
        source.value = {}
        return source
    source.value = _Reader(source, environ, SecretFiles() if files is None else files).read(node, ())
    return source


class _Reader:
    def __init__(self, source: Source, environ: Mapping[str, str], files: SecretFiles) -> None:
        self._source = source
        self._environ = environ
        self._files = files
        self._nodes = 0
        self._open: set[int] = set()

    def read(self, node: Node, path: Path) -> Any:
        self._nodes += 1
        if self._nodes > _MAX_NODES:
            what = "aliases blow the file up beyond measure"
            raise ConfigInvalid([Problem(self._source.name, node.position, path, what)])
        if len(path) > DEEPEST:  # a text that is not may be, by aliases within what others stand for
            raise ConfigInvalid([Problem(self._source.name, node.position, (), "nested too deeply")])
        self._source.values[path] = node.position
        if node.tag is not None:
            self._complain(node.position, path, f"the tag {node.tag!r} is not supported")
        if isinstance(node, Scalar):
            return self._scalar(node, path)
        if id(node) in self._open:
            self._complain(node.position, path, "the anchor holds itself")
            return None
        self._open.add(id(node))
        value = self._mapping(node, path) if isinstance(node, Mapped) else self._sequence(node, path)
        self._open.remove(id(node))
        return value

    def _sequence(self, node: Listed, path: Path) -> list[Any]:
        return [self.read(item, (*path, index)) for index, item in enumerate(node.value)]

    def _mapping(self, node: Mapped, path: Path) -> dict[str, Any]:
        members: dict[str, Any] = {}
        for key_node, value_node in node.value:
            position = key_node.position
            if not isinstance(key_node, Scalar):
                self._complain(position, path, "a key must be a text")
                continue
            key = self._text(key_node, path)
            if key_node.tag is not None:
                self._complain(position, (*path, key), f"the tag {key_node.tag!r} is not supported")
            if key == "<<" and key_node.plain:
                self._complain(position, path, "merge keys (<<) are not supported: write the keys out")
                continue
            inner = (*path, key)
            if key in members:
                first = self._source.keys[inner]
                where = f"line {first.line}, column {first.column}"
                self._complain(position, inner, f"duplicate key, first given in {where}")
                continue
            if "${" in key:
                self._complain(position, inner, "references are for values: write the key out")
                continue
            self._source.keys[inner] = position
            members[key] = self.read(value_node, inner)
        return members

    def _scalar(self, node: Scalar, path: Path) -> Any:
        text = self._text(node, path)
        if node.plain:
            plain = _plain(text)
            if plain is not text:
                return plain
        if "$" not in text:
            return text
        return self._expand(text, path)

    def _text(self, node: Scalar, path: Path) -> str:
        """As it was meant where JSON's writers put a character beyond U+FFFF into two escapes."""
        if not _SURROGATE.search(node.value):
            return node.value
        joined = node.value.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
        if "\ufffd" in joined:
            self._complain(node.position, path, "half a character: an escape \\ud800 to \\udfff stands alone")
        return joined

    def _expand(self, text: str, path: Path) -> str:
        def value(match: re.Match[str]) -> str:
            if match[0] == "$$":
                return "$"
            name = match["name"]
            if match["file"] is not None:
                return self._content(match["file"], match["otherwise"], path)
            if name is None:
                self._complain(
                    self._source.values[path],
                    path,
                    f"{match[0]!r} is no reference, ${{NAME:-default}} is",
                )
                return ""
            if match["default"] is not None and "${" in match["default"]:
                message = f"references do not nest: {name} and what is in it are two ways, write the one that is meant"
                self._complain(self._source.values[path], path, message)
            found = self._environ.get(name)
            if found is not None and _SURROGATE.search(found):
                self._complain(self._source.values[path], path, f"the environment variable {name} is not UTF-8")
                return ""
            if found is not None and (found or match["default"] is None):
                if _CONFIDENTIAL.search(name) or SECRET_MEMBERS.intersection(path[-1:]) or "headers" in path[:-1]:
                    self._source.confidential[name] = found
                return found
            if match["default"] is None:
                self._complain(self._source.values[path], path, f"the environment variable {name} is not set")
                return ""
            return match["default"]

        expanded = _REFERENCE.sub(value, text)
        return Expanded(expanded)

    def _content(self, file: str, otherwise: str | None, path: Path) -> str:
        """What ``file`` holds; ``otherwise`` stands for one that is empty or not there, as it does for a variable."""
        if not file.strip():
            self._complain(self._source.values[path], path, "'${file:}' names no file, ${file:/run/secrets/name} does")
            return ""
        self._source.secret.add(path)
        try:
            text = self._files.read(file)
        except SecretUnreadable as error:
            self._complain(self._source.values[path], path, f"the file {file!r} {error}")
            return ""
        if text is None and otherwise is None:
            self._complain(self._source.values[path], path, f"there is no file {file!r}")
        return text or otherwise or ""

    def _complain(self, position: Position, path: Path, message: str) -> None:
        self._source.problems.append(Problem(self._source.name, position, path, message))


def _plain(text: str) -> Any:
    """A plain scalar's value; ``text`` itself where it is a text."""
    if text in _NULL:
        return None
    if text in _BOOLEAN:
        return _BOOLEAN[text]
    number = _number(text)
    return text if number is None else number


def _number(text: str) -> int | Decimal | None:
    if _INTEGER.match(text) and len(text) <= _MAX_INTEGER_DIGITS:
        return int(text)
    if not _NUMBER.match(text):
        return None
    try:
        return Decimal(text)
    except InvalidOperation:  # an exponent beyond all measure
        return None


def coerce(text: str, kind: str) -> Any:
    """An expanded text as the schema's ``kind``; the text itself where it can't be that."""
    stripped = text.strip()
    number = _number(stripped) if kind in ("integer", "number") else None
    if number is not None:
        return number
    if kind == "boolean" and stripped.lower() in ("true", "false"):
        return stripped.lower() == "true"
    if kind == "array":
        return [item.strip() for item in text.split(",") if item.strip()]
    return str.__str__(text)
