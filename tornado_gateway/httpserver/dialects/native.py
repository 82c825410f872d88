"""The native form: ``POST /v1/completions`` with ``messages``.

Small answers for programs that want the text and its price; whatever more an answer holds (tool calls, a finish other
than ``stop``) is there too, in members of its own.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any
from uuid import uuid4

import msgspec

from tornado_gateway.domain.call import Completed, ModelCall
from tornado_gateway.domain.chat import Choice, Image, Reasoning, Refusal, Text
from tornado_gateway.domain.errors import GatewayError
from tornado_gateway.domain.stream import (
    Finished,
    ImageDelta,
    ReasoningDelta,
    RefusalDelta,
    StreamEvent,
    TextDelta,
    ToolCallDelta,
    UsageReport,
)
from tornado_gateway.domain.wire import NATIVE, Wire
from tornado_gateway.httpserver.dialects.base import StreamEncoder
from tornado_gateway.httpserver.dialects.costing import native_usage
from tornado_gateway.httpserver.dialects.decoding import decode_as, decode_fields
from tornado_gateway.httpserver.dialects.openai_chat import ChatBody, open_chat
from tornado_gateway.httpserver.dialects.openai_errors import encode_error, error_event
from tornado_gateway.httpserver.dialects.openai_images import image_url
from tornado_gateway.httpserver.dialects.openai_tools import tool_call_member

_body = msgspec.json.Decoder(ChatBody)
"""OpenAI's parameters go by the same names here."""


class Native:
    """``now`` gives the time of an answer's end."""

    name = NATIVE

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now

    def decode_request(self, body: bytes) -> ModelCall:
        fields = decode_fields(body)
        read = decode_as(_body, body)
        return ModelCall(
            model=read.model,
            wire=Wire(NATIVE, fields),
            decode=open_chat,
            stream=bool(read.stream),
            max_tokens=read.bound,
            metadata=read.metadata,
        )

    def encode_response(self, completed: Completed) -> bytes:
        chat = completed.answer.chat
        assert chat is not None, "the native form is always translated"
        first = chat.choices[0]
        document: dict[str, Any] = {
            "id": chat.id or f"chatcmpl-{uuid4().hex}",
            "model": completed.requested_model,
            "provider": completed.provider,
            "content": first.message.text,
            "usage": native_usage(completed.usage, completed.cost),
            "finish_time": self._now().strftime("%Y-%m-%dT%H:%M:%SZ"),
            **_more(first),
        }
        if len(chat.choices) > 1:
            document["choices"] = [
                {"index": choice.index, "content": choice.message.text, **_more(choice)} for choice in chat.choices
            ]
        return msgspec.json.encode(document)

    def stream_encoder(self, call: ModelCall) -> StreamEncoder:
        return NativeStreamEncoder()

    def encode_error(self, error: GatewayError, request_id: str) -> bytes:
        return encode_error(error)


def _more(choice: Choice) -> dict[str, Any]:
    """What an answer holds beside its text."""
    members: dict[str, Any] = {}
    if choice.finish_reason != "stop":
        members["finish_reason"] = choice.finish_reason
    calls = [tool_call_member(call) for call in choice.message.tool_calls]
    if calls:
        members["tool_calls"] = calls
    thoughts = "".join(part.text for part in choice.message.parts if isinstance(part, Reasoning))
    if thoughts:
        members["reasoning"] = thoughts
    images = [image_url(part) for part in choice.message.parts if isinstance(part, Image)]
    if images:
        members["images"] = images
    refusal = "".join(part.text for part in choice.message.parts if isinstance(part, Refusal))
    if refusal:
        members["refusal"] = refusal
    notes = [note for part in choice.message.parts if isinstance(part, Text) for note in part.annotations]
    if notes:
        members["annotations"] = notes
    if choice.logprobs is not None:
        members["logprobs"] = choice.logprobs
    return members


class NativeStreamEncoder:
    """One event per delta; the last one is ``done`` and holds the usage."""

    def __init__(self) -> None:
        self._report: UsageReport | None = None
        self._finish = "stop"

    def encode(self, events: Sequence[StreamEvent]) -> bytes:
        return b"".join([self._event(event) for event in events])

    def close(self) -> bytes:
        last: dict[str, Any] = {"delta": "", "done": True}
        if self._report is not None:
            last["usage"] = native_usage(self._report.usage, self._report.cost)
        if self._finish != "stop":
            last["finish_reason"] = self._finish
        return _data(last)

    def fail(self, error: GatewayError, request_id: str) -> bytes:
        return error_event(error)

    def _event(self, event: StreamEvent) -> bytes:
        match event:
            case TextDelta():
                more: dict[str, Any] = {"annotations": event.annotations} if event.annotations else {}
                if event.logprobs is not None:
                    more["logprobs"] = event.logprobs
                return _delta(event.text, event.choice, **more)
            case ToolCallDelta():
                named: dict[str, Any] = {"name": event.name} if event.name is not None else {}
                call: dict[str, Any] = {"index": event.index}
                if event.custom:
                    call |= {"type": "custom", "custom": {**named, "input": event.arguments}}
                else:
                    call["function"] = {**named, "arguments": event.arguments}
                if event.id is not None:
                    call["id"] = event.id
                return _delta("", event.choice, tool_calls=[call])
            case ReasoningDelta() if event.text:
                return _delta("", event.choice, reasoning=event.text)
            case RefusalDelta():
                return _delta("", event.choice, refusal=event.text)
            case ImageDelta():
                return _delta("", event.choice, images=[image_url(event.image)])
            case Finished():
                self._finish = event.reason
            case UsageReport():
                self._report = event
        return b""


def _delta(text: str, choice: int, **more: Any) -> bytes:
    members: dict[str, Any] = {"delta": text, "done": False, **more}
    if choice:
        members["index"] = choice
    return _data(members)


def _data(members: dict[str, Any]) -> bytes:
    return b"data: " + msgspec.json.encode(members) + b"\n\n"
