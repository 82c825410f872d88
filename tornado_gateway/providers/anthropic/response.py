"""Anthropic Messages answers, read. Pure.

Wire: Anthropic API reference, "Create a Message", the response. An answer that is no such object is
``UpstreamFailed``; a block that no other family has stays ``Opaque``.
"""

from typing import Any

import msgspec

from tornado_gateway.domain.call import Answer
from tornado_gateway.domain.chat import (
    ChatResponse,
    Choice,
    FinishReason,
    Message,
    Opaque,
    Part,
    Reasoning,
    Refusal,
    Text,
    ToolCall,
)
from tornado_gateway.domain.errors import GatewayError, UpstreamFailed
from tornado_gateway.domain.usage import TokenUsage
from tornado_gateway.domain.wire import ANTHROPIC_COUNT_TOKENS, ANTHROPIC_MESSAGES, Wire
from tornado_gateway.providers.anthropic.errors import from_stream
from tornado_gateway.providers.anthropic.usage import WireUsage, reported

FAMILY = "anthropic"

FINISH_REASONS: dict[str, FinishReason] = {
    "end_turn": "stop",
    "stop_sequence": "stop_sequence",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "tool_use": "tool_calls",
    "pause_turn": "pause",
    "refusal": "refusal",
}


class StopDetails(msgspec.Struct, frozen=True):
    explanation: str | None = None


class WireBlock(msgspec.Struct, frozen=True):
    """A content block as far as other families have it. ``input`` stays the JSON text that the model wrote."""

    type: str
    text: str | None = None
    citations: list[Any] | None = None
    thinking: str | None = None
    signature: str | None = None
    data: str | None = None
    id: str | None = None
    name: str | None = None
    input: msgspec.Raw = msgspec.Raw()


class _Glance(msgspec.Struct, frozen=True):
    """What the relay lane reads on the way."""

    type: str
    stop_reason: str | None = None
    usage: WireUsage | None = None
    error: Any = None


class _Message(_Glance, frozen=True):
    id: str | None = None
    model: str | None = None
    content: list[msgspec.Raw] = []
    stop_sequence: str | None = None
    stop_details: StopDetails | None = None


class _Count(msgspec.Struct, frozen=True):
    input_tokens: int


_fields = msgspec.json.Decoder(dict[str, msgspec.Raw])
_glance = msgspec.json.Decoder(_Glance)
_message = msgspec.json.Decoder(_Message)
_block = msgspec.json.Decoder(WireBlock)
_count = msgspec.json.Decoder(_Count)


def relayed_answer(body: bytes, provider: str) -> Answer:
    """The answer unopened but for usage and stop reason. Raises the domain's error for a garbled one."""
    try:
        fields = _fields.decode(body)
        glance = _glance.decode(body)
    except (msgspec.DecodeError, RecursionError) as error:
        raise _garbled(provider) from error
    _require_message(glance, provider)
    return Answer(
        usage=reported(glance.usage),
        relayed=Wire(ANTHROPIC_MESSAGES, fields, body),
        finish_reason=finish_reason(glance.stop_reason),
    )


def relayed_count(body: bytes, provider: str) -> Answer:
    """A token count. Nothing was generated, so that nothing is billed."""
    try:
        fields = _fields.decode(body)
        counted = _count.decode(body)
    except (msgspec.DecodeError, RecursionError) as error:
        raise _garbled(provider) from error
    return Answer(
        usage=TokenUsage(),
        relayed=Wire(ANTHROPIC_COUNT_TOKENS, fields, body),
        counted=counted.input_tokens,
    )


def no_stream(body: bytes, provider: str) -> GatewayError:
    """What a whole document means where a stream was asked for: an error under status 200, or nonsense."""
    try:
        glance = _glance.decode(body)
    except (msgspec.DecodeError, RecursionError):
        return _garbled(provider)
    return from_stream(glance.error, provider) if glance.type == "error" else _garbled(provider)


def chat_answer(body: bytes, provider: str) -> Answer:
    """The answer opened. Raises the domain's error for a garbled one."""
    try:
        message = _message.decode(body)
        _require_message(message, provider)
        parts = [_part(raw) for raw in message.content]
    except (msgspec.DecodeError, RecursionError) as error:
        raise _garbled(provider) from error
    if message.stop_reason == "refusal" and message.stop_details is not None and message.stop_details.explanation:
        parts.append(Refusal(message.stop_details.explanation))
    choice = Choice(
        index=0,
        message=Message(role="assistant", parts=tuple(parts)),
        finish_reason=finish_reason(message.stop_reason),
        stop_sequence=message.stop_sequence,
        raw_finish=message.stop_reason,
    )
    return Answer(
        usage=reported(message.usage),
        chat=ChatResponse(id=message.id or "", model=message.model or "", choices=(choice,)),
        finish_reason=choice.finish_reason,
    )


def finish_reason(raw: str | None) -> FinishReason:
    """The domain's word for Anthropic's; one that nobody documents counts as a plain stop."""
    return FINISH_REASONS.get(raw or "end_turn", "stop")


def _part(raw: msgspec.Raw) -> Part:
    block = _block.decode(raw)
    match block.type:
        case "text":
            return Text(block.text or "", annotations=tuple(block.citations or ()))
        case "thinking":
            return Reasoning(text=block.thinking or "", signature=block.signature or None, origin=FAMILY)
        case "redacted_thinking":
            return Reasoning(redacted=block.data or "", origin=FAMILY)
        case "tool_use":
            return ToolCall(id=block.id or "", name=block.name or "", arguments=input_text(block.input) or "{}")
    return Opaque(family=FAMILY, document=msgspec.json.decode(raw))


def input_text(raw: msgspec.Raw) -> str:
    """A call's input as its JSON text, empty where there is none."""
    return bytes(raw).decode()


def _require_message(read: _Glance, provider: str) -> None:
    if read.type == "error":
        raise from_stream(read.error, provider)
    if read.type != "message":
        raise _garbled(provider)


def _garbled(provider: str) -> UpstreamFailed:
    return UpstreamFailed(f"Provider {provider!r} gave an answer that is no such JSON.")
