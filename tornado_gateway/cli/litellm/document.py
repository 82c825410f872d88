"""A LiteLLM proxy's file, taken apart member by member: what nobody takes has no counterpart, and is told of."""

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from tornado_gateway.config.problems import Problem
from tornado_gateway.config.source import Path, Source, read

_ENVIRONMENT = "os.environ/"


class Part:
    """A mapping of the file, an empty one where it has none there. Members are taken, and what is odd is noted."""

    def __init__(self, source: Source, path: Path, value: Any, notes: list[Problem]) -> None:
        self._source = source
        self._value: Mapping[str, Any] = value if isinstance(value, dict) else {}
        self._taken: set[str] = set()
        self._notes = notes
        self.path = path

    def take(self, name: str) -> Any:
        """The member's value, None where there is none."""
        self._taken.add(name)
        return self._value.get(name)

    def part(self, name: str) -> "Part":
        return Part(self._source, (*self.path, name), self.take(name), self._notes)

    def parts(self, name: str) -> list["Part"]:
        """A list's entries."""
        entries = self.take(name)
        listed = entries if isinstance(entries, list) else []
        return [Part(self._source, (*self.path, name, index), each, self._notes) for index, each in enumerate(listed)]

    def note(self, message: str, *path: str | int) -> None:
        """``path`` is below this part. No message repeats a value that may be a secret."""
        self._notes.append(self._source.problem((*self.path, *path), message, key=True))

    def members(self) -> Iterator[str]:
        yield from self._value

    def leave(self) -> None:
        """Tells of each member that was not taken."""
        for name in self._value:
            if name not in self._taken:
                self.note("has no counterpart", name)


def open_document(text: str, name: str, notes: list[Problem]) -> Part:
    """The whole file. Raises ``ConfigInvalid`` where it is no YAML."""
    source = read(text.replace("$", "$$"), name, {})
    notes.extend(source.problems)
    return Part(source, (), source.value, notes)


def is_reference(value: Any) -> bool:
    return isinstance(value, str) and value.startswith(_ENVIRONMENT)


def variable(value: str) -> str:
    """The variable that ``os.environ/NAME`` names."""
    return value.removeprefix(_ENVIRONMENT).strip()


def said(value: str) -> str:
    """A text as gateway.yaml says it: a reference by its variable, a dollar as one."""
    return f"${{{variable(value)}}}" if is_reference(value) else value.replace("$", "$$")


def is_whole(value: Any) -> bool:
    """Whether it is a whole number: YAML's true is none."""
    return isinstance(value, int) and not isinstance(value, bool)


def positive(value: Any) -> bool:
    """Whether it is a number above zero."""
    return (is_whole(value) or isinstance(value, Decimal)) and bool(value > 0)


def word(text: str) -> str:
    """``text`` as a part of a variable's name."""
    return re.sub(r"\W+", "_", text).upper()
