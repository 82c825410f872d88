"""A worker as its supervisor has it: a process of its own, started by a command and never by a fork alone.

A fork would be quicker by the second that Python takes to import everything, and would copy threads' locks and a
running loop into the child; a new process also runs the program as it is on the disk now, which makes replacing the
workers an upgrade.
"""

import asyncio
import signal
import socket
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from tornado_gateway.workers.memory import SharedMemory
from tornado_gateway.workers.seat import Errand

HELD_BACK = {signal.SIGHUP, signal.SIGINT, signal.SIGUSR1, signal.SIGUSR2}
"""Signals that would end a process that is not ready for them yet; a worker lets them in when it is."""


class WorkerProcess:
    """``begun`` is set once it serves or is gone, ``ended`` once it is gone.

    The worker's end of ``channel`` speaks in lines: ``ready``, and ``ending SECONDS``, which become ``serves`` and
    ``patience``. That ours closes tells it that its supervisor is gone.
    """

    def __init__(self, number: int, slot: int, process: "subprocess.Popen[bytes]", channel: socket.socket) -> None:
        self.number = number
        self.slot = slot
        self.serves = False
        self.patience: float | None = None
        self.begun = asyncio.Event()
        self.ended = asyncio.Event()
        self._process = process
        self._channel = channel
        self._heard = b""
        self._loop = asyncio.get_running_loop()
        channel.setblocking(False)
        self._loop.add_reader(channel, self._hear)

    @property
    def fate(self) -> str:
        """How it ended, for the log."""
        code = self._process.returncode
        return f"exit code {code}" if code is None or code >= 0 else signal.Signals(-code).name

    def send(self, number: signal.Signals) -> None:
        """Does nothing to one that is gone."""
        self._process.send_signal(number)

    def poll(self) -> bool:
        """Whether it is gone; to be asked whenever a child ended."""
        if self._process.poll() is None:
            return False
        if not self.ended.is_set():
            self._hear()
            self._loop.remove_reader(self._channel)
            self._channel.close()
            self.begun.set()
            self.ended.set()
        return True

    def _hear(self) -> None:
        with suppress(OSError):
            while received := self._channel.recv(4096):
                self._heard += received
            self._loop.remove_reader(self._channel)  # it closed its end: poll() learns why
        *lines, self._heard = self._heard.split(b"\n")
        for line in lines:
            if line == b"ready":
                self.serves = True
                self.begun.set()
            elif line.startswith(b"ending "):
                self.patience = float(line.removeprefix(b"ending "))


class Spawner:
    """Starts ``module`` with ``arguments`` and ``--errand``, which says what else the new process inherits."""

    def __init__(
        self, module: str, arguments: Sequence[str], *, sockets: Sequence[socket.socket], memory: SharedMemory
    ) -> None:
        # The folder that this process was started in is on the child's path only if it is on ours.
        flags = [] if {"", str(Path.cwd())}.intersection(sys.path) else ["-P"]
        self._command = [sys.executable, *flags, "-m", module, *arguments]
        self._sockets = tuple(sock.fileno() for sock in sockets)
        self._memory = memory

    def __call__(self, number: int, slot: int) -> WorkerProcess:
        """Raises ``OSError`` where the machine has no room for another process."""
        ours, theirs = socket.socketpair()
        with theirs:
            try:
                process = self._popen(number, slot, theirs)
            except OSError:
                ours.close()
                raise
        return WorkerProcess(number, slot, process, ours)

    def _popen(self, number: int, slot: int, channel: socket.socket) -> "subprocess.Popen[bytes]":
        errand = Errand(
            number=number,
            slot=slot,
            slots=self._memory.slots,
            memory=self._memory.descriptor,
            channel=channel.fileno(),
            sockets=self._sockets,
        )
        # A child inherits what is blocked. Its own handlers get what came meanwhile.
        before = signal.pthread_sigmask(signal.SIG_BLOCK, HELD_BACK)
        try:
            return subprocess.Popen([*self._command, "--errand", errand.argument()], pass_fds=errand.descriptors)
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
