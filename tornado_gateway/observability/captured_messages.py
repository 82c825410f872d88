"""Prompts and answers as spans show them: ``gen_ai.input.messages`` and ``gen_ai.output.messages``, bounded.

Format: OpenTelemetry semantic conventions, "Capturing instructions, inputs, and outputs": messages of a role and parts,
as JSON. Images, audio and documents are named and left out.
"""

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from tornado_gateway.domain.captured import Captured
from tornado_gateway.domain.chat import Message, Part, Reasoning, Refusal, Text, ToolCall, ToolResult
from tornado_gateway.domain.errors import GatewayError
from tornado_gateway.observability.relayed_answers import Choices, Document, read_document, read_stream

LIMIT = 32 * 1024
"""Characters of one attribute's texts. What was said last is kept: it tells most."""

_LONG = ("content", "arguments", "response")
"""Members of a part that may be long."""


class Shown(msgspec.Struct, frozen=True):
    """``text`` is JSON, None where there is nothing to show; ``cut`` says that there was more."""

    text: str | None
    cut: bool = False


def input_messages(captured: Captured) -> Shown:
    """What was asked."""
    if captured.call is None:
        return Shown(None)
    try:
        messages = captured.call.chat.messages
    except GatewayError:  # it was refused for its form, or asks for no chat
        return Shown(None)
    return _shown([_document(message) for message in messages])


def output_messages(captured: Captured) -> Shown:
    """What was answered, as far as it came."""
    answer = captured.answer
    if answer is not None and answer.chat is not None:
        documents = [
            {**_document(choice.message), "finish_reason": choice.finish_reason} for choice in answer.chat.choices
        ]
        return _shown(documents)
    choices = Choices()
    if answer is not None and answer.relayed is not None:
        read_document(answer.relayed, choices)
    if captured.events and captured.call is not None:
        read_stream(captured.events, captured.call.wire.protocol, choices)
    return _shown(choices.documents())


def _document(message: Message) -> Document:
    return {"role": message.role, "parts": [_part(part) for part in message.parts]}


def _part(part: Part) -> Document:
    match part:
        case Text() | Refusal():
            return {"type": "text", "content": part.text}
        case Reasoning():
            return {"type": "reasoning", "content": part.text}
        case ToolCall():
            return {"type": "tool_call", "id": part.id, "name": part.name, "arguments": part.arguments}
        case ToolResult():
            said = "".join(each.text for each in part.content if isinstance(each, Text))
            return {"type": "tool_call_response", "id": part.call_id, "response": said}
    return {"type": type(part).__name__.lower()}


def _shown(documents: Sequence[Document]) -> Shown:
    if not documents:
        return Shown(None)
    kept: list[Any] = []
    room, cut = LIMIT, False
    for document in reversed(documents):
        if room <= 0:
            cut = True
            break
        room, shortened = _shorten(document["parts"], room)
        cut |= shortened
        kept.append(document)
    return Shown(msgspec.json.encode(kept[::-1]).decode(), cut)


def _shorten(parts: Iterable[Document], room: int) -> tuple[int, bool]:
    cut = False
    for part in parts:
        for name in _LONG:
            text = part.get(name)
            if isinstance(text, str):
                if len(text) > room:
                    part[name], cut = text[: max(0, room)], True
                room -= len(text)
        room -= 32  # its own form, so that a thousand empty parts are no less bounded
    return room, cut
