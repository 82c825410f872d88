"""The reloads of gateway.yaml that were lately, good and bad: their differences, warnings and problems."""

from collections import deque
from typing import Any

from tornado_gateway.domain.events import ConfigRejected, ConfigReloaded

KEPT = 100
_LINES = 200
"""Of one reload: a file may have a problem in each of its lines."""


class ReloadHistory:
    """Of this process, since it began."""

    def __init__(self) -> None:
        self._entries: deque[dict[str, Any]] = deque(maxlen=KEPT)

    def note(self, event: ConfigReloaded | ConfigRejected) -> None:
        if isinstance(event, ConfigReloaded):
            what, at, lines, previous = "loaded", event.loaded_at, event.notes, event.previous
        else:
            what, at, lines, previous = "rejected", event.at, event.problems, event.revision
        self._entries.append(
            {
                "outcome": what,
                "at": at,
                "revision": event.revision,
                "previous": previous,
                "notes": lines[:_LINES] if what == "loaded" else (),
                "problems": lines[:_LINES] if what == "rejected" else (),
                "left_out": max(0, len(lines) - _LINES),
            }
        )

    def latest(self) -> list[dict[str, Any]]:
        """The newest first."""
        return list(reversed(self._entries))
