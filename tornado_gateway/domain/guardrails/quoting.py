"""JSON in a text: what its escapes stand for, and where in it a place is, so that a word put there leaves it JSON."""

import re

import msgspec

_MARK = re.compile(r'["\\]')
_HEX = "[0-9a-fA-F]"
_HIGH = rf"\\u[dD][89abAB]{_HEX}{{2}}"
_TOKEN = re.compile(
    rf"(?P<plain>[^\\]+)|(?P<pair>{_HIGH}\\u[dD][c-fC-F]{_HEX}{{2}})|(?P<high>{_HIGH})|\\u{_HEX}{{4}}|\\[^u]",
    re.DOTALL,
)
_BEGUN = re.compile(rf"(?:\\(?:u{_HEX}{{0,3}})?)?\Z")
"""Nothing, or an escape that more text may complete."""


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


class Escapes:
    """Reads a JSON text that comes in pieces as what its escapes stand for: a rule is not to be got round by writing
    ``\\u0041`` for ``A``, nor to take the ``n`` of ``\\n`` for a letter."""

    __slots__ = ("_begun",)

    def __init__(self) -> None:
        self._begun = ""

    @property
    def begun(self) -> bool:
        """Whether the text so far ends within an escape."""
        return bool(self._begun)

    def read(self, piece: str, *, final: bool = False) -> tuple[str, list[str] | None]:
        """The characters that ``piece`` completes and how each is written, None where all are written as they are. What
        it only begins is read with the next piece; behind the ``final`` one nothing comes."""
        text = self._begun + piece
        self._begun = ""
        if "\\" not in text:
            return text, None
        seen: list[str] = []
        written: list[str] = []
        at = 0
        while at < len(text):
            token = _TOKEN.match(text, at)
            end = at + 1 if token is None else token.end()
            if not final and (token is None or token["high"]) and _BEGUN.match(text, at if token is None else end):
                self._begun = text[at:]
                break
            if token is not None and token["plain"]:
                seen.extend(token["plain"])
                written.extend(token["plain"])
            else:
                seen.append(text[at] if token is None else _meant(token[0]))
                written.append(text[at:end])
            at = end
        return "".join(seen), written


def _meant(escape: str) -> str:
    """One character, whatever it is."""
    try:
        return str(msgspec.json.decode(f'"{escape}"'))
    except msgspec.DecodeError:  # none of JSON's, or half a character
        return "\ufffd"
