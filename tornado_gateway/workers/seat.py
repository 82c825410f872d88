"""What one of several workers is given by its supervisor: a number, sockets, a channel, and its slot of the memory."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

import msgspec

from tornado_gateway.workers.memory import GONE, SharedMemory


class Errand(msgspec.Struct, frozen=True):
    """What goes over to a new process: descriptors are numbers, the same on both sides."""

    number: int
    slot: int
    slots: int
    memory: int
    channel: int
    sockets: tuple[int, ...]

    def argument(self) -> str:
        """As one word of a command line."""
        return msgspec.json.encode(self).decode()

    @classmethod
    def parse(cls, text: str) -> Self:
        """Raises ``ValueError`` for a text that ``argument`` did not make."""
        return msgspec.json.decode(text, type=cls)

    @property
    def descriptors(self) -> tuple[int, ...]:
        return (self.memory, self.channel, *self.sockets)


class Seat:
    """A worker's own view of what it shares."""

    def __init__(self, number: int, slot: int, memory: SharedMemory) -> None:
        self.number = number
        self._slot = slot
        self._memory = memory
        memory.occupy(slot)

    @property
    def workers(self) -> int:
        """How many serve beside each other: one slot is for who takes another's place."""
        return self._memory.slots - 1

    def tell(self, connections: int) -> None:
        """How many connections are open here."""
        self._memory.tell(self._slot, connections)

    def take_no_more(self) -> None:
        self._memory.tell(self._slot, GONE)

    def fewest(self) -> int:
        """Open connections of the worker that has the fewest, this one included."""
        return self._memory.fewest()

    def publish(self, counts: bytes) -> None:
        self._memory.counts(self._slot).write(counts)

    def predecessor(self) -> bytes | None:
        """The counts that are in the slot."""
        return self._memory.counts(self._slot).read()

    def published(self) -> Iterator[tuple[bytes, bool]]:
        """All workers' counts, those of the dead too, and whether each lives."""
        return self._memory.all_counts()

    def keep(self, content: bytes) -> None:
        """This file is in force here."""
        self._memory.keep(content, self._slot)

    def kept(self) -> bytes | None:
        """The file that was last put in force, by whichever worker."""
        return self._memory.kept()


@dataclass(frozen=True, slots=True)
class Crew:
    """Who serves beside this process: nobody where there is no ``seat``."""

    seat: Seat | None = None

    @property
    def number(self) -> int | None:
        return None if self.seat is None else self.seat.number

    @property
    def workers(self) -> int:
        return 1 if self.seat is None else self.seat.workers

    def keep(self, content: bytes) -> None:
        """This file is in force here: what a worker begins with that finds a bad one."""
        if self.seat is not None:
            self.seat.keep(content)
