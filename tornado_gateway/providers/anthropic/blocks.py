"""Parts of the domain's chat as Anthropic content blocks. Pure.

Wire: Anthropic API reference, "Create a Message", ``messages[].content``.
"""

import re
from base64 import b64decode
from collections.abc import Sequence
from typing import Any

from tornado_gateway.domain.chat import (
    CacheMarker,
    Document,
    Image,
    Message,
    Opaque,
    Part,
    Reasoning,
    Refusal,
    Text,
    ToolCall,
    ToolResult,
)
from tornado_gateway.domain.errors import InvalidRequest
from tornado_gateway.providers.tool_arguments import arguments_of

FAMILY = "anthropic"

Block = dict[str, Any]

_IMAGE_TYPES = frozenset({"image/jpeg", "image/png", "image/gif", "image/webp"})
_MAGIC = {"/9j/": "image/jpeg", "iVBOR": "image/png", "R0lGOD": "image/gif", "UklGR": "image/webp"}
"""How the base64 of each begins."""

_FIT_FOR_ID = re.compile(r"[a-zA-Z0-9_-]+\Z")
_UNFIT_FOR_ID = re.compile(r"[^a-zA-Z0-9_-]")


class Blocks:
    """Encodes the parts of one request. ``own`` says that its file ids are Anthropic's; ``dropped`` collects the names
    of hints left out."""

    def __init__(self, *, own: bool, dropped: list[str]) -> None:
        self.dropped = dropped
        self._own = own
        self._ids: dict[str, str] = {}

    def of(self, message: Message, path: str) -> list[Block]:
        """A message's blocks. Raises ``InvalidRequest`` for what this API has no place for."""
        return self._all(message.parts, f"{path}.content")

    def _all(self, parts: Sequence[Part], path: str) -> list[Block]:
        blocks = (self._block(part, f"{path}[{index}]") for index, part in enumerate(parts))
        return [block for block in blocks if block is not None]

    def _block(self, part: Part, path: str) -> Block | None:
        match part:
            case Text():
                return text_block(part) if part.text else None
            case Refusal():
                return {"type": "text", "text": part.text} if part.text else None
            case Image():
                return self._image(part, path)
            case Document():
                return self._document(part, path)
            case Reasoning():
                return self._thought(part)
            case ToolCall():
                return self._call(part, path)
            case ToolResult():
                return self._result(part, path)
            case Opaque():
                return part.document
        raise InvalidRequest(f"{path}: Anthropic takes no audio.", param=path)

    def _image(self, image: Image, path: str) -> Block:
        if image.detail not in (None, "auto"):
            self.dropped.append(f"{path}.detail")
        if image.data is not None:
            media_type = image.media_type or _sniffed(image.data)
            media_type = "image/jpeg" if media_type == "image/jpg" else media_type
            if media_type not in _IMAGE_TYPES:
                raise InvalidRequest(f"{path}: Anthropic takes no image of type {media_type!r}.", param=path)
            source = {"type": "base64", "media_type": media_type, "data": image.data}
        elif image.url is not None:
            source = {"type": "url", "url": image.url}
        else:
            source = self._file(image.file_id, path)
        return _marked({"type": "image", "source": source}, image.cache)

    def _document(self, document: Document, path: str) -> Block:
        block: Block = {"type": "document", "source": self._document_source(document, path)}
        if document.name is not None:
            block["title"] = document.name
        if document.context is not None:
            block["context"] = document.context
        if document.citations is not None:
            block["citations"] = {"enabled": document.citations}
        return _marked(block, document.cache)

    def _document_source(self, document: Document, path: str) -> dict[str, Any]:
        if document.text is not None:
            return {"type": "text", "media_type": "text/plain", "data": document.text}
        if document.url is not None:
            return {"type": "url", "url": document.url}
        if document.data is None:
            return self._file(document.file_id, path)
        media_type = document.media_type or "application/pdf"
        if media_type == "application/pdf":
            return {"type": "base64", "media_type": media_type, "data": document.data}
        if media_type.startswith("text/") or media_type == "application/json":
            return {"type": "text", "media_type": "text/plain", "data": _decoded(document.data, path)}
        raise InvalidRequest(f"{path}: Anthropic takes no document of type {media_type!r}.", param=path)

    def _file(self, file_id: str | None, path: str) -> dict[str, Any]:
        if file_id is None:
            raise InvalidRequest(f"{path}: expected a URL, data or a file id.", param=path)
        if not self._own:
            raise InvalidRequest(f"{path}: a file id of another provider means nothing to Anthropic.", param=path)
        return {"type": "file", "file_id": file_id}

    def _thought(self, thought: Reasoning) -> Block | None:
        if thought.origin == FAMILY and thought.redacted is not None:
            return {"type": "redacted_thinking", "data": thought.redacted}
        if thought.origin == FAMILY and thought.signature is not None:
            return {"type": "thinking", "thinking": thought.text, "signature": thought.signature}
        # A thought that Anthropic did not sign is refused by it: another model's stay with their own.
        if "reasoning" not in self.dropped:
            self.dropped.append("reasoning")
        return None

    def _call(self, call: ToolCall, path: str) -> Block:
        if call.custom:
            raise InvalidRequest(f"{path}: Anthropic has no tools whose input is free text.", param=path)
        block = {
            "type": "tool_use",
            "id": self._id(call.id),
            "name": call.name,
            "input": arguments_of(call, path),
        }
        return _marked(block, call.cache)

    def _result(self, result: ToolResult, path: str) -> Block:
        block: Block = {"type": "tool_result", "tool_use_id": self._id(result.call_id)}
        inner = self._all(result.content, f"{path}.content")
        if len(inner) == 1 and inner[0].keys() == {"type", "text"}:
            block["content"] = inner[0]["text"]
        elif inner:
            block["content"] = inner
        if result.is_error:
            block["is_error"] = True
        return _marked(block, result.cache)

    def _id(self, identity: str) -> str:
        """``identity`` as this API takes it, the same one for a call and its result."""
        if _FIT_FOR_ID.match(identity):
            return identity
        known = self._ids.get(identity)
        if known is None:
            known = self._ids[identity] = f"{_UNFIT_FOR_ID.sub('_', identity)}_{len(self._ids)}"
        return known


def text_block(text: Text) -> Block:
    block: Block = {"type": "text", "text": text.text}
    citations = [note for note in text.annotations if str(note.get("type")).endswith("_location")]
    if citations:
        block["citations"] = citations
    return _marked(block, text.cache)


def cache_control(marker: CacheMarker) -> dict[str, Any]:
    return {"type": "ephemeral"} if marker.ttl is None else {"type": "ephemeral", "ttl": marker.ttl}


def _marked(block: Block, marker: CacheMarker | None) -> Block:
    return block if marker is None else {**block, "cache_control": cache_control(marker)}


def _sniffed(data: str) -> str | None:
    return next((kind for start, kind in _MAGIC.items() if data.startswith(start)), None)


def _decoded(data: str, path: str) -> str:
    try:
        return b64decode(data).decode()
    except ValueError as error:  # no base64, no UTF-8, or no ASCII to begin with
        raise InvalidRequest(f"{path}: the document is no text in base64.", param=path) from error
