"""HealthBook: how calls went lately, at each target and over all, as the events of this process tell it."""

from collections import deque
from collections.abc import Iterable, Sequence
from typing import Any

from tornado_gateway.domain.events import AttemptFailed, RequestFinished
from tornado_gateway.domain.ports import Clock
from tornado_gateway.domain.remembered import Remembered

WINDOW = 300
"""Seconds that calls and failures are counted over."""

_SLICE = 30
_KEPT = 512
"""Durations, the latest, that percentiles are of."""

_TARGETS = 4096

TargetKey = tuple[str, str]
"""Provider and model, as metrics name it."""


class _Target:
    def __init__(self) -> None:
        self.slices: dict[int, list[int]] = {}
        self.seconds: deque[float] = deque(maxlen=_KEPT)

    def count(self, now: int, *, failed: int) -> None:
        if now not in self.slices:
            for old in [each for each in self.slices if each <= now - WINDOW // _SLICE]:
                del self.slices[old]
            self.slices[now] = [0, 0]
        self.slices[now][0] += 1
        self.slices[now][1] += failed


class HealthBook:
    """Used from the event loop's thread alone."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._targets: Remembered[TargetKey, _Target] = Remembered(_TARGETS)
        self._durations: deque[float] = deque(maxlen=_KEPT)
        self._overheads: deque[float] = deque(maxlen=_KEPT)

    def failed(self, event: AttemptFailed) -> None:
        self._target(event.provider, event.model_label).count(self._slice(), failed=1)

    def finished(self, event: RequestFinished) -> None:
        self._durations.append(event.duration)
        self._overheads.append(event.overhead)
        if event.status >= 400 or event.cache == "hit":
            return  # a failure has been counted as an attempt's, and a hit asked nobody
        target = self._target(event.provider, event.model_label)
        target.count(self._slice(), failed=0)
        target.seconds.append(event.upstream)

    def labels(self, provider: str) -> list[str]:
        """The models that were asked for at ``provider``."""
        return [model for name, model in self._targets if name == provider]

    def of(self, keys: Iterable[TargetKey]) -> dict[str, Any]:
        """Of these targets together."""
        oldest = self._slice() - WINDOW // _SLICE
        known = [self._targets[key] for key in keys if key in self._targets]
        counts = [count for each in known for at, count in each.slices.items() if at > oldest]
        calls, failed = sum(count[0] for count in counts), sum(count[1] for count in counts)
        return {
            "calls": calls,
            "failed": failed,
            "error_ratio": round(failed / calls, 4) if calls else None,
            "latency": percentiles([second for each in known for second in each.seconds]),
        }

    def overall(self) -> dict[str, Any]:
        return {"duration": percentiles(self._durations), "overhead": percentiles(self._overheads)}

    def _slice(self) -> int:
        return int(self._clock.monotonic() // _SLICE)

    def _target(self, provider: str, model: str) -> _Target:
        known = self._targets.get((provider, model))
        if known is None:
            known = self._targets.keep((provider, model), _Target())
        return known


def percentiles(seconds: Sequence[float] | deque[float]) -> dict[str, Any]:
    """Of the latest calls; null while there are none."""
    ordered = sorted(seconds)
    found: dict[str, Any] = {"count": len(ordered)}
    for name, share in (("p50", 0.5), ("p95", 0.95), ("p99", 0.99)):
        found[name] = round(ordered[min(len(ordered) - 1, int(share * len(ordered)))], 6) if ordered else None
    return found
