"""In which order a stage's targets are asked. State is keyed by name and outlives every revision."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal

from tornado_gateway.domain.ports import Clock
from tornado_gateway.domain.routes import Stage, Target

_DECAY = 0.2
"""Share of the newest duration in a target's moving average."""


class Strategies:
    """``priority`` keeps the file's order, ``weighted`` shares smoothly by weight, ``cheapest`` goes by price,
    ``least_busy`` by calls under way, ``least_latency`` by a moving average of durations."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._busy: dict[tuple[str, str], int] = {}
        self._latency: dict[tuple[str, str], float] = {}
        self._credit: dict[tuple[str, str, str], int] = {}
        self._orders: dict[str, Callable[[Stage], Sequence[Target]]] = {
            "weighted": self._weighted,
            "cheapest": lambda stage: sorted(stage.targets, key=_price),
            "least_busy": lambda stage: sorted(stage.targets, key=lambda target: self._busy.get(_key(target), 0)),
            "least_latency": lambda stage: sorted(
                stage.targets, key=lambda target: self._latency.get(_key(target), 0.0)
            ),
        }

    def order(self, stage: Stage) -> Sequence[Target]:
        """The stage's targets, the first to ask first."""
        if len(stage.targets) == 1:
            return stage.targets
        arrange = self._orders.get(stage.strategy)
        return stage.targets if arrange is None else arrange(stage)

    @contextmanager
    def watch(self, target: Target) -> Iterator[None]:
        """Counts a call as under way, and remembers how long a successful one took."""
        key = _key(target)
        self._busy[key] = self._busy.get(key, 0) + 1
        started = self._clock.monotonic()
        try:
            yield
            took = self._clock.monotonic() - started
            self._latency[key] = (1 - _DECAY) * self._latency.get(key, took) + _DECAY * took
        finally:
            self._busy[key] -= 1

    def _weighted(self, stage: Stage) -> Sequence[Target]:
        # Smooth weighted round robin: each gains its weight, the richest is asked and pays the sum.
        targets = {(stage.route, *_key(target)): target for target in stage.targets}
        for key, target in targets.items():
            self._credit[key] = self._credit.get(key, 0) + target.weight
        chosen = max(targets, key=lambda key: self._credit[key])
        self._credit[chosen] -= sum(target.weight for target in stage.targets)
        rest = sorted((key for key in targets if key != chosen), key=lambda key: -self._credit[key])
        return [targets[chosen], *(targets[key] for key in rest)]


def _key(target: Target) -> tuple[str, str]:
    return target.provider.name, target.model


def _price(target: Target) -> Decimal:
    card = target.card
    return Decimal("Infinity") if card is None else card.input + card.output
