"""OpenAI's Responses streams, relayed. Pure: ``decode`` and ``flush``.

Wire: OpenAI API reference, "Streaming events". Usage stands in the event that ends the answer: ``response.completed``
or ``response.incomplete``; an error may come in the middle of a stream that began with status 200.
"""

from typing import Any

import msgspec

from tornado_gateway.domain.errors import GatewayError, UpstreamFailed
from tornado_gateway.domain.stream import Finished, Relayed, StreamBatch, StreamEvent, UsageReport
from tornado_gateway.providers.openai.errors import from_stream
from tornado_gateway.providers.openai.responses_relay import ResponseGlance
from tornado_gateway.providers.sse import FrameSplitter, SSEEvent, parse_frame, split_frames, whole_frame

_ENDS = frozenset({"response.completed", "response.incomplete"})
_MARKS = (b"response.completed", b"response.incomplete", b"response.failed", b'"error"', b"event: error", b"[DONE]")
_DELTA = b'.delta"'
"""The type of every event that holds a piece of the answer ends so."""

_ANNOUNCED = (b"event: response.created\n", b"event: response.in_progress\n", b"event: response.queued\n")


class _Event(msgspec.Struct, frozen=True):
    type: str | None = None
    response: ResponseGlance | None = None
    error: Any = None


_event = msgspec.json.Decoder(_Event)


class _Failed(Exception):
    def __init__(self, error: GatewayError, usage: UsageReport | None = None) -> None:
        super().__init__(error.message)
        self.error = error
        self.usage = usage


class ResponsesRelayReader:
    """Forwards events as they are and reads usage, errors and the end on the way."""

    def __init__(self, provider: str) -> None:
        self._provider = provider
        self._splitter = FrameSplitter()
        self._done = False
        self._spoke = False

    def decode(self, chunk: bytes) -> StreamBatch:
        """The events that ``chunk`` completes; an error event ends the batch as its ``error``."""
        run = self._splitter.decode(chunk)
        if not run or self._done:
            return StreamBatch((), last=self._done)
        if not any(mark in run for mark in _MARKS):
            return StreamBatch((self._plain(run),))
        return self._open(run)

    def flush(self) -> StreamBatch:
        """The end of the bytes, with ``UpstreamFailed`` as error where the answer was not complete."""
        if self._done:
            return StreamBatch((), last=True)
        rest = whole_frame(self._splitter.flush())
        batch = self._open(rest) if rest else StreamBatch(())
        if batch.error is not None or batch.last:
            return batch
        return StreamBatch(batch.events, error=UpstreamFailed(f"Provider {self._provider!r} broke off its stream."))

    def _open(self, run: bytes) -> StreamBatch:
        events: list[StreamEvent] = []
        plain: list[bytes] = []
        failed: _Failed | None = None
        for frame in split_frames(run):
            told: list[StreamEvent] = []
            if any(mark in frame for mark in _MARKS):
                try:
                    told = self._read(frame)
                except _Failed as error:
                    failed = error
                    break
            if not told:
                plain.append(frame)
                continue
            if plain:
                events.append(self._plain(b"".join(plain)))
                plain = []
            events.extend(told)
            if self._done:
                break
        if plain:
            events.append(self._plain(b"".join(plain)))
        if failed is not None and failed.usage is not None:
            events.append(failed.usage)
        return StreamBatch(tuple(events), last=self._done, error=None if failed is None else failed.error)

    def _read(self, frame: bytes) -> list[StreamEvent]:
        """What ``frame`` is, where it is more than a piece of the answer."""
        event = parse_frame(frame)
        if event is None or event.data.strip() == b"[DONE]":
            return []
        read = self._opened(event)
        response = read.response or ResponseGlance()
        usage = response.reported
        if read.type == "response.failed":
            raise _Failed(from_stream(response.error, self._provider), None if usage is None else UsageReport(usage))
        if read.type not in _ENDS:
            return []
        self._done = True
        frame_event = Relayed(frame, 0) if usage is None else UsageReport(usage, frame=frame)
        return [frame_event, Finished(response.finish_reason, raw=response.status)]

    def _opened(self, event: SSEEvent) -> _Event:
        try:
            read = _event.decode(event.data)
        except (msgspec.DecodeError, RecursionError):
            broken = UpstreamFailed(f"Provider {self._provider!r} sent an event that is no such JSON.")
            raise _Failed(broken) from None
        if read.type == "error" or event.event == "error" or (read.type is None and read.error is not None):
            error = msgspec.json.decode(event.data) if read.error is None else read.error
            raise _Failed(from_stream(error, self._provider))
        return read

    def _plain(self, run: bytes) -> Relayed:
        """The response is announced before anything is done about it."""
        if not self._spoke:
            self._spoke = run.count(b"event:") > sum(run.count(announced) for announced in _ANNOUNCED)
        return Relayed(run, run.count(_DELTA), not self._spoke)
