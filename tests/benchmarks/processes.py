"""Starts the benchmark's processes on their cores, and ends them on every way out."""

import ctypes
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import msgspec
from load import Figures

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
_READY_SECONDS = 20.0
_PR_SET_PDEATHSIG = 1


@dataclass(frozen=True, slots=True)
class Cores:
    """Who runs where; None where there is nothing to choose or no way to."""

    server: int | None
    rest: int | None


@dataclass(frozen=True, slots=True)
class Running:
    """A server that takes connections on ``port`` of loopback."""

    port: int
    process: subprocess.Popen[str]


def cores() -> Cores:
    """The server under test gets a core for itself where there are two."""
    if not hasattr(os, "sched_getaffinity"):
        return Cores(None, None)
    usable = sorted(os.sched_getaffinity(0))
    return Cores(usable[0], usable[1]) if len(usable) > 1 else Cores(None, None)


def spawn(
    command: Sequence[str],
    core: int | None,
    *,
    stdout: int | IO[str] | None = None,
    stderr: int | IO[str] | None = None,
) -> "subprocess.Popen[str]":
    """Starts ``command`` on ``core``; on Linux it ends when this process does."""

    def settle() -> None:
        if core is not None:
            os.sched_setaffinity(0, {core})
        if sys.platform == "linux":
            ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)

    return subprocess.Popen(
        [sys.executable, *command],
        cwd=ROOT,
        text=True,
        stdout=stdout,
        stderr=stderr,
        preexec_fn=settle,  # noqa: PLW1509 # this process has no threads
    )


def end(process: "subprocess.Popen[str]", patience: float = 5.0) -> int:
    """Asks the process to end, makes it after ``patience`` seconds; its exit code."""
    if process.poll() is None:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            return process.wait(patience)
        process.kill()
    return process.wait()


@contextmanager
def helper(script: str, *arguments: str, core: int | None) -> Iterator[Running]:
    """One of this folder's servers, which says its port itself."""
    process = spawn([str(HERE / script), *arguments], core, stdout=subprocess.PIPE)
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        if not line:
            raise RuntimeError(f"{script} did not start")
        yield Running(int(line), process)
    finally:
        end(process)


@contextmanager
def gateway(
    config: Path,
    *,
    core: int | None,
    prefix: Sequence[str] = (),
    script: Path | None = None,
    arguments: Sequence[str] = (),
    log: IO[str] | None = None,
) -> Iterator[Running]:
    """The gateway on ``config``, its log thrown away unless ``log`` takes it; ``prefix`` goes before ``-m``,
    ``arguments`` after the others; ``script`` is run instead of the package."""
    port = _free_port()
    program = ("-m", "tornado_gateway") if script is None else (str(script),)
    command = [*prefix, *program, "serve", "--config", str(config), "--port", str(port), *arguments]
    with tempfile.TemporaryFile("w+") as errors:
        target = log or errors
        process = spawn(command, core, stdout=subprocess.DEVNULL if log is None else log, stderr=target)
        try:
            if not _healthy(port, process):
                target.flush()
                errors.seek(0)
                raise RuntimeError(f"the gateway did not start:\n{errors.read()[-4000:]}")
            yield Running(port, process)
        finally:
            end(process, patience=40)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def _healthy(port: int, process: "subprocess.Popen[str]") -> bool:
    deadline = time.monotonic() + _READY_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        with suppress(OSError):
            fetch(port, "/health")
            return True
        time.sleep(0.05)
    return False


def fetch(port: int, path: str) -> bytes:
    """What ``GET path`` answers on loopback."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=10) as answer:
        body: bytes = answer.read()
        return body


def measure(
    port: int, *, stream: bool, connections: int, warmup: float, seconds: float, core: int | None, watch: int, form: str
) -> Figures:
    """Runs the load generator once."""
    command = [str(HERE / "load.py"), str(port), f"--form={form}", f"--connections={connections}"]
    command += [f"--warmup={warmup}", f"--seconds={seconds}", f"--watch={watch}", *(["--stream"] if stream else [])]
    process = spawn(command, core, stdout=subprocess.PIPE)
    try:
        out, _ = process.communicate(timeout=warmup + seconds + 30)
        return msgspec.json.decode(out, type=Figures)
    finally:
        end(process)
