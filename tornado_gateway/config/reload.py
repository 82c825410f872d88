"""Follows the file: read, check, build a whole new snapshot, swap one reference. All or nothing.

The file is looked at, not subscribed to: an edit in place, an atomic rename and Kubernetes' swap of ``..data`` all
change what the path leads to, on every file system, and a look costs a few microseconds.
"""

import asyncio
import contextlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from tornado_gateway.config.build import Loaded, MakeProvider, build, load
from tornado_gateway.config.diff import differences, needs_restart
from tornado_gateway.config.problems import ConfigInvalid
from tornado_gateway.domain.events import ConfigRejected, ConfigReloaded
from tornado_gateway.domain.ports import Clock, Publisher
from tornado_gateway.domain.snapshot import SnapshotHolder

POLL_SECONDS = 0.1

_Signature = tuple[str, int, int, int] | None


@dataclass(frozen=True, slots=True)
class Status:
    """What ``/health/ready`` shows. ``last_error`` holds the problems of a file that is refused right now."""

    revision: str
    loaded_at: datetime
    last_error: tuple[str, ...] | None = None

    def as_dict(self) -> Mapping[str, Any]:
        error = None if self.last_error is None else "\n".join(self.last_error)
        return {"revision": self.revision, "loaded_at": self.loaded_at.isoformat(), "last_error": error}


class Reloader:
    """Reads and checks in a thread, swaps on the event loop's."""

    def __init__(
        self,
        loaded: Loaded,
        *,
        environ: Mapping[str, str],
        snapshots: SnapshotHolder,
        make_provider: MakeProvider,
        publisher: Publisher,
        clock: Clock,
    ) -> None:
        self._loaded = loaded
        self._environ = environ
        self._snapshots = snapshots
        self._make_provider = make_provider
        self._publisher = publisher
        self._clock = clock
        self.status = Status(loaded.revision, snapshots.current.loaded_at)
        self._wanted = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._signature = _signature(loaded.path)

    def start(self) -> None:
        """Begins to follow the file; on the running loop."""
        self._task = asyncio.get_running_loop().create_task(self._follow())

    def reload_now(self) -> None:
        """Reads the file at the next chance, changed or not."""
        self._wanted.set()

    async def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def _follow(self) -> None:
        seen = self._signature
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(POLL_SECONDS):
                    await self._wanted.wait()
            if self._wanted.is_set():
                self._wanted.clear()
                await self._reload()
                seen = self._signature
                continue
            now = await asyncio.to_thread(_signature, self._loaded.path)
            # Half a file can be good YAML: only one that two looks found the same is read.
            if now == seen and now != self._signature:
                await self._reload()
            seen = now

    async def _reload(self) -> None:
        """Takes over what the file says now; a bad file is reported and changes nothing."""
        before = await asyncio.to_thread(_signature, self._loaded.path)
        try:
            loaded = await asyncio.to_thread(load, self._loaded.path, self._environ)
        except ConfigInvalid as invalid:
            self._signature = before
            self._reject(tuple(str(problem) for problem in invalid.problems))
            return
        if await asyncio.to_thread(_signature, self._loaded.path) != before:
            return  # it changed under the reading: the next look takes it up
        self._signature = before
        self._accept(loaded)

    def _accept(self, loaded: Loaded) -> None:
        previous = self._loaded
        if loaded.revision == previous.revision:
            # Nothing that it means has changed; positions for messages may have.
            self._loaded = loaded
            self.status = replace(self.status, last_error=None)
            return
        snapshot = build(loaded, make_provider=self._make_provider, now=self._clock.now)
        self._snapshots.swap(snapshot)
        self._loaded = loaded
        self.status = Status(loaded.revision, snapshot.loaded_at)
        notes = (
            *differences(previous.settings, loaded.settings),
            *needs_restart(previous.settings, loaded.settings),
            *(str(warning) for warning in loaded.warnings),
        )
        self._publisher.publish(ConfigReloaded(loaded.revision, previous.revision, snapshot.loaded_at, notes))

    def _reject(self, problems: tuple[str, ...]) -> None:
        self.status = replace(self.status, last_error=problems)
        self._publisher.publish(ConfigRejected(self.status.revision, problems, self._clock.now()))


def _signature(path: Path) -> _Signature:
    """What tells one content of the path from another; None while there is no file."""
    try:
        real = path.resolve(strict=True)
        stat = real.stat()
    except OSError:
        return None
    return str(real), stat.st_ino, stat.st_mtime_ns, stat.st_size
