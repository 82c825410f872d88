"""In which order a stage's targets are asked. State is keyed by name and outlives every revision."""

from collections.abc import Callable, Sequence
from decimal import Decimal
from math import exp

from tornado_gateway.domain.errors import UpstreamError, UpstreamRejected
from tornado_gateway.domain.latencies import Latencies
from tornado_gateway.domain.ports import Clock, Randomness
from tornado_gateway.domain.pricing import price
from tornado_gateway.domain.routes import Stage, Target
from tornado_gateway.domain.usage import TokenUsage

Tokens = Callable[[], tuple[int, int]]
"""How many tokens a call may take in and give out, by estimate."""

TargetKey = tuple[str, str]
"""Provider and the model's name in gateway.yaml."""

DECAY_SECONDS = 10.0
"""After so long without news an old duration counts for a third."""

PENALTY = 5.0
"""Seconds that a failure counts for, or what the call took if that was longer: who fails fast is not fast."""

_UNKNOWN = TokenUsage(input=1000, output=1000)
_DEAREST = Decimal("Infinity")


class _Load:
    """What is known of one target: calls under way, and a peak-sensitive moving average of its times."""

    __slots__ = ("busy", "seconds", "since")

    def __init__(self) -> None:
        self.busy = 0
        self.seconds = 0.0
        self.since = 0.0

    def observe(self, seconds: float, now: float) -> None:
        """A slow answer counts at once, faster ones bring the average down with time (Finagle's peak EWMA)."""
        if seconds >= self.seconds:
            self.seconds = seconds
        else:
            weight = exp(-(now - self.since) / DECAY_SECONDS)
            self.seconds = self.seconds * weight + seconds * (1 - weight)
        self.since = now

    def cost(self, now: float) -> float:
        """The wait that one more call would have: idle time lets the average fade, so that a slow one is tried again.

        Of somebody unknown one call finds out, and not all at once.
        """
        if not self.seconds:
            return self.busy * PENALTY
        faded = self.seconds * exp(-(now - self.since) / DECAY_SECONDS)
        return faded * (self.busy + 1)


class Watched:
    """A call under way at a target, from ``__enter__`` to ``__exit__``."""

    __slots__ = ("_clock", "_first", "_key", "_latencies", "_load", "_started")

    def __init__(self, key: TargetKey, load: _Load, latencies: Latencies, clock: Clock) -> None:
        self._key = key
        self._load = load
        self._latencies = latencies
        self._clock = clock
        self._first = False

    def __enter__(self) -> "Watched":
        self._load.busy += 1
        self._started = self._clock.monotonic()
        return self

    def first_token(self) -> None:
        """The first content is there: what comes after it says nothing of how long one has to wait."""
        now = self._clock.monotonic()
        self._first = True
        self._load.observe(now - self._started, now)
        self._latencies.add(self._key, now - self._started)

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._load.busy -= 1
        if self._first:
            return
        now = self._clock.monotonic()
        took = now - self._started
        if kind is None:
            self._load.observe(took, now)
            self._latencies.add(self._key, took)
        elif issubclass(kind, UpstreamError) and not issubclass(kind, UpstreamRejected):
            self._load.observe(max(took, PENALTY), now)


class Strategies:
    """``priority`` keeps the file's order, ``weighted`` shares smoothly by weight, ``cheapest`` goes by the price of
    the call, ``least_busy`` by calls under way, ``least_latency`` by the wait to be expected, of two by chance."""

    def __init__(self, clock: Clock, randomness: Randomness, latencies: Latencies | None = None) -> None:
        self._clock = clock
        self._randomness = randomness
        self.latencies = latencies or Latencies()
        self._loads: dict[TargetKey, _Load] = {}
        self._credit: dict[str, dict[tuple[str, str, int], int]] = {}
        """By route: what each target has gained and not spent."""
        self._turns: dict[str, int] = {}
        self._orders: dict[str, Callable[[Stage, Tokens | None], Sequence[Target]]] = {
            "weighted": self._weighted,
            "cheapest": self._cheapest,
            "least_busy": self._least_busy,
            "least_latency": self._least_latency,
        }

    def order(self, stage: Stage, tokens: Tokens | None = None) -> Sequence[Target]:
        """The stage's targets, the first to ask first."""
        if len(stage.targets) == 1:
            return stage.targets
        arrange = self._orders.get(stage.strategy)
        return stage.targets if arrange is None else arrange(stage, tokens)

    def busy(self, key: TargetKey) -> int:
        """Calls under way at a target."""
        load = self._loads.get(key)
        return 0 if load is None else load.busy

    def watch(self, target: Target) -> Watched:
        """Counts a call as under way while it is, and remembers how long it let wait."""
        key = _key(target)
        return Watched(key, self._load(key), self.latencies, self._clock)

    def _load(self, key: TargetKey) -> _Load:
        load = self._loads.get(key)
        if load is None:
            load = self._loads[key] = _Load()
        return load

    def _weighted(self, stage: Stage, _tokens: Tokens | None) -> Sequence[Target]:
        # Smooth weighted round robin: each gains its weight, the richest is asked and pays the sum.
        # By its place too: two patterns at one provider may have one label.
        targets = {(*_key(target), place): target for place, target in enumerate(stage.targets)}
        before = self._credit.get(stage.route, {})
        # Whoever is no longer in the route is forgotten with what it had.
        credit = {key: before.get(key, 0) + target.weight for key, target in targets.items()}
        chosen = max(credit, key=lambda key: credit[key])
        rest = sorted((key for key in targets if key != chosen), key=lambda key: -credit[key])
        credit[chosen] -= sum(target.weight for target in stage.targets)
        self._credit[stage.route] = credit
        return [targets[chosen], *(targets[key] for key in rest)]

    def _least_busy(self, stage: Stage, _tokens: Tokens | None) -> Sequence[Target]:
        # Rotated first, or of several that are idle the first in the file would get everything.
        turn = self._turns[stage.route] = (self._turns.get(stage.route, -1) + 1) % len(stage.targets)
        rotated = (*stage.targets[turn:], *stage.targets[:turn])
        return sorted(rotated, key=lambda target: self._load(_key(target)).busy)

    def _least_latency(self, stage: Stage, _tokens: Tokens | None) -> Sequence[Target]:
        now = self._clock.monotonic()
        ranked = sorted(stage.targets, key=lambda target: self._load(_key(target)).cost(now))
        # The better of two by chance, and not the best of all: callers that decide at once must not all go one way.
        first, second = self._two(len(stage.targets))
        costs = [self._load(_key(stage.targets[index])).cost(now) for index in (first, second)]
        chosen = stage.targets[first if costs[0] <= costs[1] else second]
        return [chosen, *(target for target in ranked if target is not chosen)]

    def _cheapest(self, stage: Stage, tokens: Tokens | None) -> Sequence[Target]:
        usage = _UNKNOWN if tokens is None else TokenUsage(*tokens())
        now = self._clock.now()

        def of(target: Target) -> Decimal:
            return _DEAREST if target.card is None else price(usage, target.card, now).amount

        return sorted(stage.targets, key=of)

    def _two(self, count: int) -> tuple[int, int]:
        first = min(int(self._randomness.random() * count), count - 1)
        second = min(int(self._randomness.random() * (count - 1)), count - 2)
        return first, second + (second >= first)


def _key(target: Target) -> TargetKey:
    # A wildcard's model is a caller's text, and the memory of those has no end.
    return target.provider.name, target.model_label
