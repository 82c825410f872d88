"""What somebody may have meant who wrote a name that there is not."""

from collections.abc import Iterable
from difflib import get_close_matches

_LONGEST = 200
"""Letters of a word that are compared: some come from callers, who may write a book."""
_TELLING = 3
"""Letters by which a longer name is recognized that begins with them."""
_ALIKE = 0.5
_ADVISED = 20


def nearest(word: str, known: Iterable[str], most: int = 3) -> list[str]:
    """The ``known`` names most like ``word``, whatever their case, the nearest first; then longer ones that begin with
    it, in their own order."""
    folded = word[:_LONGEST].casefold()
    names: dict[str, str] = {}
    for name in known:
        names.setdefault(name.casefold(), name)
    near = get_close_matches(folded, names, n=most, cutoff=_ALIKE)
    if len(folded) >= _TELLING:
        near += [name for name in names if name.startswith(folded) and name not in near]
    return [names[name] for name in near[:most]]


def did_you_mean(word: str, known: Iterable[str], most: int = 1) -> str:
    """``" (did you mean 'a' or 'b'?)"``, or nothing where no known word is near."""
    near = nearest(word, known, most)
    return f" (did you mean {in_words(near)}?)" if near else ""


class Adviser:
    """``did_you_mean`` for the first of many words: to compare each of thousands with each would take minutes, and
    whoever has so many to put right has seen how by then."""

    def __init__(self, known: Iterable[str]) -> None:
        self._known = tuple(known)
        self._left = _ADVISED

    def __call__(self, word: str) -> str:
        self._left -= 1
        return did_you_mean(word, self._known) if self._left >= 0 else ""


def in_words(names: Iterable[str]) -> str:
    """``'a' or 'b'``."""
    return " or ".join(map(repr, names))
