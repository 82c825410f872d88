import os
from pathlib import Path

from tornado_gateway.bootstrap import make_runtime
from tornado_gateway.config.build import load
from tornado_gateway.config.schema import packaged_default


async def test_a_drain_waits_for_calls_only_so_long(tmp_path: Path) -> None:
    file = tmp_path / "gateway.yaml"
    file.write_text(packaged_default().read_text().replace("drain_timeout: 30", "drain_timeout: 0.01"))
    runtime = make_runtime(load(file, os.environ))
    assert await runtime.drain()
    runtime.lifecycle.enter()
    assert not await runtime.drain()
    runtime.lifecycle.leave()
    assert await runtime.drain()
    await runtime.close()
