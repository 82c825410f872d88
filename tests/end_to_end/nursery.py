"""Gateways by the dozen: a process that has imported all of it forks one at each command, in a fraction of the time.

Run as a script it reads lines ``CONFIG<tab>LOG`` and answers with the process id of the gateway that it started.
"""

import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


@dataclass
class Child:
    """A gateway that was forked. ``kill`` is SIGKILL: no word of goodbye."""

    pid: int
    log: Path
    url: str = ""

    def kill(self) -> None:
        os.kill(self.pid, signal.SIGKILL)

    def end(self) -> None:
        """SIGTERM, and waits until it is gone."""
        os.kill(self.pid, signal.SIGTERM)
        self.wait_until_it_is_gone()

    def wait_until_it_is_gone(self) -> None:
        """Until then it has its locks, killed or not."""
        deadline = time.monotonic() + 20
        while Path(f"/proc/{self.pid}").exists():
            assert time.monotonic() < deadline, self.log.read_text()
            time.sleep(0.01)

    def wait_until_it_listens(self) -> None:
        deadline = time.monotonic() + 20
        while "listening on" not in (text := self.log.read_text()):
            assert time.monotonic() < deadline, text
            time.sleep(0.01)
        self.url = text.split("listening on ")[1].split()[0]


class Nursery:
    """In ``folder`` are the logs, and the gateways run there."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._count = 0
        self._process = subprocess.Popen(
            [sys.executable, str(Path(__file__))],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def start(self, config: Path) -> Child:
        self._count += 1
        log = self._folder / f"child{self._count}.log"
        log.touch()
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{config}\t{log}\n")
        self._process.stdin.flush()
        return Child(int(self._process.stdout.readline()), log)

    def close(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(10)


def _serve(config: str, log: str) -> int:
    """In the child: a gateway as any other."""
    from tornado_gateway.__main__ import main

    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    descriptor = os.open(log, os.O_WRONLY | os.O_APPEND)
    for stream in (1, 2):
        os.dup2(descriptor, stream)
    return main(["serve", "--config", config, "--port", "0"])


def _main() -> None:
    import tornado_gateway.__main__  # so that no child has to
    import tornado_gateway.storage.postgres_ledger  # noqa: F401

    # Nobody waits for the children: they are killed, which is what they are for.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    for line in sys.stdin:
        config, log = line.rstrip("\n").split("\t")
        pid = os.fork()
        if pid == 0:
            code = 1
            try:
                code = _serve(config, log)
            finally:
                os._exit(code)
        sys.stdout.write(f"{pid}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    _main()
