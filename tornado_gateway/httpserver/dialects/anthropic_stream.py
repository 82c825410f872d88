"""Anthropic's stream as callers read it: ``message_start``, content blocks one after the other, ``message_stop``.

Wire: Anthropic API documentation, "Streaming messages". Other families may send pieces of several tool calls in turn,
and a block here ends before the next one starts: pieces of a later block wait until the one before it is complete.
"""

from collections.abc import Sequence
from typing import Any

import msgspec

from tornado_gateway.domain.call import ModelCall
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
from tornado_gateway.domain.usage import TokenUsage
from tornado_gateway.httpserver.dialects.anthropic_answer import (
    failed,
    message_id,
    stop_details,
    stop_reason,
    usage_document,
)
from tornado_gateway.httpserver.dialects.anthropic_errors import error_event
from tornado_gateway.httpserver.dialects.anthropic_open_blocks import OpenBlocks

_PING = b'event: ping\ndata: {"type": "ping"}\n\n'
_STOP = b'event: message_stop\ndata: {"type":"message_stop"}\n\n'


class MessagesStreamEncoder:
    """Relayed events go on as they came, their end mark among them; anything else is told in this grammar."""

    def __init__(self, call: ModelCall) -> None:
        self._head = Started(id="", model=call.model)
        self._relaying = False
        self._started = False
        self._greeted = False
        self._blocks = OpenBlocks()
        self._usage = TokenUsage()
        self._finish: Finished | None = None
        self._refusal = ""

    def encode(self, events: Sequence[StreamEvent]) -> bytes:
        if len(events) == 1 and type(events[0]) is Relayed:
            self._relaying = True
            return events[0].data
        told = b"".join([self._event(event) for event in events])
        # Not at its own place: the usage that goes into the greeting may stand behind it in the batch.
        return told + self._greeting() if self._started and not self._greeted else told

    def close(self) -> bytes:
        if self._relaying:
            return b""
        finish = self._finish or Finished("stop")
        if finish.reason == "error":
            told = {"type": "error", "error": {"type": "api_error", "message": failed(finish.raw).message}}
            return self._greeting() + self._blocks.end() + _frame(b"error", told)
        delta: dict[str, Any] = {
            "stop_reason": stop_reason(finish.reason, refused=bool(self._refusal)),
            "stop_sequence": finish.stop_sequence,
        }
        if self._refusal:
            delta["stop_details"] = stop_details(self._refusal)
        end = {"type": "message_delta", "delta": delta, "usage": usage_document(self._usage)}
        return self._greeting() + self._blocks.end() + _frame(b"message_delta", end) + _STOP

    def fail(self, error: GatewayError, request_id: str) -> bytes:
        return error_event(error, request_id)

    def _event(self, event: StreamEvent) -> bytes:
        match event:
            case Relayed():
                self._relaying = True
                return event.data
            case UsageReport():
                self._usage = event.usage
                if event.frame is not None:
                    self._relaying = True
                    return event.frame
                return b""
            case Started():
                self._head = event
                self._started = True
                return b""
        if self._relaying or event.choice:
            # On the relay lane the frame itself says it; and this form has no second choice.
            return b""
        return self._greeting() + self._content(event)

    def _content(
        self, event: TextDelta | RefusalDelta | ReasoningDelta | ToolCallDelta | ImageDelta | Finished
    ) -> bytes:
        match event:
            case TextDelta():
                return self._blocks.text(event)
            case ReasoningDelta():
                return self._blocks.thought(event)
            case ToolCallDelta():
                return self._blocks.call(event)
            case ImageDelta():
                return self._blocks.image(event)
            case RefusalDelta():
                self._refusal += event.text
            case Finished():
                self._finish = event
        return b""

    def _greeting(self) -> bytes:
        if self._greeted:
            return b""
        self._greeted = True
        usage = {**usage_document(self._usage), "output_tokens": 0}
        message: dict[str, Any] = {
            "id": self._head.id or message_id(),
            "type": "message",
            "role": "assistant",
            "model": self._head.model,
            "content": [],
            "stop_reason": None,
            "stop_sequence": None,
            "usage": usage,
        }
        return _frame(b"message_start", {"type": "message_start", "message": message}) + _PING


def _frame(name: bytes, document: dict[str, Any]) -> bytes:
    return b"event: %s\ndata: %s\n\n" % (name, msgspec.json.encode(document))
