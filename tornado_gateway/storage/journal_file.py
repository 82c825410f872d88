"""One file of rows that wait for their database: a line of JSON each, on disk before ``append`` returns."""

import fcntl
import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import msgspec

from tornado_gateway.domain.ledger import LedgerRow

SUFFIX = ".unwritten.jsonl"
"""By it the files of processes that are gone are found."""
_PIECE = 1 << 20

_decoder = msgspec.json.Decoder(LedgerRow)


@dataclass(frozen=True, slots=True)
class Chunk:
    """Some rows of a file, and where what follows them begins."""

    rows: tuple[LedgerRow, ...]
    end: int
    damaged: int = 0
    """Lines among them that hold no row."""
    torn: int = 0
    """Bytes of such a line at the file's end: its process was killed before they were on disk."""


class JournalFile:
    """Locked by the process that has it open, so that no other takes it for an orphan. Not for several threads."""

    def __init__(self, path: Path, descriptor: int, *, waiting: int = 0) -> None:
        self.path = path
        self.waiting = waiting
        """Rows that are not yet taken out."""
        self.damaged = False
        """True where lines were passed over that hold no row, a torn last one not among them."""
        self._descriptor = descriptor
        self._size = os.fstat(descriptor).st_size
        self._taken = 0

    @classmethod
    def create(cls, path: Path) -> "JournalFile":
        """A new one, for its owner alone. Raises ``OSError``."""
        # Under another name until it is locked: another process could take it for an orphan before.
        new = path.with_name(path.name + ".new")
        descriptor = os.open(new, os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            new.rename(path)
            _sync_folder(path.parent)
        except BaseException:
            os.close(descriptor)
            raise
        return cls(path, descriptor)

    @classmethod
    def adopt(cls, path: Path) -> "JournalFile | None":
        """What a process left that is gone; None where it lives, or somebody else was quicker. Raises ``OSError``."""
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
        except FileNotFoundError:
            return None
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # Between the two, its owner may have written it to the ledger and removed it.
            gone = os.fstat(descriptor).st_nlink == 0
        except BlockingIOError:
            gone = True
        if gone:
            os.close(descriptor)
            return None
        return cls(path, descriptor, waiting=_lines(descriptor))

    @property
    def empty(self) -> bool:
        """True where nothing is left to take."""
        return self._taken >= self._size

    def append(self, rows: Sequence[LedgerRow]) -> None:
        """Adds all rows or none, on disk when it returns. Raises ``OSError``."""
        left = memoryview(b"".join(msgspec.json.encode(row) + b"\n" for row in rows))
        offset = self._size
        try:
            while left:
                count = os.pwrite(self._descriptor, left, offset)
                left, offset = left[count:], offset + count
            os.fsync(self._descriptor)
        except OSError:
            with suppress(OSError):
                os.ftruncate(self._descriptor, self._size)
            raise
        self._size = offset
        self.waiting += len(rows)

    def next(self, most: int) -> Chunk:
        """The next ``most`` rows; the same ones until they are taken."""
        rows: list[LedgerRow] = []
        damaged = torn = 0
        place = self._taken
        with os.fdopen(os.dup(self._descriptor), "rb") as lines:
            lines.seek(place)
            while len(rows) < most and (line := lines.readline()):
                try:
                    rows.append(_decoder.decode(line))
                except (msgspec.DecodeError, UnicodeDecodeError):
                    if line.endswith(b"\n"):
                        damaged += 1
                    else:
                        torn = len(line)
                place += len(line)
        return Chunk(tuple(rows), place, damaged, torn)

    def take(self, chunk: Chunk) -> None:
        """The chunk's rows are in the ledger."""
        self._taken = chunk.end
        self.damaged = self.damaged or chunk.damaged > 0
        self.waiting = 0 if self.empty else self.waiting - len(chunk.rows) - chunk.damaged

    def remove(self) -> None:
        """It is done with."""
        with suppress(OSError):
            self.path.unlink()
        os.close(self._descriptor)

    def keep(self) -> Path:
        """It is done with, and kept under another name for a person to look at."""
        kept = self.path.with_name(self.path.name.removesuffix(SUFFIX) + ".damaged.jsonl")
        with suppress(OSError):
            self.path.rename(kept)
        os.close(self._descriptor)
        return kept

    def release(self) -> None:
        """Leaves it to whoever comes next."""
        os.close(self._descriptor)


def _lines(descriptor: int) -> int:
    """Whole lines, counted in pieces: a file may be longer than memory."""
    found = offset = 0
    while piece := os.pread(descriptor, _PIECE, offset):
        found += piece.count(b"\n")
        offset += len(piece)
    return found


def _sync_folder(folder: Path) -> None:
    """A new file's name is on disk when its folder is."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
