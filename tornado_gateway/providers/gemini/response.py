"""Gemini's answers, read. Pure.

Wire: Gemini API reference, "GenerateContentResponse". Nearly everything may be absent: a blocked prompt has no
candidates, a candidate no content, a content no parts. A part that no other family has stays ``Opaque``.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec

from tornado_gateway.domain.call import Answer
from tornado_gateway.domain.chat import (
    Audio,
    ChatResponse,
    Choice,
    FinishReason,
    Image,
    Message,
    Opaque,
    Part,
    Reasoning,
    Text,
    ToolCall,
)
from tornado_gateway.domain.errors import UpstreamFailed
from tornado_gateway.providers.gemini.citations import CitationMetadata, GroundingMetadata, annotations
from tornado_gateway.providers.gemini.errors import from_stream
from tornado_gateway.providers.gemini.logprobs import LogprobsResult, openai_logprobs
from tornado_gateway.providers.gemini.usage import WireUsage

FAMILY = "gemini"

FINISH_REASONS: dict[str, FinishReason] = {
    "STOP": "stop",
    "MAX_TOKENS": "length",
    "SAFETY": "content_filter",
    "RECITATION": "content_filter",
    "LANGUAGE": "content_filter",
    "BLOCKLIST": "content_filter",
    "PROHIBITED_CONTENT": "content_filter",
    "SPII": "content_filter",
    "MODEL_ARMOR": "content_filter",
    "ESCALATION": "content_filter",
    "IMAGE_SAFETY": "content_filter",
    "IMAGE_PROHIBITED_CONTENT": "content_filter",
    "IMAGE_RECITATION": "content_filter",
    "OTHER": "error",
    "IMAGE_OTHER": "error",
    "NO_IMAGE": "error",
    "MALFORMED_FUNCTION_CALL": "error",
    "UNEXPECTED_TOOL_CALL": "error",
    "TOO_MANY_TOOL_CALLS": "error",
    "MISSING_THOUGHT_SIGNATURE": "error",
    "MALFORMED_RESPONSE": "error",
}

_TIERS = {"standard": "default", "flex": "flex", "priority": "priority"}


class FunctionCall(msgspec.Struct, frozen=True):
    """``args`` stays the JSON text as it came."""

    name: str | None = None
    id: str | None = None
    args: msgspec.Raw = msgspec.Raw()

    @property
    def arguments(self) -> str:
        text = bytes(self.args).decode()
        return "{}" if text in ("", "null") else text


class Blob(msgspec.Struct, frozen=True, rename="camel"):
    data: str = ""
    mime_type: str | None = None


class WirePart(msgspec.Struct, frozen=True, rename="camel"):
    """A part as far as other families have it."""

    text: str | None = None
    thought: bool | None = None
    thought_signature: str | None = None
    function_call: FunctionCall | None = None
    inline_data: Blob | None = None


class _Content(msgspec.Struct, frozen=True):
    parts: list[msgspec.Raw] | None = None


class Candidate(msgspec.Struct, frozen=True, rename="camel"):
    """One answer, or what a chunk of a stream adds to it."""

    index: int | None = None
    content: _Content | None = None
    finish_reason: str | None = None
    grounding_metadata: GroundingMetadata | None = None
    citation_metadata: CitationMetadata | None = None
    logprobs_result: LogprobsResult | None = None

    @property
    def parts(self) -> Sequence[msgspec.Raw]:
        return (self.content.parts if self.content is not None else None) or ()


class PromptFeedback(msgspec.Struct, frozen=True, rename="camel"):
    block_reason: str | None = None


class WireAnswer(msgspec.Struct, frozen=True, rename="camel"):
    """A whole answer, or one chunk of its stream."""

    candidates: list[Candidate] | None = None
    prompt_feedback: PromptFeedback | None = None
    usage_metadata: WireUsage | None = None
    model_version: str | None = None
    response_id: str | None = None
    create_time: str | None = None
    error: Any = None

    @property
    def blocked(self) -> str | None:
        """Why the prompt was not answered, None where it was."""
        return self.prompt_feedback.block_reason if self.prompt_feedback is not None else None

    @property
    def created(self) -> int | None:
        try:
            return int(datetime.fromisoformat(self.create_time or "").timestamp())
        except ValueError:
            return None


answer_decoder = msgspec.json.Decoder(WireAnswer)
part_decoder = msgspec.json.Decoder(WirePart)


def chat_answer(body: bytes, provider: str) -> Answer:
    """The answer opened. Raises the domain's error for a garbled one, and for one that is an error."""
    try:
        wire = answer_decoder.decode(body)
        choices = _choices(wire)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise UpstreamFailed(f"Provider {provider!r} gave an answer that is no such JSON.") from error
    if wire.error is not None and not choices:
        raise from_stream(wire.error, provider)
    if not choices:
        raise UpstreamFailed(f"Provider {provider!r} gave an answer without a candidate.")
    usage = wire.usage_metadata
    return Answer(
        usage=usage.buckets() if usage is not None and usage.counted else None,
        chat=ChatResponse(
            id=wire.response_id or "",
            model=wire.model_version or "",
            created=wire.created,
            choices=choices,
            service_tier=None if usage is None else _TIERS.get((usage.service_tier or "").lower()),
        ),
        finish_reason=choices[0].finish_reason,
    )


def _choices(wire: WireAnswer) -> tuple[Choice, ...]:
    if wire.candidates:
        return tuple(_choice(candidate, position, wire) for position, candidate in enumerate(wire.candidates))
    if wire.blocked is None:
        return ()
    nothing = Message(role="assistant", parts=())
    return (Choice(index=0, message=nothing, finish_reason="content_filter", raw_finish=wire.blocked),)


def _choice(candidate: Candidate, position: int, wire: WireAnswer) -> Choice:
    index = position if candidate.index is None else candidate.index
    parts = _cited(_parts(candidate, index, wire.response_id), candidate)
    called = any(isinstance(part, ToolCall) for part in parts)
    return Choice(
        index=index,
        message=Message(role="assistant", parts=tuple(parts)),
        finish_reason=finish_reason(candidate.finish_reason, called=called),
        logprobs=openai_logprobs(candidate.logprobs_result),
        raw_finish=candidate.finish_reason,
    )


def finish_reason(raw: str | None, *, called: bool) -> FinishReason:
    """The domain's word for Gemini's, which has none of its own for tool calls; an unknown one is a plain stop."""
    reason = FINISH_REASONS.get(raw or "STOP", "stop")
    return "tool_calls" if reason == "stop" and called else reason


def call_id(answer: str | None, choice: int, position: int) -> str:
    """An id for a call that came without one: a result must tell whose it is, and a conversation holds many answers."""
    place = f"{choice}_{position}" if choice else f"{position}"
    return f"call_{answer}_{place}" if answer else f"call_{place}"


def _parts(candidate: Candidate, index: int, answer: str | None) -> list[Part]:
    parts: list[Part] = []
    calls = 0
    for raw in candidate.parts:
        read = part_decoder.decode(raw)
        if read.function_call is not None:
            parts.append(tool_call(read, call_id(answer, index, calls)))
            calls += 1
        elif read.text is not None:
            _add_text(parts, read, read.text)
        elif read.inline_data is not None and not read.thought:  # a picture that was only a thought is no answer
            parts.append(media(read.inline_data))
        else:
            parts.append(Opaque(family=FAMILY, document=msgspec.json.decode(raw)))
    return parts


def tool_call(part: WirePart, made_up: str) -> ToolCall:
    call = part.function_call or FunctionCall()
    return ToolCall(
        id=call.id or made_up, name=call.name or "", arguments=call.arguments, signature=part.thought_signature
    )


def _add_text(parts: list[Part], read: WirePart, text: str) -> None:
    signature = read.thought_signature or None
    if read.thought:
        parts.append(Reasoning(text=text, signature=signature, origin=FAMILY))
        return
    last = parts[-1] if parts else None
    if not text and signature and isinstance(last, Text) and last.signature is None:
        # An empty part at the end bears the signature of the text before it.
        parts[-1] = msgspec.structs.replace(last, signature=signature)
    elif text or signature:
        parts.append(Text(text, signature=signature))


def media(blob: Blob) -> Part:
    kind, _, name = (blob.mime_type or "").partition("/")
    if kind == "audio":
        return Audio(data=blob.data, format=name)
    return Image(data=blob.data, media_type=blob.mime_type)


def _cited(parts: list[Part], candidate: Candidate) -> list[Part]:
    """``parts`` with the sources at the last text."""
    places = [place for place, part in enumerate(parts) if isinstance(part, Text)]
    if not places:
        return parts
    text = "".join(part.text for part in parts if isinstance(part, Text))
    notes = annotations(text, candidate.grounding_metadata, candidate.citation_metadata)
    if notes:
        last = parts[places[-1]]
        parts[places[-1]] = msgspec.structs.replace(last, annotations=notes)
    return parts
