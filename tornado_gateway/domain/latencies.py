"""How long answers of a model usually take: the last ones of each, for hedging."""

from collections import deque
from collections.abc import Hashable

_KEPT = 128
_ENOUGH = 10
_STALE = 16
"""New values after which a percentile is worked out anew."""


class _Lately:
    __slots__ = ("known", "new", "values")

    def __init__(self) -> None:
        self.values: deque[float] = deque(maxlen=_KEPT)
        self.new = 0
        self.known: dict[float, float] = {}


class Latencies:
    """Seconds by key, over all revisions."""

    def __init__(self) -> None:
        self._lately: dict[Hashable, _Lately] = {}

    def add(self, key: Hashable, seconds: float) -> None:
        lately = self._lately.get(key)
        if lately is None:
            lately = self._lately[key] = _Lately()
        lately.values.append(seconds)
        lately.new += 1

    def percentile(self, key: Hashable, share: float) -> float | None:
        """The time within which ``share`` (0 to 1) of the last answers came, None while there are too few."""
        lately = self._lately.get(key)
        if lately is None or len(lately.values) < _ENOUGH:
            return None
        if lately.new >= _STALE:
            lately.known.clear()
            lately.new = 0
        known = lately.known.get(share)
        if known is None:
            ordered = sorted(lately.values)
            known = lately.known[share] = ordered[min(len(ordered) - 1, int(share * len(ordered)))]
        return known
