"""Captured: what a call asked and what it was told, for whoever wants prompts on traces. Only made where that is asked
for."""

from collections.abc import Iterable

from tornado_gateway.domain.call import Answer, ModelCall
from tornado_gateway.domain.stream import Relayed, StreamEvent, TextDelta, ToolCallDelta, UsageReport

MOST_BYTES = 256 * 1024
"""Of a request, and of an answer: what is larger is not kept, so that what waits to be read has a bound."""


class Captured:
    """References to what is there anyway; nothing is copied or opened on the request's path."""

    __slots__ = ("_room", "answer", "call", "cut", "events")

    def __init__(self, call: ModelCall) -> None:
        size = sum(len(memoryview(raw)) for raw in call.wire.fields.values())
        self.cut = size > MOST_BYTES
        """Whether something was too large to be kept."""
        self.call = None if self.cut else call
        self.answer: Answer | None = None
        self.events: list[StreamEvent] = []
        """What a stream said, up to the bound."""
        self._room = MOST_BYTES

    def hear(self, events: Iterable[StreamEvent]) -> None:
        """More of a stream has come."""
        for event in events:
            self._room -= _size(event)
            if self._room < 0:
                self.cut = True
                return
            self.events.append(event)


def _size(event: StreamEvent) -> int:
    match event:
        case Relayed():
            return len(event.data)
        case UsageReport():
            return 0 if event.frame is None else len(event.frame)
        case TextDelta():
            return len(event.text)
        case ToolCallDelta():
            return len(event.arguments)
    return 0
