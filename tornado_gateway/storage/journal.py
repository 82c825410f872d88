"""The journals of one process: where rows wait while their database is away or slow, and across a restart."""

import os
import re
import threading
from collections.abc import Sequence
from pathlib import Path
from uuid import uuid4

import msgspec
from loguru import logger

from tornado_gateway.domain.ledger import LedgerRow
from tornado_gateway.storage.journal_file import SUFFIX, JournalFile


class Journal:
    """Files of ``folder`` whose names begin with ``label``: one that is being written, and others that are read.

    ``append`` is called by one thread and the rest by another. A file that was read to its end is removed; what a
    process leaves is adopted by whoever looks next, be it its successor or a neighbour.
    """

    def __init__(self, folder: Path, label: str) -> None:
        self._folder = folder
        self._label = label
        self._lock = threading.Lock()
        self._current: JournalFile | None = None
        self._sealed: list[JournalFile] = []

    @property
    def waiting(self) -> int:
        """Rows in the files of this process. Asked for without the lock, which is held while a disk is waited for."""
        current = self._current
        return sum(file.waiting for file in [*self._sealed, *([] if current is None else [current])])

    def append(self, rows: Sequence[LedgerRow]) -> None:
        """On disk when it returns. Raises ``OSError``."""
        with self._lock:
            if self._current is None:
                name = f"{self._label}.{os.getpid()}-{uuid4().hex[:12]}{SUFFIX}"
                self._current = JournalFile.create(self._folder / name)
            self._current.append(rows)

    def oldest(self) -> JournalFile | None:
        """The file to be written to the ledger next, to which nothing is added any more."""
        with self._lock:
            if not self._sealed and self._current is not None and not self._current.empty:
                self._sealed.append(self._current)
                self._current = None
            return self._sealed[0] if self._sealed else None

    def done(self, file: JournalFile) -> None:
        """All rows of ``oldest`` are in the ledger."""
        with self._lock:
            self._sealed.remove(file)
        if file.damaged:
            logger.error("a journal of the ledger has lines that are no rows: it is kept as {}", file.keep())
        else:
            file.remove()

    def adopt(self) -> int:
        """Takes up the files of processes that are gone; says how many. Raises ``OSError``."""
        named = re.compile(rf"{re.escape(self._label)}\.\d+-[0-9a-f]{{12}}{re.escape(SUFFIX)}")
        paths = [path for path in sorted(self._folder.glob(f"*{SUFFIX}")) if named.fullmatch(path.name)]
        # This process's own are locked as well.
        found = [file for path in paths if (file := JournalFile.adopt(path)) is not None]
        with self._lock:
            self._sealed += found
        return len(found)

    def refuse(self, rows: Sequence[LedgerRow]) -> Path:
        """Puts rows aside that the database will never take, for a person to look at. Raises ``OSError``."""
        path = self._folder / f"{self._label}.refused.jsonl"
        descriptor = os.open(path, os.O_CREAT | os.O_APPEND | os.O_WRONLY | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(b"".join(msgspec.json.encode(row) + b"\n" for row in rows))
        return path

    def close(self) -> None:
        """What is left waits for the next process."""
        with self._lock:
            files = [file for file in (self._current, *self._sealed) if file is not None]
            self._current, self._sealed = None, []
        for file in files:
            if file.empty:
                file.remove()
            else:
                file.release()
