"""What finds things in a text: the ports behind which a linear-time engine stands, and a second look at finds."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

Span = tuple[int, int]
"""Characters from the first up to and without the second."""


class Match(NamedTuple):
    """``spans`` are what was found from ``start`` on; the search goes on at ``resume``, behind ``start``."""

    start: int
    spans: Sequence[Span]
    resume: int


class Reading(Protocol):
    """One text that is searched, as far as it has come."""

    def next(self, start: int) -> Match | None:
        """The first match from ``start`` on; what stands before it is seen as its neighbour."""

    def open(self, start: int) -> int:
        """Where from ``start`` on the first match may begin that more text could complete or change: the text's length
        where there is none. What begins before is settled."""


class Matcher(Protocol):
    def read(self, text: str) -> Reading: ...


class Engine(Protocol):
    """Regular expressions that take time in proportion to the text, whatever the expression is."""

    def compile(self, pattern: str, window: int) -> Matcher:
        """Matches of up to ``window`` characters are found in a text that comes in pieces, at least. Raises
        ``BadPattern``."""

    def together(self, matchers: Iterable[Matcher]) -> Matcher | None:
        """One search that tells whether any of these finds something, and where one may begin; None where there is no
        such one."""


class BadPattern(Exception):
    """The engine refuses a pattern: ``at`` is the character in it, None where that is not known."""

    def __init__(self, message: str, at: int | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.at = at


Refine = Callable[[str], Sequence[Span]]
"""What of a candidate's text is meant, in order; nothing where none of it is."""


@dataclass(frozen=True, slots=True)
class Checked:
    """Candidates of ``matcher`` that ``refine`` has a second look at.

    ``again`` begins anew one character behind a candidate that was none; else the search goes on behind it, for a
    ``refine`` that has looked at all of it.
    """

    matcher: Matcher
    refine: Refine
    again: bool

    def read(self, text: str) -> Reading:
        return _CheckedReading(self.matcher.read(text), text, self.refine, self.again)


class _CheckedReading:
    __slots__ = ("_again", "_inner", "_refine", "_text", "open")

    def __init__(self, inner: Reading, text: str, refine: Refine, again: bool) -> None:
        self._inner = inner
        self._text = text
        self._refine = refine
        self._again = again
        self.open = inner.open

    def next(self, start: int) -> Match | None:
        found = self._inner.next(start)
        if found is None:
            return None
        end = found.resume
        parts = [(found.start + a, found.start + b) for a, b in self._refine(self._text[found.start : end])]
        if self._again:
            end = parts[-1][1] if parts else found.start + 1
        return Match(found.start, parts, end)
