"""Circuit breakers: an endpoint that keeps failing is left alone for a while, then asked once to see.

::

    closed --(too many failures)--> open --(cooldown)--> half_open --(the probe succeeds)--> closed
                                     ^                       |
                                     +--(the probe fails: twice the cooldown, up to eight times)

State is keyed by endpoint and outlives every revision. Of the libraries of the field aiobreaker and pybreaker count
consecutive failures alone and take no clock, and purgatory wraps the call in a context manager that can't tell a
client that left from a provider that failed; what is needed is less than an adapter to any of them would be.
"""

import math
from collections.abc import Callable, Hashable
from typing import Literal

from tornado_gateway.domain.policies import BreakerPolicy
from tornado_gateway.domain.ports import Clock

State = Literal["closed", "open", "half_open"]
OnChange = Callable[[Hashable, State, State], None]

_SLICES = 10
"""Parts of the sliding window: what falls out of it falls out a tenth at a time."""

_LONGEST = 8
"""How many times its cooldown an endpoint that fails every probe is left alone."""

_PROBE_SECONDS = 120.0
"""A probe that has not ended by then is taken for lost, or an endpoint could rest for ever."""


class _Circuit:
    __slots__ = (
        "calls",
        "consecutive",
        "cool_until",
        "failures",
        "open_until",
        "probe_since",
        "rest",
        "slices",
        "state",
    )

    def __init__(self) -> None:
        self.state: State = "closed"
        self.consecutive = 0
        self.calls = 0
        self.failures = 0
        self.slices: dict[int, list[int]] = {}
        """Calls and failures by slice of time."""
        self.open_until = 0.0
        self.cool_until = 0.0
        self.rest = 1
        self.probe_since: float | None = None


class Breakers:
    """``on_change`` is told of each transition. Used from the event loop's thread alone."""

    def __init__(self, clock: Clock, on_change: OnChange | None = None) -> None:
        self._clock = clock
        self._on_change = on_change
        self._circuits: dict[Hashable, _Circuit] = {}

    def allow(self, key: Hashable, policy: BreakerPolicy | None) -> bool:
        """Whether the endpoint may be asked now. In half-open, True takes the one place for a probe."""
        circuit = self._circuits.get(key)
        if circuit is None:
            return True
        if circuit.cool_until and circuit.cool_until > self._clock.monotonic():
            return False
        if circuit.state == "closed" or policy is None:
            return True
        now = self._clock.monotonic()
        if circuit.state == "open":
            if now < circuit.open_until:
                return False
            self._turn(key, circuit, "half_open")
        elif circuit.probe_since is not None and now - circuit.probe_since < _PROBE_SECONDS:
            return False
        circuit.probe_since = now
        return True

    def succeeded(self, key: Hashable, policy: BreakerPolicy | None) -> None:
        circuit = self._circuits.get(key)
        if circuit is None:
            circuit = self._circuits[key] = _Circuit()
        circuit.consecutive = 0
        if circuit.state != "closed":
            self._close(key, circuit)
        elif policy is not None:
            self._count(circuit, policy, failed=0)

    def failed(self, key: Hashable, policy: BreakerPolicy | None) -> None:
        if policy is None:
            return
        circuit = self._circuits.get(key)
        if circuit is None:
            circuit = self._circuits[key] = _Circuit()
        circuit.consecutive += 1
        if circuit.state == "half_open":
            circuit.rest = min(circuit.rest * 2, _LONGEST)
            self._open(key, circuit, policy)
            return
        self._count(circuit, policy, failed=1)
        too_many = circuit.calls >= policy.minimum and circuit.failures >= policy.ratio * circuit.calls
        if circuit.state == "closed" and (circuit.consecutive >= policy.consecutive or too_many):
            self._open(key, circuit, policy)

    def released(self, key: Hashable, began: float = math.inf) -> None:
        """A call ended and says nothing of the endpoint: its client left, or the request was at fault.

        One that ``began`` before the probe is not the probe, whose place stays taken.
        """
        circuit = self._circuits.get(key)
        if circuit is not None and circuit.probe_since is not None and began >= circuit.probe_since:
            circuit.probe_since = None

    def cool(self, key: Hashable, seconds: float) -> None:
        """The endpoint has asked for a rest: nobody asks it for so long, and it counts as no failure."""
        circuit = self._circuits.setdefault(key, _Circuit())
        circuit.cool_until = max(circuit.cool_until, self._clock.monotonic() + seconds)

    def retry_in(self, key: Hashable) -> float | None:
        """Seconds until the endpoint may be asked again, None where it may be asked now."""
        circuit = self._circuits.get(key)
        if circuit is None:
            return None
        until = max(circuit.cool_until, circuit.open_until if circuit.state != "closed" else 0.0)
        left = until - self._clock.monotonic()
        if left > 0:
            return left
        return 1.0 if circuit.state == "half_open" and circuit.probe_since is not None else None

    def state(self, key: Hashable) -> State:
        circuit = self._circuits.get(key)
        return "closed" if circuit is None else circuit.state

    def _open(self, key: Hashable, circuit: _Circuit, policy: BreakerPolicy) -> None:
        circuit.open_until = self._clock.monotonic() + policy.cooldown * circuit.rest
        circuit.probe_since = None
        self._turn(key, circuit, "open")

    def _close(self, key: Hashable, circuit: _Circuit) -> None:
        circuit.slices.clear()
        circuit.calls = circuit.failures = 0
        circuit.rest = 1
        circuit.probe_since = None
        self._turn(key, circuit, "closed")

    def _turn(self, key: Hashable, circuit: _Circuit, state: State) -> None:
        before, circuit.state = circuit.state, state
        if self._on_change is not None and before != state:
            self._on_change(key, before, state)

    def _count(self, circuit: _Circuit, policy: BreakerPolicy, *, failed: int) -> None:
        now = int(self._clock.monotonic() * _SLICES / policy.window)
        counts = circuit.slices.get(now)
        if counts is None:
            for old in [slice_ for slice_ in circuit.slices if slice_ <= now - _SLICES]:
                gone = circuit.slices.pop(old)
                circuit.calls -= gone[0]
                circuit.failures -= gone[1]
            counts = circuit.slices[now] = [0, 0]
        counts[0] += 1
        counts[1] += failed
        circuit.calls += 1
        circuit.failures += failed
