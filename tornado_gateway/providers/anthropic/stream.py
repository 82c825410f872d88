"""Anthropic's streams, read. Pure: ``decode`` and ``flush``.

Wire: Anthropic API documentation, "Streaming messages". Two readers: one relays whole events and opens only those that
can hold usage, an error or the end; the other opens each for translation.
"""

from typing import Any

import msgspec

from tornado_gateway.domain.errors import GatewayError, UpstreamFailed
from tornado_gateway.domain.stream import (
    Finished,
    ReasoningDelta,
    RefusalDelta,
    Relayed,
    Started,
    StreamBatch,
    StreamEvent,
    TextDelta,
    ToolCallDelta,
    UsageReport,
)
from tornado_gateway.providers.anthropic.errors import from_stream
from tornado_gateway.providers.anthropic.response import FAMILY, StopDetails, WireBlock, finish_reason, input_text
from tornado_gateway.providers.anthropic.usage import WireUsage
from tornado_gateway.providers.sse import FrameSplitter, SSEDecoder, SSEEvent, parse_frame, split_frames

_STOP = b'event: message_stop\ndata: {"type":"message_stop"}\n\n'


class _Delta(msgspec.Struct, frozen=True):
    """Of a block or of the message."""

    type: str | None = None
    text: str | None = None
    partial_json: str | None = None
    thinking: str | None = None
    signature: str | None = None
    citation: Any = None
    stop_reason: str | None = None
    stop_sequence: str | None = None
    stop_details: StopDetails | None = None


class _Message(msgspec.Struct, frozen=True):
    id: str | None = None
    model: str | None = None
    usage: WireUsage | None = None


class _Event(msgspec.Struct, frozen=True):
    type: str
    index: int = 0
    message: _Message | None = None
    content_block: WireBlock | None = None
    delta: _Delta | None = None
    usage: WireUsage | None = None
    error: Any = None


_event = msgspec.json.Decoder(_Event)


class _Garbled(UpstreamFailed):
    """An event that is no JSON; at the end of the bytes it is only the half of one."""


class _Reader:
    """What both have in common: the running usage, the end, and what an error event means."""

    def __init__(self, provider: str) -> None:
        self._provider = provider
        self._usage = WireUsage()
        self._finished = False
        self._done = False

    def _open(self, event: SSEEvent) -> _Event:
        try:
            read = _event.decode(event.data)
        except (msgspec.DecodeError, RecursionError) as error:
            raise _Garbled(f"Provider {self._provider!r} sent an event that is no such JSON.") from error
        if read.type == "error" or event.event == "error":
            raise from_stream(read.error, self._provider)
        if read.type == "message_stop":
            self._done = True
        return read

    def _reported(self, read: _Event) -> bool:
        usage = read.message.usage if read.message is not None else read.usage
        if usage is None:
            return False
        self._usage = self._usage.updated(usage)
        return self._usage.counted

    def _report(self, read: _Event, frame: bytes | None = None) -> UsageReport:
        return UsageReport(self._usage.buckets(), frame=frame, early=read.type == "message_start")

    def _ending(self, read: _Event) -> Finished | None:
        if read.type != "message_delta" or read.delta is None or not read.delta.stop_reason:
            return None
        self._finished = True
        raw = read.delta.stop_reason
        return Finished(finish_reason(raw), stop_sequence=read.delta.stop_sequence, raw=raw)

    def _closing(self, batch: StreamBatch) -> StreamBatch:
        """The last bytes' batch, with what the end of the bytes means."""
        complete = self._finished or self._done
        if batch.error is None and complete:
            self._done = True
            return StreamBatch(batch.events, last=True)
        if batch.error is None or isinstance(batch.error, _Garbled):
            broken = UpstreamFailed(f"Provider {self._provider!r} broke off its stream.")
            return StreamBatch(batch.events, error=broken)
        return batch


class RelayReader(_Reader):
    """Forwards events as they are and reads usage, stop reason, errors and the end on the way."""

    def __init__(self, provider: str) -> None:
        super().__init__(provider)
        self._splitter = FrameSplitter()
        self._spoke = False

    def decode(self, chunk: bytes) -> StreamBatch:
        """The events that ``chunk`` completes; an error event ends the batch as its ``error``."""
        run = self._splitter.decode(chunk)
        if not run or self._done:
            return StreamBatch((), last=self._done)
        if b"message_" not in run and b"error" not in run:
            # Only message_start, message_delta and message_stop hold what the gateway reads.
            return StreamBatch((self._relayed(run, run.count(b"event:")),))
        return self._read(run)

    def _relayed(self, run: bytes, events: int) -> Relayed:
        """A block is opened and pings come before anything is said in it."""
        self._spoke = self._spoke or b"content_block_delta" in run
        return Relayed(run, events, not self._spoke)

    def flush(self) -> StreamBatch:
        """The end of the bytes, with ``UpstreamFailed`` as error where the answer was not complete."""
        if self._done:
            return StreamBatch((), last=True)
        rest = self._splitter.flush()
        batch = self._read(rest + b"\n\n") if rest.strip() else StreamBatch(())
        unmarked = not self._done
        batch = self._closing(batch)
        if batch.last and unmarked:
            return StreamBatch((*batch.events, Relayed(_STOP, 1)), last=True)
        return batch

    def _read(self, run: bytes) -> StreamBatch:
        events: list[StreamEvent] = []
        plain: list[bytes] = []
        failure: GatewayError | None = None
        for frame in split_frames(run):
            event = parse_frame(frame)
            try:
                read = None if event is None else self._open(event)
            except GatewayError as error:
                failure = error
                break
            if read is None or not self._reported(read):
                plain.append(frame)
            else:
                if plain:
                    events.append(self._relayed(b"".join(plain), len(plain)))
                    plain = []
                events.append(self._report(read, frame))
            ending = None if read is None else self._ending(read)
            if ending is not None:
                events.append(ending)
            if self._done:
                break
        if plain:
            events.append(self._relayed(b"".join(plain), len(plain)))
        return StreamBatch(tuple(events), last=self._done, error=failure)


class MessagesStreamReader(_Reader):
    """Opens every event and says what it means."""

    def __init__(self, provider: str) -> None:
        super().__init__(provider)
        self._decoder = SSEDecoder()
        self._calls: dict[int, int] = {}
        """Which call a block is, by the block's index."""
        self._silent: dict[int, str] = {}
        """Calls that have no arguments so far, with those of their first event."""

    def decode(self, chunk: bytes) -> StreamBatch:
        """The events that ``chunk`` completes; an error event ends the batch as its ``error``."""
        return self._batch(self._decoder.decode(chunk))

    def flush(self) -> StreamBatch:
        """The end of the bytes, with ``UpstreamFailed`` as error where the answer was not complete."""
        return self._closing(self._batch(self._decoder.flush()))

    def _batch(self, incoming: list[SSEEvent]) -> StreamBatch:
        events: list[StreamEvent] = []
        for event in incoming:
            if self._done:
                break
            try:
                read = self._open(event)
            except GatewayError as error:
                return StreamBatch(tuple(events), error=error)
            match read.type:
                case "message_start" if read.message is not None:
                    events.append(Started(id=read.message.id or "", model=read.message.model or ""))
                case "content_block_start" if read.content_block is not None:
                    self._block(read.content_block, read.index, events)
                case "content_block_delta" if read.delta is not None:
                    self._delta(read.delta, read.index, events)
                case "content_block_stop":
                    self._silence_over(read.index, events)
                case "message_delta":
                    self._end(read, events)
            if self._reported(read):
                events.append(self._report(read))
        return StreamBatch(tuple(events), last=self._done)

    def _block(self, block: WireBlock, index: int, events: list[StreamEvent]) -> None:
        match block.type:
            case "text" if block.text:
                events.append(TextDelta(block.text))
            case "thinking" if block.thinking or block.signature:
                events.append(ReasoningDelta(block.thinking or "", signature=block.signature or None, origin=FAMILY))
            case "redacted_thinking":
                events.append(ReasoningDelta(redacted=block.data or "", origin=FAMILY))
            case "tool_use":
                call = self._calls[index] = len(self._calls)
                self._silent[index] = input_text(block.input) or "{}"
                events.append(ToolCallDelta(index=call, id=block.id or "", name=block.name or ""))

    def _delta(self, delta: _Delta, index: int, events: list[StreamEvent]) -> None:
        match delta.type:
            case "text_delta" if delta.text:
                events.append(TextDelta(delta.text))
            case "thinking_delta" if delta.thinking:
                events.append(ReasoningDelta(delta.thinking, origin=FAMILY))
            case "signature_delta" if delta.signature:
                events.append(ReasoningDelta(signature=delta.signature, origin=FAMILY))
            case "citations_delta":
                events.append(TextDelta("", annotations=(delta.citation,)))
            case "input_json_delta" if delta.partial_json and index in self._calls:
                self._silent.pop(index, None)
                events.append(ToolCallDelta(index=self._calls[index], arguments=delta.partial_json))

    def _silence_over(self, index: int, events: list[StreamEvent]) -> None:
        """A call whose block ended without arguments has those of its start: ``{}``, as a rule."""
        arguments = self._silent.pop(index, None)
        if arguments is not None:
            events.append(ToolCallDelta(index=self._calls[index], arguments=arguments))

    def _end(self, read: _Event, events: list[StreamEvent]) -> None:
        ending = self._ending(read)
        if ending is None or read.delta is None:
            return
        details = read.delta.stop_details
        if ending.reason == "refusal" and details is not None and details.explanation:
            events.append(RefusalDelta(details.explanation))
        events.append(ending)
