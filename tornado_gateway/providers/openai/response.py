"""OpenAI chat and legacy completions answers, read. Pure.

Wire: OpenAI API reference, "The chat completion object". Vendors leave members out or send them as null, so that
everything here has a default; an answer that is no JSON object of this shape is ``UpstreamFailed``.
"""

from typing import Any

import msgspec

from tornado_gateway.domain.call import Answer
from tornado_gateway.domain.chat import (
    ChatResponse,
    Choice,
    FinishReason,
    Message,
    Part,
    Reasoning,
    Refusal,
    Text,
    ToolCall,
)
from tornado_gateway.domain.errors import UpstreamFailed
from tornado_gateway.domain.wire import Wire
from tornado_gateway.providers.openai.usage import ChatUsage

FINISH_REASONS: dict[str, FinishReason] = {
    "stop": "stop",
    "length": "length",
    "tool_calls": "tool_calls",
    "function_call": "tool_calls",
    "content_filter": "content_filter",
    "eos": "stop",
    "model_length": "length",
    "insufficient_system_resource": "error",
    "error": "error",
}


class Function(msgspec.Struct, frozen=True):
    name: str | None = None
    arguments: str | dict[str, Any] | None = None


class Custom(msgspec.Struct, frozen=True):
    name: str | None = None
    input: str | None = None


class WireToolCall(msgspec.Struct, frozen=True):
    """Of an answer and of a stream's delta, where ``id`` and ``name`` come once."""

    index: int | None = None
    id: str | None = None
    type: str | None = None
    function: Function | None = None
    custom: Custom | None = None


class WireMessage(msgspec.Struct, frozen=True):
    """``content`` is a list at Mistral's thinking models; ``reasoning`` and ``reasoning_content`` are vendors' own."""

    role: str | None = None
    content: str | list[dict[str, Any]] | None = None
    refusal: str | None = None
    tool_calls: list[WireToolCall] | None = None
    function_call: Function | None = None
    reasoning_content: str | None = None
    reasoning: str | None = None
    annotations: list[Any] | None = None


class WireChoice(msgspec.Struct, frozen=True):
    index: int | None = None
    message: WireMessage | None = None
    delta: WireMessage | None = None
    finish_reason: str | None = None
    logprobs: Any = None


class WireAnswer(msgspec.Struct, frozen=True):
    """A chat completion, or one chunk of its stream."""

    id: str | None = None
    model: str | None = None
    created: int | float | None = None
    choices: list[WireChoice] | None = None
    usage: ChatUsage | None = None
    service_tier: str | None = None
    error: Any = None


class _Glance(msgspec.Struct, frozen=True):
    """What the relay lane reads on the way."""

    class Ending(msgspec.Struct, frozen=True):
        finish_reason: str | None = None

    choices: list[Ending] | None = None
    usage: ChatUsage | None = None


_fields = msgspec.json.Decoder(dict[str, msgspec.Raw])
_glance = msgspec.json.Decoder(_Glance)
_answer = msgspec.json.Decoder(WireAnswer)


def relayed_answer(body: bytes, protocol: str, provider: str) -> Answer:
    """The answer unopened but for usage and finish reason. Raises ``UpstreamFailed`` where it is garbled."""
    try:
        fields = _fields.decode(body)
        glance = _glance.decode(body)
    except (msgspec.DecodeError, RecursionError) as error:
        raise UpstreamFailed(f"Provider {provider!r} gave an answer that is no such JSON.") from error
    return Answer(
        usage=None if glance.usage is None else glance.usage.buckets(),
        relayed=Wire(protocol, fields),
        finish_reason=glance.choices[0].finish_reason if glance.choices else None,
    )


def chat_answer(body: bytes, provider: str) -> Answer:
    """The answer opened. Raises ``UpstreamFailed`` where it is garbled or has no choice."""
    try:
        wire = _answer.decode(body)
    except (msgspec.DecodeError, RecursionError) as error:
        raise UpstreamFailed(f"Provider {provider!r} gave an answer that is no such JSON.") from error
    if not wire.choices:
        raise UpstreamFailed(f"Provider {provider!r} gave an answer without a choice.")
    choices = tuple(_choice(choice, position) for position, choice in enumerate(wire.choices))
    return Answer(
        usage=None if wire.usage is None else wire.usage.buckets(),
        chat=ChatResponse(
            id=wire.id or "",
            model=wire.model or "",
            created=None if wire.created is None else int(wire.created),
            choices=choices,
            service_tier=wire.service_tier,
        ),
        finish_reason=choices[0].finish_reason,
    )


def _choice(choice: WireChoice, position: int) -> Choice:
    message = choice.message or WireMessage()
    parts = message_parts(message)
    reason = finish_reason(choice.finish_reason)
    if reason == "stop" and any(isinstance(part, ToolCall) for part in parts):
        reason = "tool_calls"
    if reason == "stop" and message.refusal and not message.content:
        reason = "refusal"
    return Choice(
        index=position if choice.index is None else choice.index,
        message=Message(role="assistant", parts=parts),
        finish_reason=reason,
        logprobs=choice.logprobs,
        raw_finish=choice.finish_reason,
    )


def finish_reason(raw: str | None) -> FinishReason:
    """The domain's word for OpenAI's; one that nobody documents counts as a plain stop."""
    return FINISH_REASONS.get(raw or "stop", "stop")


def message_parts(message: WireMessage) -> tuple[Part, ...]:
    """What an assistant's message holds, thoughts first."""
    parts: list[Part] = []
    thought = message.reasoning_content or message.reasoning
    if thought:
        parts.append(Reasoning(text=thought, origin="openai"))
    parts.extend(content_parts(message.content, message.annotations))
    if message.refusal:
        parts.append(Refusal(message.refusal))
    parts.extend(_tool_call(call, position) for position, call in enumerate(message.tool_calls or ()))
    if message.function_call is not None:
        parts.append(
            ToolCall(id="", name=message.function_call.name or "", arguments=arguments_text(message.function_call))
        )
    return tuple(parts)


def content_parts(content: str | list[dict[str, Any]] | None, annotations: list[Any] | None = None) -> list[Part]:
    """Text and thoughts of a message's content, whichever of the two forms it has."""
    if isinstance(content, str):
        return [Text(content, annotations=tuple(annotations or ()))] if content else []
    parts: list[Part] = []
    for piece in content or ():
        if piece.get("type") == "thinking":
            parts.append(Reasoning(text=thinking_text(piece.get("thinking")), origin="openai"))
        elif isinstance(piece.get("text"), str):
            parts.append(Text(piece["text"]))
    return parts


def thinking_text(thinking: Any) -> str:
    """Mistral's ``thinking``: a text, or a list of text pieces."""
    if isinstance(thinking, str):
        return thinking
    if not isinstance(thinking, list):
        return ""
    return "".join(piece.get("text", "") for piece in thinking if isinstance(piece, dict))


def _tool_call(call: WireToolCall, position: int) -> ToolCall:
    # Gemini's compatible endpoint sends an empty id: a result could not be told whose it is.
    identity = call.id or f"call_{position}"
    if call.custom is not None:
        return ToolCall(id=identity, name=call.custom.name or "", arguments=call.custom.input or "", custom=True)
    function = call.function or Function()
    return ToolCall(id=identity, name=function.name or "", arguments=arguments_text(function))


def arguments_text(function: Function) -> str:
    """The arguments as JSON text; some vendors send the object itself."""
    if isinstance(function.arguments, dict):
        return msgspec.json.encode(function.arguments).decode()
    return function.arguments or ""
