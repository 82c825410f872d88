"""Where in a JSON text a place is: a word that is put there has to leave it JSON."""

import re

import msgspec

_MARK = re.compile(r'["\\]')


class Quoting:
    """Reads a JSON text that comes in pieces, and knows whether it is in a string."""

    __slots__ = ("_escaped", "_inside")

    def __init__(self) -> None:
        self._inside = False
        self._escaped = False

    def read(self, text: str) -> None:
        """More of the text, as it stood there."""
        at = 1 if self._escaped and text else 0
        if text:
            self._escaped = False
        while (mark := _MARK.search(text, at)) is not None:
            at = mark.end()
            if mark[0] == '"':
                self._inside = not self._inside
            elif self._inside:
                self._escaped = at == len(text)
                at += 1

    def written(self, word: str) -> str:
        """``word`` as it has to be written here: a string of its own, or a part of one."""
        quoted = msgspec.json.encode(word).decode()
        return quoted[1:-1] if self._inside else quoted
