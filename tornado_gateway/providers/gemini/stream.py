"""Gemini's streams, read. Pure: ``decode`` and ``flush``.

Wire: Gemini API reference, "streamGenerateContent". Each event is a whole answer that holds what is new; there is no
end mark, so that the end of the bytes after a finish reason is the end. An error may come as bare JSON among the
events, and without ``alt=sse`` the whole stream is one JSON array.
"""

import msgspec

from tornado_gateway.domain.errors import GatewayError, UpstreamFailed
from tornado_gateway.domain.stream import Started, StreamBatch, StreamEvent, UsageReport
from tornado_gateway.providers.counts import Count
from tornado_gateway.providers.gemini.deltas import Candidates
from tornado_gateway.providers.gemini.errors import from_stream
from tornado_gateway.providers.gemini.response import WireAnswer, answer_decoder
from tornado_gateway.providers.gemini.usage import WireUsage
from tornado_gateway.providers.sse import MAX_EVENT_BYTES, FrameSplitter, parse_frame, split_frames

_DONE = b"[DONE]"

_list = msgspec.json.Decoder(list[msgspec.Raw])


class GenerateStreamReader:
    """Opens every event and says what it means."""

    def __init__(self, provider: str) -> None:
        self._provider = provider
        self._splitter = FrameSplitter()
        self._bare: bytearray | None = None
        """From here on the bytes are JSON and no events."""
        self._candidates = Candidates()
        self._started = False
        self._usage: WireUsage | None = None
        self._told: tuple[Count, Count] | None = None
        self._ended = False

    def decode(self, chunk: bytes) -> StreamBatch:
        """The events that ``chunk`` completes; an error ends the batch as its ``error``."""
        if self._bare is not None:
            self._bare += chunk
            if len(self._bare) > MAX_EVENT_BYTES:
                raise UpstreamFailed("The provider's stream holds an event without an end.")
            return StreamBatch(())
        run = self._splitter.decode(chunk)
        return self._batch(run) if run else StreamBatch(())

    def flush(self) -> StreamBatch:
        """The end of the bytes, with ``UpstreamFailed`` as error where the answer was not complete."""
        batch = StreamBatch(()) if self._bare is not None else self._batch(self._splitter.flush())
        events = list(batch.events)
        error = batch.error
        if error is None and self._bare is not None:
            error = self._read_bare(bytes(self._bare), events)
        broken = UpstreamFailed(f"Provider {self._provider!r} broke off its stream.")
        if error is not None:
            return StreamBatch(tuple(events), error=broken if isinstance(error, _Garbled) else error)
        if not self._candidates.finished:
            return StreamBatch(tuple(events), error=broken)
        self._candidates.end(events)
        if self._usage is not None:
            events.append(UsageReport(self._usage.buckets()))
        return StreamBatch(tuple(events), last=True)

    def _batch(self, run: bytes) -> StreamBatch:
        events: list[StreamEvent] = []
        frames = split_frames(run) if run else []
        for position, frame in enumerate(frames):
            if frame.lstrip()[:1] in (b"{", b"["):
                self._bare = bytearray(b"".join(frames[position:]) + self._splitter.flush())
                break
            event = parse_frame(frame)
            if event is None or event.data.strip() in (b"", _DONE):
                continue
            error = self._read(event.data, events, failed=event.event == "error")
            if error is not None:
                return StreamBatch(tuple(events), error=error)
        self._tell_usage(events)
        return StreamBatch(tuple(events))

    def _read_bare(self, document: bytes, events: list[StreamEvent]) -> GatewayError | None:
        if document.lstrip().startswith(b"{"):
            return self._read(document, events)
        try:
            answers = _list.decode(document)
        except (msgspec.DecodeError, RecursionError):
            return _Garbled(f"Provider {self._provider!r} sent no such JSON.")
        for answer in answers:
            error = self._read(bytes(answer), events)
            if error is not None:
                return error
        return None

    def _read(self, data: bytes, events: list[StreamEvent], *, failed: bool = False) -> GatewayError | None:
        """Appends what one answer says; gives the error that it is, if it is one."""
        try:
            read = answer_decoder.decode(data)
            if read.error is not None or failed:
                error = msgspec.json.decode(data) if read.error is None else read.error
                return from_stream(error, self._provider)
            self._tell(read, events)
        except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
            return _Garbled(f"Provider {self._provider!r} sent an event that is no such JSON.")
        return None

    def _tell(self, read: WireAnswer, events: list[StreamEvent]) -> None:
        if not self._started:
            self._started = True
            identity = read.response_id or ""
            events.append(Started(id=identity, model=read.model_version or "", created=read.created))
            self._candidates.answer = identity
        self._candidates.read(read, events)
        usage = read.usage_metadata
        if usage is not None and usage.counted:
            self._usage = usage

    def _tell_usage(self, events: list[StreamEvent]) -> None:
        """A first report, and another where more than the text has grown: pricing each chunk's is not for nothing."""
        usage = self._usage
        if usage is None:
            return
        known = usage.prompt_token_count, usage.thoughts_token_count
        if known != self._told:
            self._told = known
            events.append(UsageReport(usage.buckets(), early=True))


class _Garbled(UpstreamFailed):
    """No JSON; at the end of the bytes it is only the half of one."""
