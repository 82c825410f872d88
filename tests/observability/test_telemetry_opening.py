import subprocess
import sys

import pytest

from tests.otlp import receiving
from tests.support import finished
from tornado_gateway.observability.receiver import Receiver
from tornado_gateway.observability.telemetry import Telemetry
from tornado_gateway.observability.telemetry_opening import NoTelemetry, telemetry_to


def kinds(_name: str) -> str:
    return "openai"


def test_nothing_wanted_nothing_opened() -> None:
    nothing = telemetry_to(None, kinds)
    nothing.handle([finished()])
    nothing.close()
    assert isinstance(nothing, NoTelemetry)
    assert (nothing.dropped(), nothing.traces, nothing.notes) == ({}, False, ())


def test_what_is_wanted_is_opened() -> None:
    with receiving() as receiver:
        made = telemetry_to(Receiver(endpoint=receiver.url, traces=False), kinds)
        assert isinstance(made, Telemetry)
        assert (made.traces, made.capacity) == (False, None)
        made.close()


def test_without_the_extra_the_gateway_serves_and_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tornado_gateway.observability.telemetry", None)
    nothing = telemetry_to(Receiver(endpoint="http://127.0.0.1:1"), kinds)
    assert nothing.notes == (
        "otel: nothing is sent, for it needs the extra 'otel': pip install 'tornado-gateway[otel]'",
    )


def test_nothing_of_it_is_imported_before() -> None:
    code = "import sys, tornado_gateway.bootstrap; print([m for m in sys.modules if m.startswith('opentelemetry')])"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"
