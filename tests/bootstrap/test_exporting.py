import sys
from pathlib import Path

import pytest

from tornado_gateway.bootstrap import make_injector, make_runtime
from tornado_gateway.bootstrap.exporting import Exporting
from tornado_gateway.config.build import Loaded, load
from tornado_gateway.config.schema import packaged_default
from tornado_gateway.observability.bus import EventBus
from tornado_gateway.observability.telemetry import Telemetry
from tornado_gateway.observability.telemetry_opening import NoTelemetry


def loaded(folder: Path, otel: str) -> Loaded:
    path = folder / "gateway.yaml"
    path.write_text(packaged_default().read_text().replace("\nproviders:", f"\notel: {otel}\nproviders:", 1))
    return load(path, {})


async def test_unless_the_file_says_so_nobody_traces_and_nobody_listens(tmp_path: Path) -> None:
    for configured in (load(packaged_default(), {}), loaded(tmp_path, "{endpoint: ''}")):
        house = make_injector(configured)
        exporting = house.get(Exporting)
        assert isinstance(exporting.exporter, NoTelemetry)
        assert exporting.tracing is None
        assert "otel" not in house.get(EventBus).dropped()


async def test_where_it_does_they_do(tmp_path: Path) -> None:
    house = make_injector(loaded(tmp_path, "{endpoint: 'http://127.0.0.1:1'}"))
    exporting = house.get(Exporting)
    assert isinstance(exporting.exporter, Telemetry)
    assert exporting.tracing is not None
    assert house.get(EventBus).dropped()["otel"] == 0
    metrics_alone = make_injector(loaded(tmp_path, "{endpoint: 'http://127.0.0.1:1', traces: false}")).get(Exporting)
    assert isinstance(metrics_alone.exporter, Telemetry)
    assert metrics_alone.tracing is None


async def test_a_missing_extra_is_told_at_the_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tornado_gateway.observability.telemetry", None)
    runtime = make_runtime(loaded(tmp_path, "{endpoint: 'http://127.0.0.1:1'}"))
    await runtime.close()
    assert any("tornado-gateway[otel]" in note for note in runtime.notes)
