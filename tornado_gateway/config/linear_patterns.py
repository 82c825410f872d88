"""Regular expressions in linear time: RE2, of the extra ``guardrails``.

Syntax: RE2's own page "Syntax". Texts go to it as UTF-8; places in them are counted in characters here.
"""

from collections.abc import Iterable
from importlib import import_module
from typing import Any

from tornado_gateway.domain.guardrails.beginnings import beginnings
from tornado_gateway.domain.guardrails.matching import BadPattern, Checked, Match, Matcher, Reading

ABSENT = "needs the extra guardrails: pip install 'tornado-gateway[guardrails]'"

_MOST_BYTES = 8 * 1024 * 1024
"""Memory of one compiled pattern."""

_WIDEST = 4
"""Bytes that a character has at most in UTF-8."""

_CONTINUING = bytes(range(0x80, 0xC0))
"""Bytes of UTF-8 that begin no character."""

_PROBES = (b"", b"a", b" ", b"a a")
"""Texts in which a pattern that matches nothing in particular matches the empty text."""


class Re2:
    """The engine. Raises ``BadPattern`` for everything where the library is not installed."""

    def compile(self, pattern: str, window: int) -> Matcher:
        find = _compiled(pattern)
        if any(found.start() == found.end() for text in _PROBES if (found := find.search(text)) is not None):
            raise BadPattern("matches the empty text, which is everywhere")
        begun = beginnings(pattern)
        try:
            opened = None if begun is None else _compiled(rf"(?:{begun})\z")
        except BadPattern:  # it has become too large: a fixed number of characters is held back
            opened = None
        return _Re2Matcher(find, opened, window, pattern, begun if opened is not None else None)

    def together(self, matchers: Iterable[Matcher]) -> Matcher | None:
        """None for a single one, too: it is quick enough by itself."""
        plain = [each.matcher if isinstance(each, Checked) else each for each in matchers]
        known = [each for each in plain if isinstance(each, _Re2Matcher) and each.begins is not None]
        if len(known) < max(len(plain), 2):
            return None
        try:
            find, opened = (
                _compiled("|".join(f"(?:{pattern})" for pattern in patterns))
                for patterns in ([each.pattern for each in known], [f"(?:{each.begins})\\z" for each in known])
            )
        except BadPattern:  # it has become too large
            return None
        return _Re2Matcher(find, opened, max(each.window for each in known))


def _compiled(pattern: str) -> Any:
    try:
        re2 = import_module("re2")
    except ImportError:
        raise BadPattern(ABSENT) from None
    options = re2.Options()
    options.log_errors = False
    options.never_capture = True
    options.max_mem = _MOST_BYTES
    try:
        return re2.compile(pattern.encode("utf-8", "surrogatepass"), options)
    except re2.error as error:
        raise _refusal(pattern, error) from None


def _refusal(pattern: str, error: Exception) -> BadPattern:
    """RE2 names what it does not take by its text: where that stands is told where it stands there once."""
    told = error.args[0] if error.args else b""
    text = told.decode(errors="replace") if isinstance(told, bytes) else str(told)
    _, _, piece = text.partition(": ")
    at = pattern.find(piece) if piece and pattern.count(piece) == 1 else None
    return BadPattern(f"RE2 refuses it: {text}" if at is None else f"RE2 refuses it at character {at + 1}: {text}", at)


class _Re2Matcher:
    __slots__ = ("_find", "_opened", "begins", "pattern", "window")

    def __init__(self, find: Any, opened: Any, window: int, pattern: str = "", begins: str | None = None) -> None:
        self._find = find
        self._opened = opened
        self.window = window
        self.pattern = pattern
        self.begins = begins
        """The pattern of all that a match may begin with."""

    def read(self, text: str) -> Reading:
        if text.isascii():
            return _AsciiReading(self._find, self._opened, self.window, text.encode())
        return _WideReading(self._find, self._opened, self.window, text)


class _AsciiReading:
    """A text in which a byte is a character."""

    __slots__ = ("_data", "_find", "_opened", "_window")

    def __init__(self, find: Any, opened: Any, window: int, data: bytes) -> None:
        self._find = find
        self._opened = opened
        self._window = window
        self._data = data

    def next(self, start: int) -> Match | None:
        for found in self._find.finditer(self._data, start):
            begin, end = found.span()
            if begin < end:
                return Match(begin, ((begin, end),), end)
        return None

    def open(self, start: int) -> int:
        if self._opened is None:
            return max(start, len(self._data) - self._window)
        found = self._opened.search(self._data, start)
        return len(self._data) if found is None else int(found.start())


class _WideReading:
    """Any other: bytes are counted for the engine, and characters for everybody else."""

    __slots__ = ("_data", "_inner", "_known", "_text")

    def __init__(self, find: Any, opened: Any, window: int, text: str) -> None:
        self._text = text
        self._data = text.encode("utf-8", "surrogatepass")
        self._inner = _AsciiReading(find, opened, _WIDEST * window, self._data)
        self._known = (0, 0)
        """A place in characters and in bytes: the next one is mostly a little further on."""

    def next(self, start: int) -> Match | None:
        found = self._inner.next(self._byte(start))
        if found is None:
            return None
        begin, end = self._character(found.start), self._character(found.resume)
        return Match(begin, ((begin, end),), end)

    def open(self, start: int) -> int:
        return self._character(self._inner.open(self._byte(start)))

    def _byte(self, place: int) -> int:
        character, byte = self._known if place >= self._known[0] else (0, 0)
        byte += len(self._text[character:place].encode("utf-8", "surrogatepass"))
        self._known = place, byte
        return byte

    def _character(self, place: int) -> int:
        character, byte = self._known if place >= self._known[1] else (0, 0)
        return character + len(self._data[byte:place].translate(None, _CONTINUING))
