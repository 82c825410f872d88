"""Answer: what comes over a connection for one request, in pieces."""

import asyncio
from typing import Protocol

import httpx

_MUCH = 256 * 1024
"""Bytes of a body that may wait for whoever reads it before the line has to wait, too."""


class Line(Protocol):
    """What an answer comes over."""

    def pause(self) -> None:
        """Nothing more for now."""

    def resume(self) -> None: ...

    def hang_up(self) -> None:
        """Nothing more at all."""


class Answer(httpx.AsyncByteStream):
    """An answer as it comes; ``await headed()`` first. Each item of its body is all that has come since the last one:
    a flush to the client costs more than its bytes. Headers are as they were sent, trailers are left out.

    Raises what the connection ended with, after all that had come before.
    """

    def __init__(self, line: Line) -> None:
        self.status = 0
        self.headers: list[tuple[bytes, bytes]] = []
        self.ended = False
        """The line has nothing more for it, and may be another's by now."""
        self._line = line
        self._pieces: list[bytes] = []
        self._size = 0
        self._paused = False
        self._error: Exception | None = None
        self._waiter: asyncio.Future[None] | None = None

    async def headed(self) -> None:
        """Returns once ``status`` and ``headers`` are there."""
        while not self.status:
            await self._something()

    def __aiter__(self) -> "Answer":
        return self

    async def __anext__(self) -> bytes:
        while not self._pieces:
            await self._something()
        pieces = self._pieces
        self._pieces, self._size = [], 0
        if self._paused and not self.ended:
            self._paused = False
            self._line.resume()
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    @property
    def empty(self) -> bool:
        """All of it has come and was taken: the connection serves others already."""
        return self.ended and not self._pieces

    async def aclose(self) -> None:
        """Hangs up where something is still to come."""
        if not self.ended:
            self._line.hang_up()

    def begin(self, status: int) -> None:
        """The head is complete."""
        self.status = status
        self._wake()

    def feed(self, piece: bytes) -> None:
        self._pieces.append(piece)
        self._size += len(piece)
        if self._size > _MUCH and not self._paused:
            self._paused = True
            self._line.pause()
        self._wake()

    def end(self, error: Exception | None = None) -> None:
        """Nothing more comes, for ``error`` where that is not how it should be. What was said before stays said."""
        if not self.ended:
            self.ended = True
            self._error = error
            self._wake()

    async def _something(self) -> None:
        """Returns once something has happened."""
        if self.ended:
            raise StopAsyncIteration if self._error is None else self._error
        self._waiter = asyncio.get_running_loop().create_future()
        try:
            await self._waiter
        finally:
            self._waiter = None

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)
