"""OpenAI chat completions as callers speak them.

Wire: OpenAI API reference, "Create chat completion", "The chat completion object", "... chunk object".
"""

from collections.abc import Sequence
from typing import Annotated, Any

import msgspec

from tornado_gateway.domain.call import Completed, ModelCall
from tornado_gateway.domain.chat import (
    ChatRequest,
    Choice,
    FinishReason,
    Reasoning,
    Refusal,
    Text,
    ToolCall,
)
from tornado_gateway.domain.errors import GatewayError
from tornado_gateway.domain.stream import (
    Finished,
    ReasoningDelta,
    RefusalDelta,
    Relayed,
    Started,
    StreamEvent,
    TextDelta,
    ToolCallDelta,
    UsageReport,
)
from tornado_gateway.domain.wire import OPENAI_CHAT, Wire
from tornado_gateway.httpserver.dialects.base import StreamEncoder
from tornado_gateway.httpserver.dialects.costing import chat_usage, document_with_cost, frame_with_cost
from tornado_gateway.httpserver.dialects.decoding import decode_as, decode_fields
from tornado_gateway.httpserver.dialects.openai_errors import encode_error, error_event
from tornado_gateway.httpserver.dialects.openai_messages import chat_request, open_document

FINISH_REASONS: dict[FinishReason, str] = {
    "stop": "stop",
    "stop_sequence": "stop",
    "length": "length",
    "tool_calls": "tool_calls",
    "content_filter": "content_filter",
    "refusal": "stop",
    "pause": "stop",
    "error": "stop",
}

NonEmptyName = Annotated[str, msgspec.Meta(min_length=1)]


class _Message(msgspec.Struct, frozen=True):
    role: str
    content: str | list[dict[str, Any]] | None = None
    name: str | None = None
    tool_call_id: str | None = None
    tool_calls: list[dict[str, Any]] | None = None


class _StreamOptions(msgspec.Struct, frozen=True):
    include_usage: bool | None = None


class ChatBody(msgspec.Struct, frozen=True):
    """The documented members, as far as a wrong type can be told; ranges are the provider's to judge."""

    model: NonEmptyName
    messages: Annotated[list[_Message], msgspec.Meta(min_length=1)]
    stream: bool | None = None
    stream_options: _StreamOptions | None = None
    max_tokens: int | None = None
    max_completion_tokens: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    n: int | None = None
    frequency_penalty: float | None = None
    presence_penalty: float | None = None
    seed: int | None = None
    stop: str | list[str] | None = None
    logprobs: bool | None = None
    top_logprobs: int | None = None
    logit_bias: dict[str, float] | None = None
    tools: list[dict[str, Any]] | None = None
    tool_choice: str | dict[str, Any] | None = None
    parallel_tool_calls: bool | None = None
    response_format: dict[str, Any] | None = None
    reasoning_effort: str | None = None
    metadata: dict[str, str] | None = None
    user: str | None = None
    service_tier: str | None = None


_body = msgspec.json.Decoder(ChatBody)


class OpenAIChat:
    """``POST /v1/chat/completions``."""

    name = OPENAI_CHAT

    def decode_request(self, body: bytes) -> ModelCall:
        fields = decode_fields(body)
        read = decode_as(_body, body)
        options = read.stream_options
        return ModelCall(
            model=read.model,
            wire=Wire(OPENAI_CHAT, fields),
            decode=open_chat,
            stream=bool(read.stream),
            wants_usage=bool(options and options.include_usage),
            max_tokens=read.max_tokens if read.max_completion_tokens is None else read.max_completion_tokens,
            metadata=read.metadata,
        )

    def encode_response(self, completed: Completed) -> bytes:
        if completed.answer.relayed is not None:
            return document_with_cost(completed.answer.relayed.fields, completed.cost)
        chat = completed.answer.chat
        assert chat is not None, "a chat answer is relayed or translated"
        document: dict[str, Any] = {
            "id": chat.id,
            "object": "chat.completion",
            "created": chat.created or 0,
            "model": chat.model,
            "choices": [_choice(choice) for choice in chat.choices],
            "usage": chat_usage(completed.usage, completed.cost),
        }
        if chat.service_tier is not None:
            document["service_tier"] = chat.service_tier
        return msgspec.json.encode(document)

    def stream_encoder(self, call: ModelCall) -> StreamEncoder:
        return ChatStreamEncoder(call)

    def encode_error(self, error: GatewayError, request_id: str) -> bytes:
        return encode_error(error)


def open_chat(wire: Wire) -> ChatRequest:
    return chat_request(open_document(wire.fields))


def _choice(choice: Choice) -> dict[str, Any]:
    message: dict[str, Any] = {"role": "assistant", "content": None, "refusal": None}
    texts = [part for part in choice.message.parts if isinstance(part, Text)]
    if texts:
        message["content"] = "".join(part.text for part in texts)
    elif not choice.message.parts:
        message["content"] = ""
    annotations = [note for part in texts for note in part.annotations]
    if annotations:
        message["annotations"] = annotations
    refusals = [part.text for part in choice.message.parts if isinstance(part, Refusal)]
    if refusals:
        message["refusal"] = "".join(refusals)
    thoughts = [part.text for part in choice.message.parts if isinstance(part, Reasoning) and part.text]
    if thoughts:
        message["reasoning_content"] = "".join(thoughts)
    calls = [_tool_call(call) for call in choice.message.tool_calls]
    if calls:
        message["tool_calls"] = calls
    return {
        "index": choice.index,
        "message": message,
        "logprobs": choice.logprobs,
        "finish_reason": FINISH_REASONS[choice.finish_reason],
    }


def _tool_call(call: ToolCall) -> dict[str, Any]:
    if call.custom:
        return {"id": call.id, "type": "custom", "custom": {"name": call.name, "input": call.arguments}}
    return {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}


class ChatStreamEncoder:
    """Chunks: relayed ones as they came, translated ones with the role first; ``[DONE]`` last."""

    def __init__(self, call: ModelCall) -> None:
        self._wants_usage = call.wants_usage
        self._head: dict[str, Any] = {
            "id": "",
            "object": "chat.completion.chunk",
            "created": 0,
            "model": call.model,
        }
        self._greeted: set[int] = set()
        self._last_report: UsageReport | None = None
        self._usage_sent = False

    def encode(self, events: Sequence[StreamEvent]) -> bytes:
        # The relay lane's usual batch: one run of bytes.
        if len(events) == 1 and isinstance(events[0], Relayed):
            return events[0].data
        return b"".join(self._event(event) for event in events)

    def close(self) -> bytes:
        report = self._last_report
        if report is None or not self._wants_usage or self._usage_sent:
            return b"data: [DONE]\n\n"
        chunk = {**self._head, "choices": [], "usage": chat_usage(report.usage, report.cost)}
        return b"data: " + msgspec.json.encode(chunk) + b"\n\ndata: [DONE]\n\n"

    def fail(self, error: GatewayError, request_id: str) -> bytes:
        return error_event(error)

    def _event(self, event: StreamEvent) -> bytes:
        match event:
            case Relayed():
                return event.data
            case UsageReport():
                return self._usage(event)
            case Started():
                self._head["id"] = event.id
                self._head["model"] = event.model or self._head["model"]
                self._head["created"] = event.created or 0
                return b""
            case TextDelta():
                return self._chunk(event.choice, {"content": event.text}, logprobs=event.logprobs)
            case RefusalDelta():
                return self._chunk(event.choice, {"refusal": event.text})
            case ReasoningDelta():
                return self._chunk(event.choice, {"reasoning_content": event.text}) if event.text else b""
            case ToolCallDelta():
                return self._chunk(event.choice, {"tool_calls": [_tool_call_delta(event)]})
            case Finished():
                return self._chunk(event.choice, {}, finish_reason=FINISH_REASONS[event.reason])

    def _usage(self, report: UsageReport) -> bytes:
        self._last_report = report
        if report.frame is None:
            return b""
        if report.bare and not self._wants_usage:
            return b""
        self._usage_sent = True
        return frame_with_cost(report.frame, report.cost)

    def _chunk(
        self, choice: int, delta: dict[str, Any], *, finish_reason: str | None = None, logprobs: Any = None
    ) -> bytes:
        if choice not in self._greeted:
            self._greeted.add(choice)
            delta = {"role": "assistant", **delta}
        body: dict[str, Any] = {"index": choice, "delta": delta, "finish_reason": finish_reason}
        if logprobs is not None:
            body["logprobs"] = logprobs
        return b"data: " + msgspec.json.encode({**self._head, "choices": [body]}) + b"\n\n"


def _tool_call_delta(event: ToolCallDelta) -> dict[str, Any]:
    function: dict[str, Any] = {"arguments": event.arguments}
    document: dict[str, Any] = {"index": event.index, "function": function}
    if event.name is not None:
        function["name"] = event.name
        document["type"] = "function"
    if event.id is not None:
        document["id"] = event.id
    return document
