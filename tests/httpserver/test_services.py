from dataclasses import FrozenInstanceError

import pytest

from tests.support import authenticator_over, world
from tornado_gateway.httpserver.gates.auth import AuthGate
from tornado_gateway.httpserver.lifecycle import Lifecycle
from tornado_gateway.httpserver.services import Services


async def test_frozen_and_quiet_unless_told_whom_to_report_to() -> None:
    made = world()
    auth = AuthGate(authenticator_over(made))
    services = Services(
        made.service, made.snapshots, Lifecycle(), made.clock, (), auth, dict, dict, lambda: (b"", "text/plain")
    )
    services.report(RuntimeError("unheard"))
    with pytest.raises(FrozenInstanceError):
        services.gates = ()  # type: ignore[misc]
