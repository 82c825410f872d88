"""What the handlers are given: everything they may touch, in one value."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tornado_gateway.domain.administration import AdminDesk
from tornado_gateway.domain.gateway import GatewayService
from tornado_gateway.domain.ports import Clock
from tornado_gateway.domain.snapshot import SnapshotHolder
from tornado_gateway.httpserver.gates.admin import AdminGate
from tornado_gateway.httpserver.gates.auth import AuthGate
from tornado_gateway.httpserver.gates.base import Gate
from tornado_gateway.httpserver.lifecycle import Lifecycle


@dataclass(frozen=True, slots=True)
class AdminSide:
    """Who lets operators in, and who answers them."""

    gate: AdminGate
    desk: AdminDesk


@dataclass(frozen=True, slots=True)
class Services:
    """``auth`` is one of ``gates``, for what is no model call and yet not for everybody. ``config_status`` and
    ``conditions`` are what ``/health/ready`` shows of the configuration and the providers, ``render_metrics`` gives
    body and content type."""

    gateway: GatewayService
    snapshots: SnapshotHolder
    lifecycle: Lifecycle
    clock: Clock
    gates: tuple[Gate, ...]
    auth: AuthGate
    config_status: Callable[[], Mapping[str, Any]]
    conditions: Callable[[], Mapping[str, Any]]
    render_metrics: Callable[[], tuple[bytes, str]]
    worker: int | None = None
    """This one's number, where there are several."""
    report: Callable[[BaseException], None] = field(default=lambda error: None)
    """Told of errors that nobody foresaw."""
    admin: AdminSide | None = None
    """None where there is nothing under ``/admin``, whatever the file says."""
