"""An answer of any provider in Anthropic's words: content blocks, stop reasons, usage. Pure.

Wire: Anthropic API reference, "Create a Message", the response. Thoughts of other families travel as thinking blocks
whose signature is a seal (``domain.thoughts``); so do signatures that such a family put on a text or a tool call.
"""

from typing import Any
from uuid import uuid4

import msgspec

from tornado_gateway.domain.chat import (
    ChatResponse,
    Choice,
    FinishReason,
    Image,
    Opaque,
    Part,
    Reasoning,
    Refusal,
    Text,
    ToolCall,
)
from tornado_gateway.domain.errors import UpstreamFailed
from tornado_gateway.domain.thoughts import Seal, seal, seal_of
from tornado_gateway.domain.usage import TokenUsage
from tornado_gateway.httpserver.dialects.anthropic_blocks import FAMILY

STOP_REASONS: dict[FinishReason, str] = {
    "stop": "end_turn",
    "stop_sequence": "stop_sequence",
    "length": "max_tokens",
    "tool_calls": "tool_use",
    "content_filter": "refusal",
    "refusal": "refusal",
    "pause": "pause_turn",
}
"""An answer that a failure ended has none: it is told as an error (``failed``)."""

UNREADABLE = "INVALID_JSON"
"""The member of ``input`` that holds arguments which are no JSON object: the form has no other place for them."""


def message_document(chat: ChatResponse, usage: TokenUsage) -> dict[str, Any]:
    """The first choice: this form has no second."""
    choice = chat.choices[0]
    refusal = "".join(part.text for part in choice.message.parts if isinstance(part, Refusal))
    document: dict[str, Any] = {
        "id": chat.id or message_id(),
        "type": "message",
        "role": "assistant",
        "model": chat.model,
        "content": content_blocks(choice),
        "stop_reason": stop_reason(choice.finish_reason, refused=bool(refusal)),
        "stop_sequence": choice.stop_sequence,
        "usage": usage_document(usage),
    }
    if refusal:
        document["stop_details"] = stop_details(refusal)
    return document


def failed(raw: str | None) -> UpstreamFailed:
    """What is told of an answer that the model's or the provider's failure ended."""
    return UpstreamFailed(f"The provider ended its answer with an error{f' ({raw})' if raw else ''}.")


def message_id() -> str:
    return f"msg_{uuid4().hex}"


def stop_reason(reason: FinishReason, *, refused: bool) -> str:
    return "refusal" if refused and reason == "stop" else STOP_REASONS[reason]


def stop_details(explanation: str) -> dict[str, Any]:
    return {"type": "refusal", "category": None, "explanation": explanation}


def content_blocks(choice: Choice) -> list[dict[str, Any]]:
    return [block for part in choice.message.parts for block in _blocks(part)]


def _blocks(part: Part) -> list[dict[str, Any]]:
    match part:
        case Text():
            return _text_blocks(part)
        case Reasoning():
            return [thought_block(part)]
        case ToolCall():
            call = {"type": "tool_use", "id": part.id, "name": part.name, "input": input_of(part.arguments)}
            return [*call_signature(part.id, part.signature), call]
        case Image():
            return [image_block(part)]
        case Opaque(family="anthropic"):
            return [part.document]
    return []


def image_block(image: Image) -> dict[str, Any]:
    """What the model made, as a caller's own images stand."""
    if image.data is None:
        return {"type": "image", "source": {"type": "url", "url": image.url}}
    return {"type": "image", "source": {"type": "base64", "media_type": image.media_type, "data": image.data}}


def _text_blocks(part: Text) -> list[dict[str, Any]]:
    block: dict[str, Any] = {"type": "text", "text": part.text}
    citations = citations_of(part.annotations)
    if citations:
        block["citations"] = citations
    return [block, *text_signature(part.signature)]


def citations_of(annotations: tuple[Any, ...]) -> list[Any]:
    """Those that are Anthropic's own; another family's point into something else."""
    return [note for note in annotations if isinstance(note, dict) and str(note.get("type")).endswith("_location")]


def thought_block(thought: Reasoning) -> dict[str, Any]:
    if thought.origin != FAMILY:
        return {"type": "thinking", "thinking": thought.text, "signature": seal_of(thought)}
    if thought.redacted is not None:
        return {"type": "redacted_thinking", "data": thought.redacted}
    return {"type": "thinking", "thinking": thought.text, "signature": thought.signature or ""}


def call_signature(call_id: str, signature: str | None) -> list[dict[str, Any]]:
    """A block that carries the signature of the tool call ``call_id``."""
    return _carrier(Seal(signature=signature, call_id=call_id)) if signature else []


def text_signature(signature: str | None) -> list[dict[str, Any]]:
    """A block that carries the signature of the text before it."""
    return _carrier(Seal(signature=signature, of_text=True)) if signature else []


def _carrier(content: Seal) -> list[dict[str, Any]]:
    return [{"type": "thinking", "thinking": "", "signature": seal(content)}]


def input_of(arguments: str) -> dict[str, Any]:
    """A call's arguments as the object that this form wants; cut or garbled ones under ``UNREADABLE``."""
    if not arguments.strip():
        return {}
    try:
        value = msgspec.json.decode(arguments)
    except (msgspec.DecodeError, RecursionError):
        return {UNREADABLE: arguments}
    return value if isinstance(value, dict) else {UNREADABLE: arguments}


def usage_document(usage: TokenUsage) -> dict[str, Any]:
    """Input, cache reads and cache writes apart, as this form has them; null where a provider said nothing."""
    document: dict[str, Any] = {
        "input_tokens": usage.input + (usage.audio_input or 0),
        "cache_creation_input_tokens": usage.cache_written,
        "cache_read_input_tokens": usage.cached_input,
        "output_tokens": usage.completion_tokens,
    }
    if usage.cache_write_1h is not None:
        document["cache_creation"] = {
            "ephemeral_5m_input_tokens": usage.cache_write or 0,
            "ephemeral_1h_input_tokens": usage.cache_write_1h,
        }
    if usage.reasoning is not None:
        document["output_tokens_details"] = {"thinking_tokens": usage.reasoning}
    return document
