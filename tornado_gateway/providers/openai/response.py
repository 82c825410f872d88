"""OpenAI chat and legacy completions answers, read. Pure.

Wire: OpenAI API reference, "The chat completion object". Vendors leave members out or send them as null, so that
everything here has a default; an answer that is no JSON object of this shape is ``UpstreamFailed``.
"""

from collections.abc import Iterator
from typing import Any

import msgspec

from tornado_gateway.domain.call import Answer
from tornado_gateway.domain.chat import (
    ChatResponse,
    Choice,
    FinishReason,
    Image,
    Message,
    Part,
    Reasoning,
    Refusal,
    Text,
    ToolCall,
)
from tornado_gateway.domain.errors import UpstreamFailed
from tornado_gateway.domain.usage import TokenUsage, priced_tier
from tornado_gateway.domain.wire import OPENAI_EMBEDDINGS, Wire
from tornado_gateway.providers.openai.errors import from_stream
from tornado_gateway.providers.openai.reasoning import FAMILY, proof, thinking_text
from tornado_gateway.providers.openai.shapes import Function, Glance, WireAnswer, WireChoice, WireMessage, WireToolCall
from tornado_gateway.providers.openai.sources import annotations

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


_fields = msgspec.json.Decoder(dict[str, msgspec.Raw])
_glance = msgspec.json.Decoder(Glance)
_answer = msgspec.json.Decoder(WireAnswer)


def relayed_answer(body: bytes, protocol: str, provider: str) -> Answer:
    """The answer unopened but for usage and finish reason. Raises ``UpstreamFailed`` where it is garbled."""
    try:
        fields = _fields.decode(body)
        glance = _glance.decode(body)
    except (msgspec.DecodeError, RecursionError) as error:
        raise UpstreamFailed(f"Provider {provider!r} gave an answer that is no such JSON.") from error
    if glance.error and not glance.choices:
        raise from_stream(glance.error, provider)
    member = "data" if protocol == OPENAI_EMBEDDINGS else "choices"
    if getattr(glance, member) is None:
        raise UpstreamFailed(f"Provider {provider!r} gave an answer without {member!r}.")
    return Answer(
        usage=usage_of(glance),
        relayed=Wire(protocol, fields),
        finish_reason=glance.choices[0].finish_reason if glance.choices else None,
    )


def chat_answer(body: bytes, provider: str) -> Answer:
    """The answer opened. Raises ``UpstreamFailed`` where it is garbled or has no choice."""
    try:
        wire = _answer.decode(body)
    except (msgspec.DecodeError, RecursionError) as error:
        raise UpstreamFailed(f"Provider {provider!r} gave an answer that is no such JSON.") from error
    if wire.error and not wire.choices:
        raise from_stream(wire.error, provider)
    if not wire.choices:
        raise UpstreamFailed(f"Provider {provider!r} gave an answer without a choice.")
    choices = tuple(_choice(choice, position, wire) for position, choice in enumerate(wire.choices))
    return Answer(
        usage=usage_of(wire),
        chat=ChatResponse(
            id=wire.id or "",
            model=wire.model or "",
            created=None if wire.created is None else int(wire.created),
            choices=choices,
            service_tier=wire.service_tier,
        ),
        finish_reason=choices[0].finish_reason,
    )


def usage_of(read: Glance | WireAnswer) -> TokenUsage | None:
    """The usage of an answer or a chunk, None where it reports none."""
    usage = read.usage or (read.x_groq.usage if read.x_groq else None)
    if usage is None or not usage.counted:
        return None
    tier = priced_tier(read.service_tier)
    buckets = usage.buckets()
    return buckets if tier is None else msgspec.structs.replace(buckets, service_tier=tier)


def _choice(choice: WireChoice, position: int, answer: WireAnswer) -> Choice:
    message = choice.message or WireMessage()
    if message.annotations is None and isinstance(message.content, str):
        notes = annotations(message.content, answer.search_results, answer.citations)
        message = msgspec.structs.replace(message, annotations=list(notes))
    parts = message_parts(message, answer.id)
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


def message_parts(message: WireMessage, answer: str | None = None) -> tuple[Part, ...]:
    """What an assistant's message holds, thoughts first."""
    parts: list[Part] = []
    thought = message.reasoning_content or message.reasoning
    signature = proof(message.reasoning_details)
    if thought or signature:
        parts.append(Reasoning(text=thought or "", signature=signature, origin=FAMILY))
    parts.extend(content_parts(message.content, message.annotations))
    parts.extend(images_of(message.images))
    if message.audio and message.audio.transcript:
        parts.append(Text(message.audio.transcript))  # the one form that all protocols have
    if message.refusal:
        parts.append(Refusal(message.refusal))
    parts.extend(_tool_call(call, position, answer) for position, call in enumerate(message.tool_calls or ()))
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
            parts.append(Reasoning(text=thinking_text(piece.get("thinking")), origin=FAMILY))
        elif isinstance(piece.get("text"), str):
            parts.append(Text(piece["text"]))
    return parts


def images_of(members: list[Any] | None) -> Iterator[Image]:
    """What a model drew; data within an address is taken out of it."""
    for member in members or ():
        inner = member.get("image_url") if isinstance(member, dict) else None
        url = inner.get("url") if isinstance(inner, dict) else inner
        if not isinstance(url, str) or not url:
            continue
        head, comma, data = url.partition(",")
        if comma and head.startswith("data:") and head.endswith(";base64"):
            yield Image(data=data, media_type=head.removeprefix("data:").removesuffix(";base64") or None)
        else:
            yield Image(url=url)


def made_up_id(answer: str | None, position: int) -> str:
    """An id for a call that came without one: Gemini's compatible endpoint sends an empty text.

    A result must tell whose it is, and a conversation holds the calls of many answers.
    """
    return f"call_{answer}_{position}" if answer else f"call_{position}"


def _tool_call(call: WireToolCall, position: int, answer: str | None) -> ToolCall:
    identity = call.id or made_up_id(answer, position)
    if call.custom is not None:
        return ToolCall(id=identity, name=call.custom.name or "", arguments=call.custom.input or "", custom=True)
    function = call.function or Function()
    return ToolCall(id=identity, name=function.name or "", arguments=arguments_text(function), signature=call.signature)


def arguments_text(function: Function) -> str:
    """The arguments as JSON text; some vendors send the object itself."""
    if isinstance(function.arguments, dict):
        return msgspec.json.encode(function.arguments).decode()
    return function.arguments or ""
