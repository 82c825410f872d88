from types import SimpleNamespace
from typing import Any

import pytest

from tests.support import FakeClock, Recorder, world
from tornado_gateway.domain.administration import AdminPolicy
from tornado_gateway.domain.context import RequestContext, Timing
from tornado_gateway.domain.errors import InvalidApiKey, NotFound, RateLimitExceeded
from tornado_gateway.domain.events import CredentialRefused
from tornado_gateway.httpserver.gates.admin import AdminGate

CONTEXT = RequestContext("req_1", "none", Timing(received=0.0))


def made(token: str = "planted") -> tuple[AdminGate, FakeClock, Recorder]:
    clock, recorder = FakeClock(), Recorder()
    snapshots = world(admin=AdminPolicy.of(token, write=False)).snapshots
    return AdminGate(snapshots, clock, recorder), clock, recorder


def admit(gate: AdminGate, token: str | None = None, *, address: str = "192.0.2.1", scheme: str = "Bearer") -> None:
    headers = {} if token is None else {"Authorization": f"{scheme} {token}"}
    request: Any = SimpleNamespace(headers=headers, remote_ip=address, path="/admin/api/config")
    gate.admit(request, CONTEXT)


def test_the_token_and_nothing_else() -> None:
    gate, _, recorder = made()
    admit(gate, "planted")
    admit(gate, "planted", scheme="bearer")
    for wrong in (None, "", "plante", "planted2"):
        with pytest.raises(InvalidApiKey):
            admit(gate, wrong)
    with pytest.raises(InvalidApiKey):
        admit(gate, "planted", scheme="Basic")
    events = recorder.of(CredentialRefused)
    assert {(each.reason, each.detail) for each in events} == {("missing", "admin"), ("unknown", "admin")}
    assert "plante" not in repr(events)


def test_where_there_is_no_token_there_is_nothing() -> None:
    gate, _, _ = made("")
    for shown in (None, "", "planted"):
        with pytest.raises(NotFound):
            admit(gate, shown)


def test_guesses_wait_longer_and_longer_and_only_where_they_come_from() -> None:
    gate, clock, _ = made()
    for _ in range(6):
        with pytest.raises(InvalidApiKey):
            admit(gate, "guess")
    waits = []
    for _ in range(8):
        with pytest.raises(RateLimitExceeded) as refused:
            admit(gate, "planted")  # even the right one: a guess must not tell by being let in
        wait = refused.value.retry_after
        assert wait is not None
        waits.append(wait)
        clock.time += wait
        with pytest.raises(InvalidApiKey):
            admit(gate, "guess")
    assert waits == [1, 2, 4, 8, 16, 32, 60, 60]
    admit(gate, "planted", address="192.0.2.2")
    clock.time += 61
    admit(gate, "planted")
    with pytest.raises(InvalidApiKey):
        admit(gate, "guess")
    admit(gate, "planted")


def test_who_shows_nothing_guesses_nothing() -> None:
    gate, _, _ = made()
    for _ in range(20):
        with pytest.raises(InvalidApiKey):
            admit(gate)
    admit(gate, "planted")


def test_a_token_that_came_otherwise_is_counted_with_the_rest() -> None:
    gate, _, _ = made()
    request: Any = SimpleNamespace(headers={}, remote_ip="192.0.2.1", path="/admin/login")
    gate.admit_token("planted", request, CONTEXT)
    for _ in range(3):
        with pytest.raises(InvalidApiKey):
            gate.admit_token("guess", request, CONTEXT)
        with pytest.raises(InvalidApiKey):
            admit(gate, "guess")
    with pytest.raises(RateLimitExceeded):
        gate.admit_token("planted", request, CONTEXT)


def test_guesses_are_forgotten_after_a_while() -> None:
    gate, clock, _ = made()
    for _ in range(30):
        with pytest.raises(InvalidApiKey):
            admit(gate, "guess")
        clock.time += 601


def test_addresses_without_end_do_not_fill_the_memory() -> None:
    gate, _, _ = made()
    for index in range(1100):
        with pytest.raises(InvalidApiKey):
            admit(gate, "guess", address=f"192.0.{index // 256}.{index % 256}")
    assert len(gate._guesses) == 1024
