"""Thoughts in the chat form: ``reasoning_content`` to be read, ``thinking_blocks`` to be handed back.

OpenAI's own form has neither; the first is what DeepSeek and most compatible vendors call it, the second is a list of
Anthropic's ``thinking`` and ``redacted_thinking`` blocks. A client that sends an answer's message back as it is loses
no signature, whichever provider made it (``domain.thoughts``).
"""

from collections.abc import Sequence
from typing import Any

import msgspec

from tornado_gateway.domain.chat import Part, Reasoning, Text, ToolCall
from tornado_gateway.domain.errors import InvalidRequest
from tornado_gateway.domain.stream import ReasoningDelta, TextDelta, ToolCallDelta
from tornado_gateway.httpserver.dialects.anthropic_answer import call_signature, text_signature, thought_block
from tornado_gateway.httpserver.dialects.anthropic_blocks import carried_seal, content_parts

_AFTER = "after"
_KINDS = ("thinking", "redacted_thinking")


def thinking_blocks(parts: Sequence[Part]) -> list[dict[str, Any]]:
    """What of an answer must be handed back; empty where its text says it all."""
    blocks: list[dict[str, Any]] = []
    thoughts = [part for part in parts if isinstance(part, Reasoning)]
    if any(thought.signature or thought.redacted or thought.id for thought in thoughts):
        said = called = 0
        for part in parts:
            match part:
                case Reasoning():
                    blocks.append({**thought_block(part), **placed(said, called)})
                case Text():
                    said += len(part.text)
                case ToolCall():
                    called += 1
    for part in parts:
        if isinstance(part, ToolCall):
            blocks.extend(call_signature(part.id, part.signature))
        elif isinstance(part, Text):
            blocks.extend(text_signature(part.signature))
    return blocks


def hand_back(blocks: Any, parts: Sequence[Part], path: str) -> list[Part]:
    """The thoughts in ``blocks``, then ``parts`` with their signatures. Raises ``InvalidRequest`` naming the field."""
    if not isinstance(blocks, list):
        raise InvalidRequest(f"{path}: expected an array.", param=path)
    for position, block in enumerate(blocks):
        if not isinstance(block, dict) or block.get("type") not in _KINDS:
            raise InvalidRequest(f"{path}[{position}]: expected a thinking block.", param=f"{path}[{position}]")
    seals = [content for block in blocks if (content := carried_seal(block)) is not None]
    of_calls = {content.call_id: content.signature for content in seals if content.call_id}
    of_text = next((content.signature for content in seals if content.of_text), None)
    signed = [_signed(part, of_calls, of_text) for part in parts]
    if any(_AFTER in block for block in blocks):
        return _in_order(blocks, signed, path)
    return [*content_parts(blocks, path), *signed]


def placed(said: int, called: int) -> dict[str, Any]:
    """The member that tells where a thought stood: behind so many characters of the text and so many calls. Most stand
    before all else, which needs no word."""
    return {_AFTER: [said, called]} if said or called else {}


def _in_order(blocks: Sequence[dict[str, Any]], parts: Sequence[Part], path: str) -> list[Part]:
    """Anthropic refuses a turn whose thoughts don't stand where it thought them."""
    texts = [part for part in parts if isinstance(part, Text)]
    calls = [part for part in parts if isinstance(part, ToolCall)]
    others = [part for part in parts if not isinstance(part, Text | ToolCall)]
    made: list[Part] = []
    said = called = 0
    for position, block in enumerate(blocks):
        after = block.get(_AFTER, (0, 0))
        after = after if isinstance(after, Sequence) else ()
        counts = [count for count in after if isinstance(count, int) and count >= 0] if len(after) == 2 else ()
        if len(counts) != 2:
            raise InvalidRequest(f"{path}[{position}].{_AFTER}: expected two counts.", param=f"{path}[{position}]")
        made.extend(_between(texts, said, counts[0]))
        made.extend(calls[called : counts[1]])
        said, called = max(said, counts[0]), max(called, counts[1])
        made.extend(content_parts([block], path))
    return [*made, *_between(texts, said, None), *calls[called:], *others]


def _between(texts: Sequence[Text], start: int, end: int | None) -> list[Part]:
    """The characters of all texts from ``start`` to ``end``."""
    made: list[Part] = []
    at = 0
    for text in texts:
        size = len(text.text)
        piece = text.text[max(0, start - at) : None if end is None else max(0, end - at)]
        if piece:
            made.append(msgspec.structs.replace(text, text=piece))
        at += size
    return made


def _signed(part: Part, of_calls: dict[str, str | None], of_text: str | None) -> Part:
    if isinstance(part, ToolCall) and part.id in of_calls:
        return msgspec.structs.replace(part, signature=of_calls[part.id])
    if isinstance(part, Text) and of_text is not None:
        return msgspec.structs.replace(part, signature=of_text)
    return part


class ThoughtsOfStream:
    """What of one choice's stream must be handed back, told as soon as it is whole."""

    def __init__(self) -> None:
        self._open = Reasoning()
        self._told = 0

    def add(self, event: TextDelta | ReasoningDelta | ToolCallDelta, said: int, called: int) -> list[dict[str, Any]]:
        """The blocks that ``event`` completes, each with the ``index`` by which clients put a streamed list together.

        A call's signature comes with its id, in the call's first piece. ``said`` and ``called`` are the characters and
        calls so far.
        """
        match event:
            case ReasoningDelta():
                blocks = [{**block, **placed(said, called)} for block in self._thought(event)]
            case ToolCallDelta():
                blocks = call_signature(event.id or "", event.signature)
            case TextDelta():
                blocks = text_signature(event.signature)
        numbered = [{"index": self._told + offset, **block} for offset, block in enumerate(blocks)]
        self._told += len(blocks)
        return numbered

    def _thought(self, event: ReasoningDelta) -> list[dict[str, Any]]:
        known = self._open
        whole = Reasoning(
            text=known.text + event.text,
            signature=event.signature,
            redacted=event.redacted,
            id=event.id or known.id,
            origin=event.origin or known.origin,
            summary=event.summary or known.summary,
        )
        if event.signature is None and event.redacted is None:
            self._open = whole
            return []
        self._open = Reasoning()
        return [thought_block(whole)]
