"""Pages in a file that several processes have open: one writes a page, all read it, and none waits for another."""

import os
import struct
import zlib

_HEAD = struct.Struct("<QII")
"""Which writing it was (from 1 on), the content's length, and the checksum of both and the content."""

HALF_BYTES = 64 * 1024 * 1024
"""Room for one content. The file is sparse: what is not written takes no memory."""

PAGE_BYTES = 2 * HALF_BYTES
_ATTEMPTS = 5


class Page:
    """Two halves written in turn, so that a writer who is killed at it leaves the one before whole.

    One process at a time may write; which one is not this class's concern.
    """

    def __init__(self, descriptor: int, offset: int) -> None:
        self._descriptor = descriptor
        self._halves = (offset, offset + HALF_BYTES)
        self._written: int | None = None

    def write(self, content: bytes) -> None:
        """Raises ``ValueError`` for a content that has no room."""
        if len(content) > HALF_BYTES - _HEAD.size:
            raise ValueError(f"{len(content)} bytes have no room on a page")
        if self._written is None:
            # A predecessor's writings count on.
            self._written = max(number for number, _, _, _ in self._heads())
        number = self._written + 1
        at = self._halves[number % 2]
        os.pwrite(self._descriptor, content, at + _HEAD.size)
        os.pwrite(self._descriptor, _HEAD.pack(number, len(content), _checksum(number, content)), at)
        self._written = number

    def read(self) -> bytes | None:
        """What was written last and whole; None where nothing was."""
        for _ in range(_ATTEMPTS):  # two writings within one reading spoil it
            for number, length, checksum, at in sorted(self._heads(), reverse=True):
                if not number > 0 or length > HALF_BYTES:
                    continue
                content = os.pread(self._descriptor, length, at + _HEAD.size)
                if _checksum(number, content) == checksum:
                    return content
        return None

    def _heads(self) -> list[tuple[int, int, int, int]]:
        heads = []
        for at in self._halves:
            head = os.pread(self._descriptor, _HEAD.size, at).ljust(_HEAD.size, b"\0")
            heads.append((*_HEAD.unpack(head), at))
        return heads


def _checksum(number: int, content: bytes) -> int:
    return zlib.crc32(content, number & 0xFFFFFFFF)
