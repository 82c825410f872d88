"""What a supervisor and its workers share: a file without a name, inherited from the one by the others."""

import mmap
import os
import struct
import sys
import tempfile
import time
from collections.abc import Iterator

from tornado_gateway.workers.pages import PAGE_BYTES, Page

GONE = 2**64 - 1
"""Connections of a slot whose worker takes no more, or that has none: never the fewest."""

_WORDS = 2
_TIME = struct.Struct("<d")


class SharedMemory:
    """Slots for workers, each with words that say how its worker is, a page for its counts, and one for the
    configuration that it last took over.

    A slot has one worker at a time: only that one writes its pages, and the supervisor its words once it is gone.
    Counts stay in a slot and are its next worker's to begin with, so no sum over the slots ever falls.
    """

    def __init__(self, descriptor: int, slots: int) -> None:
        self.descriptor = descriptor
        self.slots = slots
        self._map = mmap.mmap(descriptor, 8 * _WORDS * slots)
        # Aligned words of 8 bytes: written and read in one piece.
        self._words = memoryview(self._map).cast("Q")
        self._counts = [Page(descriptor, (1 + slot) * PAGE_BYTES) for slot in range(slots)]
        # One more than slots: the supervisor's own.
        self._configs = [Page(descriptor, (1 + slots + slot) * PAGE_BYTES) for slot in range(slots + 1)]

    @classmethod
    def create(cls, slots: int) -> "SharedMemory":
        """A new one, all slots free."""
        descriptor = _nameless_file()
        os.ftruncate(descriptor, PAGE_BYTES)
        memory = cls(descriptor, slots)
        for slot in range(slots):
            memory.vacate(slot)
        return memory

    def close(self) -> None:
        self._words.release()
        self._map.close()
        os.close(self.descriptor)

    def occupy(self, slot: int) -> None:
        """Its worker is there, and takes no connections yet."""
        self._words[_WORDS * slot + 1] = 1

    def vacate(self, slot: int) -> None:
        """Its worker is gone."""
        self._words[_WORDS * slot] = GONE
        self._words[_WORDS * slot + 1] = 0

    def tell(self, slot: int, connections: int) -> None:
        """How many connections the slot's worker has open; ``GONE`` where it takes no more."""
        self._words[_WORDS * slot] = connections

    def fewest(self) -> int:
        """Connections of the worker that has the fewest; ``GONE`` where nobody takes any."""
        return min(self._words[::_WORDS])

    def counts(self, slot: int) -> Page:
        return self._counts[slot]

    def all_counts(self) -> Iterator[tuple[bytes, bool]]:
        """Each slot's counts, and whether their worker is there."""
        for slot, page in enumerate(self._counts):
            content = page.read()
            if content is not None:
                yield content, bool(self._words[_WORDS * slot + 1])

    def keep(self, content: bytes, slot: int | None = None) -> None:
        """A configuration's file that was taken over by the slot's worker, or at the start by the supervisor."""
        self._configs[self.slots if slot is None else slot].write(_TIME.pack(time.time()) + content)

    def kept(self) -> bytes | None:
        """The file that was taken over last, whoever did."""
        pages = (page.read() for page in self._configs)
        found = [(_TIME.unpack_from(page), page) for page in pages if page is not None]
        return max(found)[1][_TIME.size :] if found else None


def _nameless_file() -> int:
    if sys.platform == "linux":
        return os.memfd_create("tornado-gateway")
    with tempfile.TemporaryFile() as file:
        return os.dup(file.fileno())
