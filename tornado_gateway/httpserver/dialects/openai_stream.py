"""OpenAI's chat and legacy streams as callers read them: relayed chunks as they came, ``[DONE]`` last.

Wire: OpenAI API reference, "The chat completion chunk object".
"""

from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import msgspec

from tornado_gateway.domain.call import ModelCall
from tornado_gateway.domain.chat import FinishReason, filtered
from tornado_gateway.domain.errors import GatewayError
from tornado_gateway.domain.stream import (
    Finished,
    ImageDelta,
    ReasoningDelta,
    RefusalDelta,
    Relayed,
    Started,
    StreamEvent,
    TextDelta,
    ToolCallDelta,
    UsageReport,
)
from tornado_gateway.httpserver.dialects.costing import chat_usage, frame_with_cost
from tornado_gateway.httpserver.dialects.openai_errors import error_event
from tornado_gateway.httpserver.dialects.openai_images import image_member
from tornado_gateway.httpserver.dialects.openai_thoughts import ThoughtsOfStream

FINISH_REASONS: dict[FinishReason, str] = {
    "stop": "stop",
    "stop_sequence": "stop",
    "length": "length",
    "tool_calls": "tool_calls",
    "content_filter": "content_filter",
    "refusal": "stop",
    "pause": "stop",
    "error": "error",
}
"""``error`` is OpenRouter's word for an answer that a failure ended: OpenAI has none, and it is no ``stop``."""

TIERS = frozenset({"auto", "default", "flex", "scale", "priority"})
"""Service tiers of OpenAI's: other vendors have words of their own, which its SDK does not take."""


def finish_word(reason: FinishReason, *, refused: bool) -> str:
    """``refused``: the answer says so in its own words, which is how OpenAI's models do it."""
    return FINISH_REASONS[filtered(reason, refused=refused)]


def is_own_note(note: Any) -> bool:
    """Another family's citations point into something that this form does not have."""
    return isinstance(note, dict) and not str(note.get("type")).endswith("_location")


class _Head(msgspec.Struct, frozen=True):
    id: str | None = None
    created: int | None = None
    model: str | None = None

    def told(self) -> dict[str, Any]:
        members = {"id": self.id, "created": self.created, "model": self.model}
        return {name: value for name, value in members.items() if value is not None}


class OpenAIStreamEncoder:
    """What both grammars share; a subclass says what a translated event looks like."""

    kind = ""

    def __init__(self, call: ModelCall, created: int = 0) -> None:
        """``created``, in Unix seconds, is for providers that tell no time of their own."""
        self._wants_usage = call.wants_usage
        self._head: dict[str, Any] = {"id": "", "object": self.kind, "created": created, "model": call.model}
        self._last_report: UsageReport | None = None
        self._usage_sent = False
        self._relayed: bytes | None = None
        """The first events that were not made here."""
        self._refused: set[int] = set()
        """Choices that said so in words of their own."""

    def encode(self, events: Sequence[StreamEvent]) -> bytes:
        # The relay lane's usual batch: one run of bytes.
        if len(events) == 1 and type(events[0]) is Relayed:
            if self._relayed is None:
                self._remember(events[0].data)
            return events[0].data
        return b"".join([self._event(event) for event in events])

    def close(self) -> bytes:
        report = self._last_report
        if report is None or not self._wants_usage or self._usage_sent:
            return b"data: [DONE]\n\n"
        last: dict[str, Any] = {"choices": [], "usage": chat_usage(report.usage, report.cost)}
        if report.usage.service_tier in TIERS:
            last["service_tier"] = report.usage.service_tier
        return self._data({**self._head_of_relayed(), **last}) + b"data: [DONE]\n\n"

    def _remember(self, data: bytes) -> None:
        if b"data:" in data:  # vendors begin with comments
            self._relayed = data

    def _head_of_relayed(self) -> dict[str, Any]:
        """What all chunks have alike, of a stream whose chunks were not made here."""
        for line in (self._relayed or b"").splitlines():
            if line.startswith(b"data:"):
                with suppress(msgspec.DecodeError):
                    return msgspec.json.decode(line[5:], type=_Head).told()
        return {}

    def fail(self, error: GatewayError, request_id: str) -> bytes:
        return error_event(error)

    def _event(self, event: StreamEvent) -> bytes:
        match event:
            case Relayed():
                if self._relayed is None:
                    self._remember(event.data)
                return event.data
            case UsageReport():
                return self._usage(event)
            case Started():
                self._head["id"] = event.id
                self._head["model"] = event.model or self._head["model"]
                self._head["created"] = event.created or self._head["created"]
                return b""
            case RefusalDelta():
                self._refused.add(event.choice)
        return self._translated(event)

    def _translated(self, event: StreamEvent) -> bytes:
        raise NotImplementedError

    def _finish_word(self, event: Finished) -> str:
        return finish_word(event.reason, refused=event.choice in self._refused)

    def _usage(self, report: UsageReport) -> bytes:
        self._last_report = report
        if report.frame is None or (report.bare and not self._wants_usage):
            return b""
        self._usage_sent = True
        return frame_with_cost(report.frame, report.cost)

    def _data(self, members: dict[str, Any]) -> bytes:
        return b"data: " + msgspec.json.encode({**self._head, **members}) + b"\n\n"


class ChatStreamEncoder(OpenAIStreamEncoder):
    """Chunks of a chat; a choice's first one tells the role."""

    kind = "chat.completion.chunk"

    def __init__(self, call: ModelCall, created: int = 0) -> None:
        super().__init__(call, created)
        self._greeted: set[int] = set()
        self._thoughts: dict[int, ThoughtsOfStream] = {}
        self._images: Counter[int] = Counter()
        self._said: Counter[int] = Counter()
        self._called: Counter[int] = Counter()
        """Characters and calls of each choice so far."""

    def _translated(self, event: StreamEvent) -> bytes:
        match event:
            case TextDelta():
                notes = [note for note in event.annotations if is_own_note(note)]
                said = {"content": event.text, "annotations": notes} if notes else {"content": event.text}
                self._said[event.choice] += len(event.text)
                return self._chunk(event.choice, self._signed(event, **said), logprobs=event.logprobs)
            case RefusalDelta():
                return self._chunk(event.choice, {"refusal": event.text})
            case ReasoningDelta():
                read = {"reasoning_content": event.text} if event.text else {}
                delta = self._signed(event, **read)
                return self._chunk(event.choice, delta) if delta else b""
            case ToolCallDelta():
                self._called[event.choice] += event.id is not None
                return self._chunk(event.choice, self._signed(event, tool_calls=[_tool_call_delta(event)]))
            case ImageDelta():
                self._images[event.choice] += 1
                image = {"index": self._images[event.choice] - 1, **image_member(event.image)}
                return self._chunk(event.choice, {"images": [image]})
            case Finished():
                return self._chunk(event.choice, {}, finish_reason=self._finish_word(event))
        return b""

    def _signed(self, event: TextDelta | ReasoningDelta | ToolCallDelta, **delta: Any) -> dict[str, Any]:
        if event.signature is None and type(event) is not ReasoningDelta:
            return delta
        thoughts = self._thoughts.get(event.choice)
        if thoughts is None:
            thoughts = self._thoughts[event.choice] = ThoughtsOfStream()
        blocks = thoughts.add(event, self._said[event.choice], self._called[event.choice])
        return {**delta, "thinking_blocks": blocks} if blocks else delta

    def _chunk(
        self, choice: int, delta: dict[str, Any], *, finish_reason: str | None = None, logprobs: Any = None
    ) -> bytes:
        if choice not in self._greeted:
            self._greeted.add(choice)
            delta = {"role": "assistant", **delta}
        body: dict[str, Any] = {"index": choice, "delta": delta, "finish_reason": finish_reason}
        if logprobs is not None:
            body["logprobs"] = logprobs
        return self._data({"choices": [body]})


def _tool_call_delta(event: ToolCallDelta) -> dict[str, Any]:
    function: dict[str, Any] = {"arguments": event.arguments}
    document: dict[str, Any] = {"index": event.index, "function": function}
    if event.name is not None:
        function["name"] = event.name
        document["type"] = "function"
    if event.id is not None:
        document["id"] = event.id
    return document
