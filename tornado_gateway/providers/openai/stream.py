"""OpenAI's chat and legacy streams, read. Pure: ``decode`` and ``flush``.

Wire: OpenAI API reference, "The chat completion chunk object". Two readers: one relays whole events and opens only
those that can hold usage, an error or the end; the other opens each for translation.
"""

from typing import TypeVar

import msgspec

from tornado_gateway.domain.errors import GatewayError, UpstreamFailed
from tornado_gateway.domain.stream import Relayed, StreamBatch, StreamEvent, UsageReport
from tornado_gateway.providers.openai.deltas import ChatDeltas
from tornado_gateway.providers.openai.errors import from_stream
from tornado_gateway.providers.openai.response import usage_of
from tornado_gateway.providers.openai.shapes import Glance, WireAnswer
from tornado_gateway.providers.sse import FrameSplitter, SSEDecoder, SSEEvent, parse_frame, split_frames, whole_frame

_DONE = b"[DONE]"


_glance = msgspec.json.Decoder(Glance)
_chunk = msgspec.json.Decoder(WireAnswer)

Read = TypeVar("Read", Glance, WireAnswer)


class RelayReader:
    """Forwards events as they are and reads usage, errors and the end on the way."""

    def __init__(self, provider: str) -> None:
        self._provider = provider
        self._splitter = FrameSplitter()
        self._finished: str | None = None
        """The provider's word for how its first choice ended, once there was one."""
        self._done = False
        self._heard = False
        """There was a choice, whatever it held."""
        self._spoke = False

    def decode(self, chunk: bytes) -> StreamBatch:
        """The events that ``chunk`` completes; an error event ends the batch as its ``error``."""
        run = self._splitter.decode(chunk)
        if not run or self._done:
            return StreamBatch((), last=self._done)
        # A line of data and a blank one make an event (counting single bytes is many times as fast as pairs), and
        # OpenAI's own spelling is told in one scan. Whatever differs from it is looked at frame by frame.
        events = run.count(b"\n") // 2
        usual = run.count(_NOTHING_YET)
        if events and usual == events:
            return StreamBatch((self._relayed(run, events),))
        start = _first_unusual_frame(run, events - usual) if usual else 0
        if not _worth_opening(run[start:]):
            return StreamBatch((self._relayed(run, events or 1),))
        return self._open(run, start, events)

    def _relayed(self, run: bytes, events: int) -> Relayed:
        """Vendors send a first chunk that holds the role alone, or comments, before anything is said."""
        if not self._heard:
            self._heard = b'"choices"' in run
        if not self._spoke:
            self._spoke = b"data:" in run and (events > 1 or not any(mark in run for mark in _EMPTY))
        return Relayed(run, events, not self._spoke, self._finished)

    def flush(self) -> StreamBatch:
        """The end of the bytes, with ``UpstreamFailed`` as error where the answer was not complete."""
        if self._done:
            return StreamBatch((), last=True)
        rest = whole_frame(self._splitter.flush())
        batch = self._open(rest, 0, 1) if rest else StreamBatch(())
        if batch.error is not None:
            return batch
        if not self._finished and not self._done:
            return StreamBatch(batch.events, error=UpstreamFailed(f"Provider {self._provider!r} broke off its stream."))
        self._done = True
        return StreamBatch(batch.events, last=True)

    def _open(self, run: bytes, start: int, number: int) -> StreamBatch:
        """Of ``number`` events those worth opening stand at ``start`` or behind: all before it goes on in one piece."""
        events: list[StreamEvent] = []
        plain, count = ([run[:start]], number - run.count(b"\n", start) // 2) if start else ([], 0)
        failure: GatewayError | None = None
        last_words: UsageReport | None = None
        for frame in split_frames(run[start:]):
            report = None
            if _worth_opening(frame):
                event = parse_frame(frame)
                if event is not None and event.data.strip() == _DONE:
                    self._done = True
                    break
                try:
                    report = None if event is None else self._glance(event, frame)
                except _Failed as failed:
                    failure = failed.error
                    last_words = failed.usage
                    break
            if report is None:
                plain.append(frame)
                count += 1
                continue
            if plain:
                events.append(self._relayed(b"".join(plain), count))
                plain, count = [], 0
            events.extend(report)
        if plain:
            events.append(self._relayed(b"".join(plain), count))
        if last_words is not None:
            events.append(last_words)
        if self._done and not self._heard:
            return StreamBatch(tuple(events), error=_without_answer(self._provider))
        return StreamBatch(tuple(events), last=self._done, error=failure)

    def _glance(self, event: SSEEvent, frame: bytes) -> list[StreamEvent] | None:
        """What of an event is ours to tell, None where nothing is; raises ``_Failed``."""
        glance = _opened(event, _glance, self._provider)
        if glance.choices:
            self._heard = True
            ended = next((choice.finish_reason for choice in glance.choices if choice.finish_reason), None)
            self._finished = self._finished or ended
        usage = usage_of(glance)
        if usage is None:
            return None
        if glance.usage is None:
            # Groq's own member is no place for a cost: the event goes on as it is.
            return [Relayed(frame, 1, finish_reason=self._finished), UsageReport(usage)]
        return [UsageReport(usage, frame=frame, bare=not glance.choices, finish_reason=self._finished)]


def _without_answer(provider: str) -> UpstreamFailed:
    return UpstreamFailed(f"Provider {provider!r} ended its stream without an answer.")


class _Failed(Exception):
    """A provider's error in the middle of its stream, with the usage that came with it."""

    def __init__(self, error: GatewayError, usage: UsageReport | None = None) -> None:
        super().__init__(error.message)
        self.error = error
        self.usage = usage


def _opened(event: SSEEvent, decoder: "msgspec.json.Decoder[Read]", provider: str) -> "Read":
    """The event's document. Raises ``_Failed`` for one that is an error, or no such JSON."""
    try:
        read = decoder.decode(event.data)
    except (msgspec.DecodeError, RecursionError):
        garbled = UpstreamFailed(f"Provider {provider!r} sent an event that is no such JSON.")
        raise _Failed(garbled) from None
    if read.error is None and event.event != "error":
        return read
    usage = usage_of(read)
    error = msgspec.json.decode(event.data) if read.error is None else read.error
    raise _Failed(from_stream(error, provider), None if usage is None else UsageReport(usage))


_EMPTY = (b'"content":""', b'"content": ""', b'"content":null', b'"content": null')
_NOTHING_YET = b'"finish_reason":null}],"usage":null'
_MARKS = (b'usage":{', b'usage": {', b'_reason":"', b'_reason": "', b'"error"', b"event:", _DONE)
# JSON allows white space of any length there; nobody is known to write it, and who does is not to be billed nothing.
_EVERY_MARK = (
    *_MARKS,
    *(b'%s"%s' % (name, space) for name in (b"usage", b"_reason") for space in (b" ", b":  ", b":\n", b":\t")),
)


def _worth_opening(run: bytes) -> bool:
    # Inside JSON text a quote has a backslash before it, so that these can only be members' names.
    for mark in _EVERY_MARK:  # noqa: SIM110 - a generator would cost as much as what it looks at
        if mark in run:
            return True
    return False


def _first_unusual_frame(run: bytes, unusual: int) -> int:
    """Where the first of ``unusual`` frames begins, those that are not OpenAI's usual ones. They mostly stand last."""
    first = start = len(run)
    while unusual > 0 and start > 0:
        end = start
        start = run.rfind(b"\n\n", 0, end - 1) + 2
        if start < 2 or start >= end:
            return 0
        if run.find(_NOTHING_YET, start, end) < 0:
            first = start
            unusual -= 1
    return first


class ChatStreamReader:
    """Opens every chunk and says what it means."""

    def __init__(self, provider: str) -> None:
        self._provider = provider
        self._decoder = SSEDecoder()
        self._deltas = ChatDeltas()
        self._done = False

    def decode(self, chunk: bytes) -> StreamBatch:
        """The events that ``chunk`` completes; an error event ends the batch as its ``error``."""
        return self._batch(self._decoder.decode(chunk))

    def flush(self) -> StreamBatch:
        """The end of the bytes, with ``UpstreamFailed`` as error where the answer was not complete."""
        batch = self._batch(self._decoder.flush())
        if batch.error is not None:
            return batch
        if not self._deltas.finished and not self._done:
            return StreamBatch(batch.events, error=UpstreamFailed(f"Provider {self._provider!r} broke off its stream."))
        self._done = True
        return StreamBatch(batch.events, last=True)

    def _batch(self, arrived: list[SSEEvent]) -> StreamBatch:
        events: list[StreamEvent] = []
        for event in arrived:
            if self._done:
                break
            if event.data.strip() == _DONE:
                if not self._deltas.begun:
                    return StreamBatch(tuple(events), error=_without_answer(self._provider))
                self._done = True
                break
            try:
                self._deltas.read(_opened(event, _chunk, self._provider), events)
            except _Failed as failed:
                if failed.usage is not None:
                    events.append(failed.usage)
                return StreamBatch(tuple(events), error=failed.error)
        return StreamBatch(tuple(events), last=self._done)
