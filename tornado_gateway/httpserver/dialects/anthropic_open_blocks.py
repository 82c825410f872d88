"""The content blocks of a stream that are not over yet, told one after the other.

The first of them is told as it comes; what belongs to a later one waits until the first is complete. A text or a
thought is complete as soon as something else begins, a tool call when its arguments are whole JSON.
"""

from typing import Any
from uuid import uuid4

import msgspec

from tornado_gateway.domain.chat import Reasoning
from tornado_gateway.domain.stream import ImageDelta, ReasoningDelta, TextDelta, ToolCallDelta
from tornado_gateway.domain.thoughts import seal_of
from tornado_gateway.httpserver.dialects.anthropic_answer import (
    call_signature,
    citations_of,
    image_block,
    text_signature,
    thought_block,
)
from tornado_gateway.httpserver.dialects.anthropic_blocks import FAMILY

_text = msgspec.json.Encoder()


class _Block:
    """``start`` is its opening document, None while too little is known of it."""

    def __init__(self, kind: str, start: dict[str, Any] | None = None) -> None:
        self.kind = kind
        self.start = start
        self.deltas: list[dict[str, Any]] = []
        self.told = False

    def complete(self) -> bool:
        return self.start is not None

    def last_words(self) -> list[dict[str, Any]]:
        """Deltas that are known only once the block is over."""
        return []


class _Thought(_Block):
    """``over``: its signature was seen, so that what comes next is another thought."""

    def __init__(self, first: ReasoningDelta) -> None:
        super().__init__("thinking", {"type": "thinking", "thinking": "", "signature": ""})
        self.thought = Reasoning(origin=first.origin)
        self.over = False

    def add(self, event: ReasoningDelta) -> None:
        if event.text:
            self.deltas.append({"type": "thinking_delta", "thinking": event.text})
        known = self.thought
        self.thought = Reasoning(
            signature=event.signature or known.signature,
            redacted=event.redacted or known.redacted,
            id=event.id or known.id,
            origin=event.origin or known.origin,
            summary=event.summary or known.summary,
        )
        self.over = event.signature is not None or event.redacted is not None

    def last_words(self) -> list[dict[str, Any]]:
        own = self.thought.origin == FAMILY
        signature = self.thought.signature if own else seal_of(self.thought)
        return [{"type": "signature_delta", "signature": signature}] if signature else []


class _Call(_Block):
    def __init__(self) -> None:
        super().__init__("tool_use")
        self.arguments = ""
        self.id = ""

    def add(self, event: ToolCallDelta) -> None:
        self.id = event.id or self.id
        if self.start is None and event.name is not None:
            self.start = {"type": "tool_use", "id": self.id, "name": event.name, "input": {}}
        if event.arguments:
            self.arguments += event.arguments
            self.deltas.append({"type": "input_json_delta", "partial_json": event.arguments})

    def complete(self) -> bool:
        if self.start is None:
            return False
        try:
            msgspec.json.decode(self.arguments)
        except (msgspec.DecodeError, RecursionError):
            return False
        return True


class OpenBlocks:
    """Each method returns the events that can be told now."""

    def __init__(self) -> None:
        self._open: list[_Block] = []
        self._calls: dict[int, _Call] = {}
        self._index = 0

    def text(self, event: TextDelta) -> bytes:
        open_blocks = self._open
        plain = not event.annotations and event.signature is None
        if plain and len(open_blocks) == 1 and open_blocks[0].kind == "text" and open_blocks[0].told:
            # Nearly every event of a stream is this one.
            return _TEXT_DELTA % (self._index, _text.encode(event.text)) if event.text else b""
        if event.text or citations_of(event.annotations):
            block = self._last("text") or self._begin(_Block("text", {"type": "text", "text": ""}))
            if event.text:
                block.deltas.append({"type": "text_delta", "text": event.text})
            for citation in citations_of(event.annotations):
                block.deltas.append({"type": "citations_delta", "citation": citation})
        self._carry(text_signature(event.signature))
        return self._tell()

    def thought(self, event: ReasoningDelta) -> bytes:
        if event.redacted is not None and event.origin == FAMILY:
            self._begin(_Block("redacted_thinking", thought_block(_whole(event))))
            return self._tell()
        last = self._open[-1] if self._open else None
        if not isinstance(last, _Thought) or last.over or _is_another(last, event):
            last = _Thought(event)
            self._begin(last)
        last.add(event)
        return self._tell()

    def call(self, event: ToolCallDelta) -> bytes:
        call = self._calls.get(event.index)
        if call is None:
            # Before its block: a client that goes on with the call alone still has what comes first.
            self._carry(call_signature(event.id or "", event.signature))
            call = self._calls[event.index] = _Call()
            self._begin(call)
            call.id = event.id or f"toolu_{uuid4().hex}"
        elif event.signature is not None:
            self._carry(call_signature(call.id, event.signature))
        call.add(event)
        return self._tell()

    def image(self, event: ImageDelta) -> bytes:
        self._begin(_Block("image", image_block(event.image)))
        return self._tell()

    def end(self) -> bytes:
        """All that is left, whole or not."""
        told = []
        while self._open:
            told.append(self._advance(self._open[0]))
            told.append(self._finish(self._open[0]))
        return b"".join(told)

    def _last(self, kind: str) -> _Block | None:
        last = self._open[-1] if self._open else None
        return last if last is not None and last.kind == kind else None

    def _begin(self, block: _Block) -> _Block:
        self._open.append(block)
        return block

    def _carry(self, carriers: list[dict[str, Any]]) -> None:
        for carrier in carriers:
            block = self._begin(_Block("carrier", {**carrier, "signature": ""}))
            block.deltas.append({"type": "signature_delta", "signature": carrier["signature"]})

    def _tell(self) -> bytes:
        told = []
        while self._open:
            first = self._open[0]
            told.append(self._advance(first))
            if len(self._open) == 1 or not first.complete():
                break
            told.append(self._finish(first))
        return b"".join(told)

    def _advance(self, block: _Block) -> bytes:
        if block.start is None:
            return b""
        told = []
        if not block.told:
            block.told = True
            told.append(self._frame("content_block_start", content_block=block.start))
        told.extend(self._frame("content_block_delta", delta=delta) for delta in block.deltas)
        block.deltas.clear()
        return b"".join(told)

    def _finish(self, block: _Block) -> bytes:
        self._open.remove(block)
        if not block.told:
            return b""
        last = b"".join(self._frame("content_block_delta", delta=delta) for delta in block.last_words())
        told = last + self._frame("content_block_stop")
        self._index += 1
        return told

    def _frame(self, name: str, **members: Any) -> bytes:
        document = msgspec.json.encode({"type": name, "index": self._index, **members})
        return b"event: %s\ndata: %s\n\n" % (name.encode(), document)


_TEXT_DELTA = (
    b"event: content_block_delta\n"
    b'data: {"type":"content_block_delta","index":%d,"delta":{"type":"text_delta","text":%s}}\n\n'
)


def _whole(event: ReasoningDelta) -> Reasoning:
    return Reasoning(redacted=event.redacted, origin=event.origin)


def _is_another(last: _Thought, event: ReasoningDelta) -> bool:
    """A piece of another thought than the one that is open."""
    known = last.thought
    other_id = known.id is not None and event.id is not None and known.id != event.id
    return other_id or (event.origin is not None and known.origin != event.origin)
