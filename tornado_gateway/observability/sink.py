"""Where log lines go: a loguru sink whose ``write`` never waits, however slow the terminal or pipe behind it is."""

import contextlib
import io
import os
import select
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Protocol, TextIO, cast

from loguru import logger

from tornado_gateway.domain.events import RequestFinished
from tornado_gateway.observability.batches import BatchThread
from tornado_gateway.observability.call_lines import MESSAGE, CallLines, fields_of, level_of
from tornado_gateway.observability.lines import json_line
from tornado_gateway.observability.redact import redact

if TYPE_CHECKING:
    from loguru import Message, Record

_STOP_DEADLINE = 2.0


class LineFormat(Protocol):
    def __call__(self, record: "Record", /) -> str: ...


class LineSink:
    """Formats a record, masks credentials, and leaves the writing to a thread of its own.

    The event loop logs too (Tornado, asyncio), and a blocked stderr must not stop it. What finds ``capacity`` lines
    waiting, or can't be written, is dropped and counted. loguru calls ``write``, and ``stop`` on removal and at exit.
    """

    def __init__(
        self,
        stream: TextIO,
        line: LineFormat,
        *,
        level: int = 0,
        extra: Mapping[str, Any] | None = None,
        name: str = "stderr",
        capacity: int = 16384,
    ) -> None:
        """``level`` and ``extra``, the fields of every line, are what ``request_finished`` goes by; loguru has its
        own."""
        self._name = name
        self._line = line
        self._wanted = {name: logger.level(name).no >= level for name in ("INFO", "WARNING")}
        self._extra = {} if extra is None else extra
        self._calls = CallLines(self._extra) if line is json_line else None
        self._write = _writer(stream)
        self._failed = 0
        self._lines: BatchThread[str] = BatchThread(f"log-{name}", self._write_batch, capacity=capacity, batch=512)
        self._pid = -1

    def write(self, message: "Message") -> None:
        self._put(message.record)

    def request_finished(self, event: RequestFinished) -> None:
        """The short way, for the line that each request makes: for a record of its own loguru looks up the caller's
        frame, file, process and thread, which takes three times as long as the line, and nobody reads them."""
        level = level_of(event)
        if not self._wanted[level]:
            return
        at = datetime.now(UTC)
        if self._calls is not None:
            self._offer(self._calls.line(event, at))
            return
        extra = {**self._extra, **fields_of(event)}
        record = {"time": at, "level": logger.level(level), "message": MESSAGE, "extra": extra, "exception": None}
        self._put(cast("Record", record))

    def _put(self, record: "Record") -> None:
        self._offer(redact(self._line(record)))

    def _offer(self, line: str) -> None:
        if self._pid != os.getpid():  # the first line of this process, or of a fork of it
            self._pid = os.getpid()
            self._lines.start()
        self._lines.offer(line)

    def stop(self) -> None:
        self._lines.close(_STOP_DEADLINE)

    def dropped(self) -> Mapping[str, int]:
        """Lines lost so far, under the sink's name."""
        return {self._name: self._lines.dropped + self._failed}

    def _write_batch(self, lines: list[str]) -> None:
        for block in _blocks(lines):
            try:
                self._write("".join(block))
            except (OSError, ValueError):  # a closed pipe or stream
                self._failed += len(block)


def _blocks(lines: list[str]) -> Iterator[list[str]]:
    """Several workers write to one pipe: it keeps no more than this together, so that no line ends up in another."""
    block: list[str] = []
    room = select.PIPE_BUF
    for line in lines:
        size = len(line) if line.isascii() else len(line.encode("utf-8", "backslashreplace"))
        if size > room and block:
            yield block
            block, room = [], select.PIPE_BUF
        block.append(line)
        room -= size
    if block:
        yield block


def _writer(stream: TextIO) -> Callable[[str], None]:
    """Writes to the descriptor itself where there is one.

    A daemon thread that hangs in a write holds the lock of Python's buffer, and the interpreter aborts on it at exit.
    """
    try:
        descriptor = stream.fileno()
    except (OSError, ValueError, AttributeError, io.UnsupportedOperation):
        return _stream_writer(stream)
    with contextlib.suppress(OSError, ValueError):
        stream.flush()

    def write(text: str) -> None:
        if stream.closed:  # by now the number may be another file's; asking also keeps the stream from the collector
            raise ValueError("the log's stream is closed")
        left = memoryview(text.encode("utf-8", "backslashreplace"))
        while left:
            try:
                left = left[os.write(descriptor, left) :]
            except BlockingIOError:  # someone made the terminal non-blocking
                select.select([], [descriptor], [])

    return write


def _stream_writer(stream: TextIO) -> Callable[[str], None]:
    def write(text: str) -> None:
        stream.write(text)
        stream.flush()

    return write
