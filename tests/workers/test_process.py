"""Real child processes, on a module of the test's own."""

import asyncio
import json
import os
import signal
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.serving import until
from tornado_gateway.workers.memory import SharedMemory
from tornado_gateway.workers.process import HELD_BACK, Spawner, WorkerProcess
from tornado_gateway.workers.seat import Errand

CHILD = """\
import json, os, signal, socket, sys, time
errand = json.loads(sys.argv[sys.argv.index("--errand") + 1])
channel = socket.socket(fileno=errand["channel"])
BODY
"""
SAYS = """
facts = {
    "errand": errand,
    "arguments": sys.argv[1:-2],
    "held_back": sorted(int(number) for number in signal.pthread_sigmask(signal.SIG_BLOCK, ())),
    "port": socket.socket(fileno=errand["sockets"][0]).getsockname()[1],
    "memory": os.fstat(errand["memory"]).st_size,
}
with open("facts", "w") as file:
    json.dump(facts, file)
channel.sendall(b"rea")
channel.sendall(b"dy\\nending 2.5\\n")
"""
WAITS = SAYS + "channel.recv(1)\n"


@pytest.fixture
def memory() -> Iterator[SharedMemory]:
    made = SharedMemory.create(2)
    yield made
    made.close()


@pytest.fixture
def spawner(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, memory: SharedMemory
) -> Iterator[Callable[[str], Spawner]]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def made(body: str) -> Spawner:
            (tmp_path / "child.py").write_text(CHILD.replace("BODY", body))
            return Spawner("child", ["--config", "x.yaml"], sockets=[listener], memory=memory)

        yield made


@asynccontextmanager
async def spawned(spawner: Spawner) -> AsyncIterator[WorkerProcess]:
    worker = spawner(2, 1)
    try:
        yield worker
    finally:
        worker.send(signal.SIGKILL)
        await until(worker.poll)


async def test_a_worker_inherits_what_it_needs_and_tells_how_it_is(
    spawner: Callable[[str], Spawner], memory: SharedMemory, tmp_path: Path
) -> None:
    async with spawned(spawner(WAITS)) as worker:
        await asyncio.wait_for(worker.begun.wait(), 10)
        assert (worker.serves, worker.number, worker.slot) == (True, 2, 1)
        await until(lambda: worker.patience == 2.5)
        assert not worker.poll()
        facts: dict[str, Any] = json.loads((tmp_path / "facts").read_text())
    errand = Errand.parse(json.dumps(facts["errand"]))
    assert (errand.number, errand.slot, errand.slots, errand.memory) == (2, 1, 2, memory.descriptor)
    assert facts["arguments"] == ["--config", "x.yaml"]
    assert facts["held_back"] == sorted(HELD_BACK)
    assert facts["memory"] == os.fstat(memory.descriptor).st_size
    assert facts["port"] > 0
    assert signal.pthread_sigmask(signal.SIG_BLOCK, ()).isdisjoint(HELD_BACK)
    assert (worker.ended.is_set(), worker.fate) == (True, "SIGKILL")


async def test_one_that_ends_before_it_serves_has_begun_and_ended(spawner: Callable[[str], Spawner]) -> None:
    async with spawned(spawner("sys.exit(3)")) as worker:
        await until(worker.poll, 10)
        assert worker.begun.is_set()
        assert worker.ended.is_set()
        assert (worker.serves, worker.fate) == (False, "exit code 3")
        assert worker.poll()


async def test_what_it_said_last_is_heard(spawner: Callable[[str], Spawner]) -> None:
    async with spawned(spawner(SAYS)) as worker:
        process = worker._process
        await asyncio.to_thread(process.wait)
        assert worker.poll()
        assert (worker.serves, worker.patience, worker.fate) == (True, 2.5, "exit code 0")


async def test_one_that_closes_its_channel_keeps_nobody_busy(spawner: Callable[[str], Spawner]) -> None:
    async with spawned(spawner("channel.close()\nwhile True:\n    time.sleep(1)")) as worker:
        loop = asyncio.get_running_loop()
        await until(lambda: not loop.remove_reader(worker._channel), 10)
        assert not worker.poll()


async def test_signals_that_it_is_not_ready_for_wait_until_it_is(
    spawner: Callable[[str], Spawner], tmp_path: Path
) -> None:
    body = (
        "while signal.SIGHUP not in signal.sigpending():\n    time.sleep(0.001)\n"
        "signal.signal(signal.SIGHUP, lambda number, frame: open('got', 'w').write('HUP'))\n"
        "signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGHUP})\n"
        "channel.sendall(b'ready\\n')\n"
        "channel.recv(1)\n"
    )
    async with spawned(spawner(body)) as worker:
        worker.send(signal.SIGHUP)  # the interpreter is not even up
        await asyncio.wait_for(worker.begun.wait(), 10)
        assert worker.serves
        assert (tmp_path / "got").read_text() == "HUP"


async def test_the_folder_is_on_its_path_only_if_it_is_on_ours(
    spawner: Callable[[str], Spawner], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.path", ["/nowhere"])
    assert "-P" in spawner("")._command
    monkeypatch.setattr("sys.path", ["/nowhere", str(tmp_path)])
    assert "-P" not in spawner("")._command


def descriptors() -> set[str]:
    return {entry.name for entry in Path("/proc/self/fd").iterdir() if entry.exists()}


async def test_where_nothing_can_be_started_nothing_is_left_open(
    spawner: Callable[[str], Spawner], monkeypatch: pytest.MonkeyPatch
) -> None:
    failing = spawner("")
    monkeypatch.setattr(failing, "_command", ["/nowhere/python"])
    before = descriptors()
    with pytest.raises(FileNotFoundError):
        failing(1, 0)
    assert descriptors() == before
    assert signal.pthread_sigmask(signal.SIG_BLOCK, ()).isdisjoint(HELD_BACK)
