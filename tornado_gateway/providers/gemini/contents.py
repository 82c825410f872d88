"""The domain's messages as Gemini's ``systemInstruction`` and ``contents``. Pure.

Wire: Gemini API reference, "Content" and "Part"; Gemini API documentation, "Function calling" and "Thought signatures".
Turns of one role are merged, and a tool's result bears the name of the tool.
"""

from collections.abc import Sequence
from typing import Any

import msgspec

from tornado_gateway.domain.chat import (
    Audio,
    Document,
    Image,
    Message,
    Opaque,
    Reasoning,
    Refusal,
    Text,
    ToolCall,
    ToolResult,
)
from tornado_gateway.domain.chat import Part as ChatPart
from tornado_gateway.domain.errors import InvalidRequest
from tornado_gateway.providers.gemini import models
from tornado_gateway.providers.gemini.media import Part, audio_part, document_parts, image_part
from tornado_gateway.providers.tool_arguments import arguments_of

FAMILY = "gemini"

UNSIGNED = "c2tpcF90aG91Z2h0X3NpZ25hdHVyZV92YWxpZGF0b3I="
"""What the API takes for the signature of a call that another model made: newer models refuse one without."""

_EMPTY: Part = {"text": ""}


class Contents:
    """Encodes the messages of one request for ``model``; ``dropped`` collects the names of hints left out."""

    def __init__(self, *, model: str, dropped: list[str]) -> None:
        self._newest = models.version(model) >= models.FIRST_LEVELS
        self._dropped = dropped
        self._names: dict[str, str] = {}
        """Which tool a call's id means; the latest call counts where ids repeat."""

    def of(self, messages: Sequence[Message]) -> tuple[list[Part], list[dict[str, Any]]]:
        """Parts of the system instruction, and the contents. Raises ``InvalidRequest`` naming the field."""
        system: list[Part] = []
        contents: list[dict[str, Any]] = []
        for position, message in enumerate(messages):
            path = f"messages[{position}]"
            if message.name is not None and message.role != "tool":
                self._drop(f"{path}.name")
            if message.role in ("system", "developer"):
                system.extend(self._instruction(message, path))
                continue
            role = "model" if message.role == "assistant" else "user"
            self._add(contents, role, self._parts(message, path))
        if not contents:
            # This API wants a turn to answer to; other families answer a system prompt alone.
            return [], [{"role": "user", "parts": system or [_EMPTY]}]
        if contents[0]["role"] == "model":
            contents.insert(0, {"role": "user", "parts": [_EMPTY]})
        return system, contents

    def _add(self, contents: list[dict[str, Any]], role: str, parts: list[Part]) -> None:
        if not parts:
            if role == "model":
                return  # an empty answer says nothing, and the API refuses it
            parts = [_EMPTY]
        if contents and contents[-1]["role"] == role:
            contents[-1]["parts"].extend(parts)
            return
        contents.append({"role": role, "parts": parts})

    def _instruction(self, message: Message, path: str) -> list[Part]:
        parts = self._parts(message, path)
        for index, part in enumerate(parts):
            if "text" not in part:
                inner = f"{path}.content[{index}]"
                raise InvalidRequest(f"{inner}: Gemini takes only text in a system instruction.", param=inner)
        return parts

    def _parts(self, message: Message, path: str) -> list[Part]:
        parts: list[Part] = []
        called = False
        for index, part in enumerate(message.parts):
            encoded = self._part(part, f"{path}.content[{index}]")
            if isinstance(part, ToolCall):
                # The first of several calls at once bears the signature of all.
                if not called and self._newest:
                    encoded[0].setdefault("thoughtSignature", UNSIGNED)
                called = True
            parts.extend(encoded)
        return parts

    def _part(self, part: ChatPart, path: str) -> list[Part]:
        if isinstance(part, Text | Image | Document | ToolCall | ToolResult) and part.cache is not None:
            self._drop("cache_control")
        match part:
            case Text():
                return _text(part)
            case Refusal():
                return [{"text": part.text}] if part.text else []
            case Image():
                return [self._image(part, path)]
            case Audio():
                return [audio_part(part)]
            case Document():
                return self._document(part, path)
            case Reasoning():
                return self._thought(part)
            case ToolCall():
                return [self._call(part, path)]
            case ToolResult():
                return self._result(part, path)
            case Opaque():
                return [part.document]

    def _image(self, image: Image, path: str) -> Part:
        if image.detail not in (None, "auto"):
            self._drop(f"{path}.detail")
        return image_part(image, path)

    def _document(self, document: Document, path: str) -> list[Part]:
        if document.name is not None and document.text is None:
            self._drop(f"{path}.name")
        if document.citations:
            self._drop(f"{path}.citations")
        return document_parts(document, path)

    def _thought(self, thought: Reasoning) -> list[Part]:
        if thought.origin != FAMILY:
            # What another model thought is not this one's, and its signature means nothing here.
            self._drop("reasoning")
            return []
        if not thought.text and not thought.signature:
            return []
        return [_signed({"text": thought.text, "thought": True}, thought.signature)]

    def _call(self, call: ToolCall, path: str) -> Part:
        if call.custom:
            raise InvalidRequest(f"{path}: Gemini has no tools whose input is free text.", param=path)
        self._names[call.id] = call.name
        function: dict[str, Any] = {"name": call.name, "args": arguments_of(call, path)}
        if call.id:
            function["id"] = call.id
        return _signed({"functionCall": function}, call.signature)

    def _result(self, result: ToolResult, path: str) -> list[Part]:
        name = self._names.get(result.call_id, result.name)
        if name is None:
            raise InvalidRequest(f"{path}: no tool was called by the id {result.call_id!r}.", param=path)
        texts: list[str] = []
        media: list[Part] = []
        for index, piece in enumerate(result.content):
            if isinstance(piece, Text):
                texts.append(piece.text)
            else:
                media.extend(self._part(piece, f"{path}.content[{index}]"))
        function: dict[str, Any] = {"name": name, "response": _response(texts, is_error=result.is_error)}
        if result.call_id:
            function["id"] = result.call_id
        inner = [part for part in media if "inlineData" in part] if self._newest else []
        if inner:
            function["parts"] = inner
        return [{"functionResponse": function}, *(part for part in media if part not in inner)]

    def _drop(self, name: str) -> None:
        if name not in self._dropped:
            self._dropped.append(name)


def _text(text: Text) -> list[Part]:
    return [_signed({"text": text.text}, text.signature)] if text.text or text.signature else []


def _signed(part: Part, signature: str | None) -> Part:
    return {**part, "thoughtSignature": signature} if signature else part


def _response(texts: Sequence[str], *, is_error: bool) -> dict[str, Any]:
    """A result as the object that this API wants: as it is where it is one, else under the names it documents."""
    if is_error:
        return {"error": "\n".join(texts)}
    if len(texts) == 1:
        value = _json(texts[0])
        if isinstance(value, dict):
            return value
    return {"output": "\n".join(texts)}


def _json(text: str) -> Any:
    if not text.lstrip().startswith("{"):
        return None
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError):
        return None
