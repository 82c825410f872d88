"""Remembered: what was made for a key and is worth keeping, where keys may be callers' texts."""

from typing import TypeVar

K = TypeVar("K")
V = TypeVar("V")


class Remembered(dict[K, V]):
    """A dictionary of at most ``most`` keys: one more begins it anew, which costs less than to know the oldest.

    Reading is a dictionary's own; writing is ``keep``.
    """

    def __init__(self, most: int) -> None:
        super().__init__()
        self._most = most

    def keep(self, key: K, value: V) -> V:
        """Remembers ``value``, and gives it back."""
        if len(self) >= self._most and key not in self:
            self.clear()
        self[key] = value
        return value
