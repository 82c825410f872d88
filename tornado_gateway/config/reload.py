"""Follows the file: read, check, build a whole new snapshot, swap one reference. All or nothing.

The file is looked at, not subscribed to: an edit in place, an atomic rename and Kubernetes' swap of ``..data`` all
change what the path leads to, on every file system, and a look costs a few microseconds. So are the files that it
takes texts from: a secret that is rotated there is a change like any other.
"""

import asyncio
import contextlib
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from tornado_gateway.config.build import Loaded, MakeProvider, build, parse, read_file
from tornado_gateway.config.diff import differences, needs_restart
from tornado_gateway.config.model import Settings
from tornado_gateway.config.problems import ConfigInvalid
from tornado_gateway.config.secret_files import SecretFiles
from tornado_gateway.config.side_by_side import misfit
from tornado_gateway.config.signatures import UNREAD, Signature, signature_of
from tornado_gateway.domain.events import ConfigRejected, ConfigReloaded
from tornado_gateway.domain.ports import Clock, Publisher
from tornado_gateway.domain.snapshot import SnapshotHolder

POLL_SECONDS = 0.1

_Look = tuple[Signature, ...]
"""The file's signature, then those of the files that it takes texts from, as they were seen at one time."""

_UNREAD: _Look = (UNREAD,)
"""No file's: the next look that finds the file at rest reads it, whatever it finds."""


@dataclass(frozen=True, slots=True)
class Status:
    """What ``/health/ready`` shows. ``last_error`` holds the problems of a file that is refused right now."""

    revision: str
    loaded_at: datetime
    last_error: tuple[str, ...] | None = None

    def as_dict(self) -> Mapping[str, Any]:
        error = None if self.last_error is None else "\n".join(self.last_error)
        return {"revision": self.revision, "loaded_at": self.loaded_at.isoformat(), "last_error": error}


@dataclass(frozen=True, slots=True)
class _Reading:
    """What one reading brought: ``loaded``, or why there is none. ``digest`` tells one content from another; ``files``
    are those that texts were taken from, as they were found."""

    digest: str
    loaded: Loaded | None = None
    content: bytes = field(default=b"", repr=False)
    problems: tuple[str, ...] = ()
    files: Mapping[str, Signature] = field(default_factory=dict)


class Reloader:
    """Reads and checks in a thread, swaps on the event loop's. ``keep`` is given each file that is in force;
    ``workers`` processes follow it beside each other."""

    def __init__(
        self,
        loaded: Loaded,
        *,
        environ: Mapping[str, str],
        snapshots: SnapshotHolder,
        make_provider: MakeProvider,
        publisher: Publisher,
        clock: Clock,
        keep: Callable[[bytes], None] = lambda content: None,
        workers: int = 1,
    ) -> None:
        self._loaded = loaded
        self._started = loaded.settings
        self._workers = workers
        self._environ = environ
        self._snapshots = snapshots
        self._make_provider = make_provider
        self._publisher = publisher
        self._clock = clock
        self._keep = keep
        self.status = Status(loaded.revision, snapshots.current.loaded_at)
        self._wanted = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._at_rest = False
        """It is not looked at unasked."""
        self._refused: tuple[str, tuple[str, ...]] | None = None
        self._files: tuple[str, ...] = ()
        self._waiting: list[asyncio.Future[None]] = []
        # The file may have changed since it was loaded.
        self._signature = _UNREAD

    @property
    def loaded(self) -> Loaded:
        """The file that is in force."""
        return self._loaded

    def needs_restart(self, settings: Settings) -> tuple[str, ...]:
        """What of ``settings`` would not be in force before a restart."""
        return needs_restart(self._started, settings)

    def misfit(self, loaded: Loaded) -> str | None:
        """Why a file that is well in itself can't be put in force here, None where it can."""
        return misfit(loaded, self._workers, self._started.state)

    def start(self) -> None:
        """Begins to follow the file, where it is none that can be read but once; on the running loop."""
        self._at_rest = self._loaded.path.is_fifo()
        self._task = asyncio.get_running_loop().create_task(self._follow())

    def reload_now(self) -> None:
        """Reads the file at the next chance, changed or not, and says again what is wrong with it."""
        self._refused = None
        self._wanted.set()

    async def reload(self) -> Status:
        """``reload_now``, and what came of it. Only while the file is followed."""
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(done)
        self.reload_now()
        await done
        return self.status

    async def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def _follow(self) -> None:
        seen = _UNREAD
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(POLL_SECONDS):
                    await self._wanted.wait()
            asked = self._wanted.is_set()
            self._wanted.clear()
            waiting, self._waiting = self._waiting, []
            now = await asyncio.to_thread(self._look)
            # Half a file can be good YAML: unasked, only one that two looks found the same is read.
            if asked or (now == seen and now != self._signature and not self._at_rest):
                await self._reload(now)
                if asked:
                    # It was not at rest: a change within the same tick of the file system's clock would not show.
                    self._signature = _UNREAD
            seen = now
            for done in waiting:
                if not done.done():
                    done.set_result(None)

    async def _reload(self, look: _Look) -> None:
        """Takes over what the file says now; a bad file is reported and changes nothing."""
        reading = await asyncio.to_thread(self._read)
        self._files = tuple(reading.files)
        found = (look[0], *reading.files.values())
        if await asyncio.to_thread(self._look) != found:
            return  # something changed under the reading: the next look takes it up
        self._signature = found
        if reading.loaded is None:
            self._reject(reading)
            return
        try:
            self._accept(reading.loaded)
            self._keep(reading.content)
        except Exception as error:
            # The checks let it pass, and nothing can be built of it. The error may hold a key, its type does not.
            problem = f"{self._loaded.path}: can't be put in force: {type(error).__name__}"
            self._reject(_Reading(reading.digest, problems=(problem,)))

    def _look(self) -> _Look:
        return signature_of(self._loaded.path), *(signature_of(file) for file in self._files)

    def _read(self) -> _Reading:
        path = self._loaded.path
        digest = ""
        files = SecretFiles()
        try:
            content = read_file(path, again=True)
            digest = hashlib.sha256(content).hexdigest()
            loaded = parse(content, path, self._environ, files)
            unfit = self.misfit(loaded)
            if unfit is not None:
                return _Reading(digest, problems=(unfit,), files=files.seen)
            return _Reading(digest, loaded, content, files=files.seen)
        except ConfigInvalid as invalid:
            problems = tuple(str(problem) for problem in invalid.problems)
            return _Reading(digest, problems=problems, files=files.seen)
        except Exception as error:
            # Whatever a file does to the reader, the next one is still to be followed.
            problem = f"{path}: can't be read: {type(error).__name__}"
            return _Reading(digest, problems=(problem,), files=files.seen)

    def _accept(self, loaded: Loaded) -> None:
        previous = self._loaded
        if loaded.revision != previous.revision:
            notes = (
                *differences(previous.settings, loaded.settings),
                *self.needs_restart(loaded.settings),
                *(str(warning) for warning in loaded.warnings),
            )
            snapshot = build(loaded, make_provider=self._make_provider, now=self._clock.now)
            # From here on nothing fails: all or nothing.
            self._snapshots.swap(snapshot)
            self.status = Status(loaded.revision, snapshot.loaded_at)
            self._publisher.publish(ConfigReloaded(loaded.revision, previous.revision, snapshot.loaded_at, notes))
        elif loaded.settings != previous.settings:
            # It says the same in other lines: those of the prices stand in receipts.
            self._snapshots.swap(build(loaded, make_provider=self._make_provider, now=self._clock.now))
        self._loaded = loaded
        self._refused = None
        self.status = replace(self.status, last_error=None)

    def _reject(self, reading: _Reading) -> None:
        self.status = replace(self.status, last_error=reading.problems)
        if (reading.digest, reading.problems) == self._refused:
            return  # the same as before: it has been said
        self._refused = reading.digest, reading.problems
        self._publisher.publish(ConfigRejected(self.status.revision, reading.problems, self._clock.now()))
