"""OpenAI's chat and legacy streams, read. Pure: ``decode`` and ``flush``.

Wire: OpenAI API reference, "The chat completion chunk object". Two readers: one relays whole events and opens only
those that can hold usage, an error or the end; the other opens each for translation.
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
from tornado_gateway.providers.openai.errors import from_stream
from tornado_gateway.providers.openai.response import (
    WireAnswer,
    WireChoice,
    WireMessage,
    arguments_text,
    finish_reason,
    thinking_text,
)
from tornado_gateway.providers.openai.usage import ChatUsage
from tornado_gateway.providers.sse import FrameSplitter, SSEDecoder, SSEEvent, parse_frame, split_frames

_DONE = b"[DONE]"


class _Glance(msgspec.Struct, frozen=True):
    class Ending(msgspec.Struct, frozen=True):
        finish_reason: str | None = None

    choices: list[Ending] | None = None
    usage: ChatUsage | None = None
    error: Any = None


_glance = msgspec.json.Decoder(_Glance)
_chunk = msgspec.json.Decoder(WireAnswer)


class RelayReader:
    """Forwards events as they are and reads usage, errors and the end on the way."""

    def __init__(self, provider: str) -> None:
        self._provider = provider
        self._splitter = FrameSplitter()
        self._finished = False
        self._done = False

    def decode(self, chunk: bytes) -> StreamBatch:
        """The events that ``chunk`` completes; an error event ends the batch as its ``error``."""
        run = self._splitter.decode(chunk)
        if not run or self._done:
            return StreamBatch((), last=self._done)
        # A line of data and a blank one make an event (counting single bytes is many times as fast as pairs), and
        # OpenAI's own spelling is told in one scan. Whatever differs from it is looked at frame by frame.
        events = run.count(b"\n") // 2
        if (events and run.count(_NOTHING_YET) == events) or not _worth_opening(run):
            return StreamBatch((Relayed(run, events or 1),))
        return self._open(run)

    def flush(self) -> StreamBatch:
        """The end of the bytes, with ``UpstreamFailed`` as error where the answer was not complete."""
        if self._done:
            return StreamBatch((), last=True)
        rest = self._splitter.flush()
        batch = self._open(rest + b"\n\n") if rest.strip() else StreamBatch(())
        if batch.error is not None:
            return batch
        if not self._finished and not self._done:
            return StreamBatch(batch.events, error=UpstreamFailed(f"Provider {self._provider!r} broke off its stream."))
        self._done = True
        return StreamBatch(batch.events, last=True)

    def _open(self, run: bytes) -> StreamBatch:
        events: list[StreamEvent] = []
        # What is worth opening mostly stands at the end: all before it goes on in one piece.
        start = _first_unusual_frame(run)
        plain, count = ([run[:start]], run.count(b"\n", 0, start) // 2) if start else ([], 0)
        failure: GatewayError | None = None
        for frame in split_frames(run[start:]):
            report = None
            if _worth_opening(frame):
                event = parse_frame(frame)
                if event is not None and event.data.strip() == _DONE:
                    self._done = True
                    break
                try:
                    report = None if event is None else self._glance(event, frame)
                except GatewayError as error:
                    failure = error
                    break
            if report is None:
                plain.append(frame)
                count += 1
                continue
            if plain:
                events.append(Relayed(b"".join(plain), count))
                plain, count = [], 0
            events.append(report)
        if plain:
            events.append(Relayed(b"".join(plain), count))
        return StreamBatch(tuple(events), last=self._done, error=failure)

    def _glance(self, event: SSEEvent, frame: bytes) -> UsageReport | None:
        try:
            glance = _glance.decode(event.data)
        except (msgspec.DecodeError, RecursionError) as error:
            raise UpstreamFailed(f"Provider {self._provider!r} sent an event that is no such JSON.") from error
        if glance.error is not None or event.event == "error":
            raise from_stream(glance.error, self._provider)
        if any(choice.finish_reason for choice in glance.choices or ()):
            self._finished = True
        if glance.usage is None:
            return None
        return UsageReport(glance.usage.buckets(), frame=frame, bare=not glance.choices)


_NOTHING_YET = b'"finish_reason":null}],"usage":null'
_MARKS = (b'usage":{', b'usage": {', b'_reason":"', b'_reason": "', b'"error"', b"event:", _DONE)


def _worth_opening(run: bytes) -> bool:
    # Inside JSON text a quote has a backslash before it, so that these can only be members' names.
    return any(mark in run for mark in _MARKS)


def _first_unusual_frame(run: bytes) -> int:
    """Where the first frame begins that is not one of OpenAI's usual ones."""
    start = 0
    while (end := run.find(b"\n\n", start)) >= 0 and run.find(_NOTHING_YET, start, end) >= 0:
        start = end + 2
    return start


class ChatStreamReader:
    """Opens every chunk and says what it means."""

    def __init__(self, provider: str) -> None:
        self._provider = provider
        self._decoder = SSEDecoder()
        self._started = False
        self._finished: set[int] = set()
        self._called: set[int] = set()
        self._done = False

    def decode(self, chunk: bytes) -> StreamBatch:
        """The events that ``chunk`` completes; an error event ends the batch as its ``error``."""
        return self._batch(self._decoder.decode(chunk))

    def flush(self) -> StreamBatch:
        """The end of the bytes, with ``UpstreamFailed`` as error where the answer was not complete."""
        batch = self._batch(self._decoder.flush())
        if batch.error is not None:
            return batch
        if not self._finished and not self._done:
            return StreamBatch(batch.events, error=UpstreamFailed(f"Provider {self._provider!r} broke off its stream."))
        self._done = True
        return StreamBatch(batch.events, last=True)

    def _batch(self, arrived: list[SSEEvent]) -> StreamBatch:
        events: list[StreamEvent] = []
        for event in arrived:
            if self._done:
                break
            if event.data.strip() == _DONE:
                self._done = True
                break
            try:
                self._read(event, events)
            except GatewayError as error:
                return StreamBatch(tuple(events), error=error)
        return StreamBatch(tuple(events), last=self._done)

    def _read(self, event: SSEEvent, events: list[StreamEvent]) -> None:
        try:
            chunk = _chunk.decode(event.data)
        except (msgspec.DecodeError, RecursionError) as error:
            raise UpstreamFailed(f"Provider {self._provider!r} sent an event that is no such JSON.") from error
        if chunk.error is not None or event.event == "error":
            raise from_stream(chunk.error, self._provider)
        if not self._started and (chunk.id or chunk.choices):
            self._started = True
            created = None if chunk.created is None else int(chunk.created)
            events.append(Started(id=chunk.id or "", model=chunk.model or "", created=created))
        for position, choice in enumerate(chunk.choices or ()):
            self._choice(choice, position if choice.index is None else choice.index, events)
        if chunk.usage is not None:
            events.append(UsageReport(chunk.usage.buckets()))

    def _choice(self, choice: WireChoice, index: int, events: list[StreamEvent]) -> None:
        delta = choice.delta or choice.message
        if delta is not None:
            self._delta(delta, index, choice.logprobs, events)
        if choice.finish_reason and index not in self._finished:
            self._finished.add(index)
            reason = finish_reason(choice.finish_reason)
            if reason == "stop" and index in self._called:
                reason = "tool_calls"
            events.append(Finished(reason, choice=index, raw=choice.finish_reason))

    def _delta(self, delta: WireMessage, choice: int, logprobs: Any, events: list[StreamEvent]) -> None:
        thought = delta.reasoning_content or delta.reasoning
        if thought:
            events.append(ReasoningDelta(thought, choice=choice, origin="openai"))
        if isinstance(delta.content, list):
            for piece in delta.content:
                if piece.get("type") == "thinking":
                    events.append(ReasoningDelta(thinking_text(piece.get("thinking")), choice=choice, origin="openai"))
                elif piece.get("text"):
                    events.append(TextDelta(piece["text"], choice=choice, logprobs=logprobs))
        elif delta.content or (logprobs is not None and delta.content is not None):
            events.append(TextDelta(delta.content, choice=choice, logprobs=logprobs))
        if delta.refusal:
            events.append(RefusalDelta(delta.refusal, choice=choice))
        for position, call in enumerate(delta.tool_calls or ()):
            self._called.add(choice)
            index = position if call.index is None else call.index
            function = call.function
            events.append(
                ToolCallDelta(
                    index=index,
                    arguments=arguments_text(function) if function else "",
                    id=call.id or (f"call_{index}" if function and function.name else None),
                    name=function.name if function else None,
                    choice=choice,
                )
            )
