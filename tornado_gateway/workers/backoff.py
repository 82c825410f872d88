"""How long to wait before a worker that ended gets a successor. Pure."""

FIRST_SECONDS = 0.1
MOST_SECONDS = 30.0
WELL_SECONDS = 60.0
"""A worker that lived this long was well: what ended it is no reason to hold its successor back."""


class Backoff:
    """Twice as long after each worker that ended early."""

    def __init__(self) -> None:
        self._next = FIRST_SECONDS

    def after(self, lived: float) -> float:
        """Seconds to wait after the end of one that lived for ``lived`` seconds."""
        if lived >= WELL_SECONDS:
            self._next = FIRST_SECONDS
        delay = self._next
        self._next = min(2 * delay, MOST_SECONDS)
        return delay
