"""The served document, held to what is served: by schemathesis, over real sockets, against a process of its own."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import CHECKS, load_all_checks

from tests.operating import FILE, TOKEN, operating, written
from tests.support import finished
from tornado_gateway.admin.openapi import document
from tornado_gateway.domain.rows import row_of
from tornado_gateway.storage.sqlite_ledger import SqliteLedger

DOCUMENT: dict[str, Any] = msgspec.json.decode(document())
OPERATIONS = [
    f"{method.upper()} {path}"
    for path, methods in DOCUMENT["paths"].items()
    for method in methods
    if path != "/events"  # it has no end
]
HEADERS = {"Authorization": f"Bearer {TOKEN}"}


@dataclass
class Process:
    base: str
    schema: Any


@pytest.fixture(scope="module")
def process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    folder = tmp_path_factory.mktemp("admin")
    path = written(folder, store=True, text=FILE)
    ledger = SqliteLedger(folder / "usage.db")
    now = datetime.now(UTC)
    ledger.append([row_of(finished(request_id=f"req_{index}", finished_at=now)) for index in range(5)])
    ledger.close()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "tornado_gateway", "serve", "--config", str(path), "--port", str(port)]
    base = f"http://127.0.0.1:{port}/admin/api"
    with (folder / "log").open("wb") as log:
        running = subprocess.Popen(command, stdout=log, stderr=log, env={**os.environ, "SERVER_HOST": "127.0.0.1"})
        try:
            yield Process(base, described(base, running))
        finally:
            running.terminate()
            running.wait(20)
    said = (folder / "log").read_text()
    assert "a handler failed" not in said
    assert "planted" not in said


def described(base: str, running: "subprocess.Popen[bytes]") -> Any:
    """The document as the process serves it."""
    deadline = time.monotonic() + 20
    while True:
        assert running.poll() is None
        assert time.monotonic() < deadline
        try:
            answer = httpx.get(f"{base}/openapi.json", headers=HEADERS, trust_env=False)
            break
        except httpx.TransportError:
            time.sleep(0.05)
    assert answer.json() == DOCUMENT
    schema = schemathesis.openapi.from_dict(answer.json())
    schema.config.update(base_url=base)
    return schema


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=lambda mode: mode.value)
@pytest.mark.parametrize("name", OPERATIONS)
def test_what_is_served_is_what_is_described(process: Process, name: str, mode: GenerationMode) -> None:
    operation = next(each.ok() for each in process.schema.get_all_operations() if each.ok().label == name)
    load_all_checks()
    raw = str(operation.definition.raw)
    # Which texts are a good gateway.yaml, a moment or a name that there is, no schema says.
    free = any(each in raw for each in ("application/yaml", "'since'", "NewKey", "NextKey")) or "{id}" in name
    unsaid = {"positive_data_acceptance"} if free or mode is GenerationMode.NEGATIVE else set()
    unsaid |= {"negative_data_rejection"} if "application/yaml" in raw else set()
    unsaid |= {"missing_required_header", "use_after_free", "ensure_resource_availability"}
    unsaid |= {"ignored_auth"}  # test_admin.py of the handlers: each guess here would make the next one wait
    checks = [check for check in CHECKS.get_all() if check.__name__ not in unsaid]

    @settings(
        max_examples=8,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def hold(case: Any) -> None:
        case.call_and_validate(headers=HEADERS, checks=checks, timeout=20)

    hold()


async def test_every_path_is_described_and_every_description_is_served(tmp_path: Path) -> None:
    async with operating(written(tmp_path, ledger=False)) as operated:
        desk = operated.runtime.server.request_callback.settings["services"].admin.desk  # type: ignore[union-attr]
        patterns = {"/".join(parts): methods for parts, methods in desk._patterns}
        served = {(f"/{path}", method) for path, methods in {**desk._exact, **patterns}.items() for method in methods}
        described_ = {(path, method.upper()) for path, methods in DOCUMENT["paths"].items() for method in methods}
        assert described_ == served | {("/events", "GET")}


def test_each_of_its_names_leads_somewhere() -> None:
    def references(node: Any) -> Iterator[str]:
        if isinstance(node, dict):
            if isinstance(node.get("$ref"), str):
                yield node["$ref"]
            for each in node.values():
                yield from references(each)
        elif isinstance(node, list):
            for each in node:
                yield from references(each)

    used = set(references(DOCUMENT))
    for reference in used:
        kind, name = reference.removeprefix("#/components/").split("/")
        assert name in DOCUMENT["components"][kind]
    known = {
        f"#/components/{kind}/{name}" for kind in ("schemas", "responses") for name in DOCUMENT["components"][kind]
    }
    assert used == known, "what is described is used"
