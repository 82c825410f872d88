"""StreamGuard: the events of a stream under the rules of its route, on either lane.

Events wait in a queue, in their order, until all of their text may go out; so that nothing overtakes anything and no
event is made up. What a rule replaces is taken from the events that it came in.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence

import msgspec

from tornado_gateway.domain.guardrails.answers import NO_LIKELIHOODS
from tornado_gateway.domain.guardrails.documents import literal_of
from tornado_gateway.domain.guardrails.frames import Channel, Frame, frames, read_frame
from tornado_gateway.domain.guardrails.members import Kind, Text
from tornado_gateway.domain.guardrails.rewriting import check_tool, fitting, guard_notes, guard_text
from tornado_gateway.domain.guardrails.rules import Checks
from tornado_gateway.domain.guardrails.verdicts import Tally
from tornado_gateway.domain.guardrails.window import Piece, Window
from tornado_gateway.domain.paths import key_path
from tornado_gateway.domain.stream import (
    Finished,
    ReasoningDelta,
    RefusalDelta,
    Relayed,
    StreamEvent,
    TextDelta,
    ToolCallDelta,
    UsageReport,
)

MOST_EVENTS = 4096
"""Events that wait; beyond it all go out, as if their texts had ended."""

MOST_SAID = 1024 * 1024
"""Characters that are kept for a hook, which hears the whole answer at its end."""


class _Waiting:
    """An event and the pieces of text in it; ``make`` gives what goes out for it, None where nothing is left."""

    __slots__ = ("make", "pieces")

    def __init__(self, pieces: Sequence[Piece], make: Callable[[], StreamEvent | None]) -> None:
        self.pieces = pieces
        self.make = make

    @property
    def ready(self) -> bool:
        return all(piece.result is not None for piece in self.pieces)


class StreamGuard:
    """``protocol`` is that of relayed events; ``signed`` says that the provider proves its thoughts."""

    def __init__(self, checks: Checks, tally: Tally, *, protocol: str, signed: bool) -> None:
        self._checks = checks
        self._tally = tally
        self._protocol = protocol
        self._signed = signed
        self._windows: dict[Channel, Window] = {}
        self._touched: dict[Channel, Window] = {}
        """Those that have grown: one look at each is enough for all that one read brought."""
        self._queue: deque[_Waiting] = deque()
        self._said: dict[str, list[str]] | None = {} if checks.hooks else None
        self._room = MOST_SAID
        self._spoke = False
        """Something came in pieces."""

    @property
    def said(self) -> list[tuple[str, str]]:
        """What went out, by its place; collected only where a hook is to hear it."""
        return [(where, "".join(pieces)) for where, pieces in (self._said or {}).items()]

    def push(self, events: Iterable[StreamEvent], *, last: bool = False) -> tuple[StreamEvent, ...]:
        """What may go out now, all of it with the ``last`` events. Raises ``GuardrailDenied``."""
        for event in events:
            self._queue.extend(self._read(event))
        if last or len(self._queue) > MOST_EVENTS:
            self._end(lambda _: True)
        for window in self._touched.values():
            window.settle()
        self._touched.clear()
        return tuple(_together(self._ready()))

    def _ready(self) -> Iterator[StreamEvent]:
        while self._queue and self._queue[0].ready:
            waiting = self._queue.popleft()
            if self._said is not None:
                self._hear(waiting.pieces)
            made = waiting.make()
            if made is not None:
                yield made

    def _end(self, ended: Callable[[Channel], bool]) -> None:
        for channel in [channel for channel in self._windows if ended(channel)]:
            self._touched.pop(channel, None)
            self._windows.pop(channel).settle(final=True)

    def _read(self, event: StreamEvent) -> Iterator[_Waiting]:
        match event:
            case Relayed():
                for frame in frames(event.data):
                    yield self._frame(frame, lambda data: Relayed(data, 1, event.preface, event.finish_reason))
            case UsageReport() if event.frame is not None:
                yield self._frame(event.frame, lambda data: msgspec.structs.replace(event, frame=data))
            case TextDelta() | RefusalDelta() | ReasoningDelta():
                yield self._delta(event)
            case ToolCallDelta():
                yield self._call(event)
            case Finished():
                self._end(lambda channel: channel[0] == event.choice)
                yield _Waiting((), lambda: event)
            case _:
                yield _Waiting((), lambda: event)

    def _delta(self, event: TextDelta | RefusalDelta | ReasoningDelta) -> _Waiting:
        sealed = isinstance(event, ReasoningDelta) and self._signed
        kind = Kind.SEALED if sealed else Kind.TEXT
        name = type(event).__name__.removesuffix("Delta").lower()
        piece = self._add((event.choice, name), event.text, kind, f"choices[{event.choice}].{name}")
        if isinstance(event, TextDelta) and event.annotations:
            place = ("choices", event.choice, "annotations")
            notes = guard_notes(event.annotations, place, self._checks, self._tally)
            event = msgspec.structs.replace(event, annotations=notes)

        def make() -> StreamEvent | None:
            made: StreamEvent = event
            if self._checks.redacts and isinstance(event, TextDelta) and event.logprobs is not None:
                made = msgspec.structs.replace(event, logprobs=None)
            if piece.result == event.text:
                return made
            made = msgspec.structs.replace(made, text=piece.result or "")
            silent = made == type(event)(text="", choice=event.choice)
            return None if silent else made

        return _Waiting((piece,), make)

    def _call(self, event: ToolCallDelta) -> _Waiting:
        where = f"choices[{event.choice}].tool_calls[{event.index}]"
        if event.name is not None:
            check_tool(event.name, self._checks.tools, self._tally, where)
        channel = (event.choice, "call", event.index)
        kind = Kind.FREE if event.custom else Kind.ARGUMENTS
        piece = self._add(channel, event.arguments, kind, f"{where}.arguments")
        return _Waiting((piece,), lambda: msgspec.structs.replace(event, arguments=piece.result or ""))

    def _add(self, channel: Channel, said: str, kind: Kind, where: str) -> Piece:
        window = self._windows.get(channel)
        if window is None:
            rules = fitting(self._checks.matching, kind)
            sealed, quoted = kind is Kind.SEALED, kind is Kind.ARGUMENTS
            self._spoke = True
            window = self._windows[channel] = Window(
                rules, self._tally, where, gate=self._checks.gate, sealed=sealed, quoted=quoted
            )
        self._touched[channel] = window
        return window.add(said)

    def _hear(self, pieces: Iterable[Piece]) -> None:
        assert self._said is not None, "somebody is to hear it"
        for piece in pieces:
            if piece.where and piece.result and self._room > 0:
                self._room -= len(piece.result)
                self._said.setdefault(piece.where, []).append(piece.result)

    def _frame(self, data: bytes, make: Callable[[bytes], StreamEvent]) -> _Waiting:
        frame = read_frame(data, self._protocol)
        if frame is None:
            return _Waiting((), lambda: make(data))
        if frame.repeats:  # the verdict is that of the pieces
            self._end(lambda channel: not frame.ends or channel[0] in frame.ends)
        pieces = [self._piece(text, channel, frame) for text, channel in zip(frame.texts, frame.channels, strict=True)]
        for number in frame.ends:
            self._end(lambda channel, number=number: channel[0] == number)  # type: ignore[misc]

        def told() -> StreamEvent:
            changes = {
                text.path: said
                for text, piece in zip(frame.texts, pieces, strict=True)
                if (said := self._written(text, piece)) is not None
            }
            return make(frame.changed(changes) if changes else data)

        return _Waiting(pieces, told)

    def _piece(self, text: Text, channel: Channel | None, frame: Frame) -> Piece:
        if channel is not None and text.kind not in (Kind.TOOL, Kind.LIKELIHOODS):
            return self._add(channel, text.said, text.kind, _where(channel, text))
        # What was said in pieces has had its verdicts.
        silent = frame.repeats or text.kind is Kind.TOOL
        piece = Piece(text.said, 0, "" if silent else key_path(text.path))
        tally = Tally("response") if frame.repeats and self._spoke else self._tally
        piece.result = guard_text(text, self._checks, tally)
        return piece

    def _written(self, text: Text, piece: Piece) -> bytes | None:
        if text.kind is Kind.LIKELIHOODS:
            redacts = self._checks.redacts and text.value.whole
            return NO_LIKELIHOODS.get(self._protocol, b"null") if redacts else None
        return None if piece.result == text.said else literal_of(piece.result or "")


def _where(channel: Channel, text: Text) -> str:
    """The place in the whole answer, by the numbers that the stream itself gives."""
    if text.path[0] == "choices":
        return key_path(("choices", *channel))
    if text.path == ("delta",):
        return f"output[{channel[0]}]"
    return key_path(("content", *channel))


def _together(events: Iterable[StreamEvent]) -> Iterator[StreamEvent]:
    """Relayed events that follow each other are one run again."""
    run: list[Relayed] = []
    for event in events:
        if type(event) is Relayed and (not run or run[-1].preface == event.preface):
            run.append(event)
            continue
        if run:
            yield _run(run)
            run = []
        if type(event) is Relayed:
            run.append(event)
        else:
            yield event
    if run:
        yield _run(run)


def _run(run: Sequence[Relayed]) -> Relayed:
    reason = next((each.finish_reason for each in run if each.finish_reason), None)
    return Relayed(b"".join(each.data for each in run), sum(each.events for each in run), run[0].preface, reason)
