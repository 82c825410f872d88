"""What is wrong with a file, where, and what was probably meant."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from tornado_gateway.domain.paths import key_path


class Position(NamedTuple):
    """Both count from 1."""

    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Problem:
    """``path`` is the key's way through the file; ``severity`` is ``error`` or ``warning``."""

    file: str
    position: Position
    path: tuple[str | int, ...]
    message: str
    severity: str = "error"
    missing: bool = False
    """Something is not there: of what is there, all else can be told."""

    def __str__(self) -> str:
        where = f"{self.file}:{self.position.line}:{self.position.column}"
        path = key_path(self.path)
        kind = "" if self.severity == "error" else f"{self.severity}: "
        return f"{where}: {kind}{path}: {self.message}" if path else f"{where}: {kind}{self.message}"

    def document(self) -> dict[str, Any]:
        """As JSON has it, but for the file's name: a posted text has none."""
        return {
            "line": self.position.line,
            "column": self.position.column,
            "path": key_path(self.path),
            "message": self.message,
            "severity": self.severity,
        }


class ConfigInvalid(Exception):
    """The file is refused; ``problems`` are all that is wrong with it, in the file's order."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems: Sequence[Problem] = sorted(problems, key=lambda problem: problem.position)
        super().__init__("\n".join(str(problem) for problem in self.problems))
