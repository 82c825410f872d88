"""The gateway with a switch, for ``switched.py``: SIGUSR1 turns what OpenTelemetry does for a call off, and on again.

Takes the gateway's own arguments. Turned off, calls are not traced and their events go by: what is left of it is what a
gateway without a receiver has, too.
"""

import signal
import sys
from typing import Any

from tornado_gateway.__main__ import main
from tornado_gateway.domain.tracing import Tracing
from tornado_gateway.observability.telemetry import Telemetry

_SWITCHED = ((Tracing, "begin"), (Telemetry, "handle"))


def _nothing(*_: object) -> None:
    """What is turned off does this."""


def _switch(*_: object) -> None:
    """The methods change places: where it is on, nothing stands between the gateway and them."""
    for owner, name in _SWITCHED:
        _spare[owner], method = getattr(owner, name), _spare[owner]
        setattr(owner, name, method)


_spare: dict[type, Any] = {owner: _nothing for owner, _ in _SWITCHED}

if __name__ == "__main__":
    signal.signal(signal.SIGUSR1, _switch)
    sys.exit(main())
