"""Anthropic content blocks as parts of the domain's chat. Pure.

Wire: Anthropic API reference, "Create a Message", ``messages[].content``. A block that no other family has (a server
tool's use, its result, a search result) becomes ``Opaque``.
"""

from collections.abc import Callable, Sequence
from typing import Any, Literal

import msgspec

from tornado_gateway.domain.chat import (
    CacheMarker,
    Document,
    Image,
    Opaque,
    Part,
    Reasoning,
    Text,
    ToolCall,
    ToolResult,
)
from tornado_gateway.domain.errors import InvalidRequest
from tornado_gateway.domain.thoughts import Seal, thought_of, unseal
from tornado_gateway.httpserver.dialects.decoding import convert
from tornado_gateway.httpserver.dialects.unread import unread

FAMILY = "anthropic"

Block = dict[str, Any]


class CacheControl(msgspec.Struct, frozen=True):
    type: str
    ttl: Literal["5m", "1h"] | None = None


class _Source(msgspec.Struct, frozen=True):
    type: str
    data: str | None = None
    media_type: str | None = None
    url: str | None = None
    file_id: str | None = None
    content: str | list[Block] | None = None


class _Text(msgspec.Struct, frozen=True):
    text: str
    cache_control: CacheControl | None = None
    citations: list[Any] | None = None


class _Image(msgspec.Struct, frozen=True):
    source: _Source
    cache_control: CacheControl | None = None


class _Citations(msgspec.Struct, frozen=True):
    enabled: bool | None = None


class _Document(msgspec.Struct, frozen=True):
    source: _Source
    title: str | None = None
    context: str | None = None
    citations: _Citations | None = None
    cache_control: CacheControl | None = None


class _Thinking(msgspec.Struct, frozen=True):
    thinking: str
    signature: str


class _Redacted(msgspec.Struct, frozen=True):
    data: str


class _ToolUse(msgspec.Struct, frozen=True):
    id: str
    name: str
    input: dict[str, Any]
    cache_control: CacheControl | None = None


class _ToolResult(msgspec.Struct, frozen=True):
    tool_use_id: str
    content: str | list[Block] | None = None
    is_error: bool | None = None
    cache_control: CacheControl | None = None


_BLOCKS = {
    "text": frozenset({"type", "text", "cache_control", "citations"}),
    "image": frozenset({"type", "source", "cache_control"}),
    "document": frozenset({"type", "source", "title", "context", "citations", "cache_control"}),
    "thinking": frozenset({"type", "thinking", "signature"}),
    "redacted_thinking": frozenset({"type", "data"}),
    "tool_use": frozenset({"type", "id", "name", "input", "cache_control", "caller", "toolset_name"}),
    "tool_result": frozenset({"type", "tool_use_id", "content", "is_error", "cache_control", "toolset_name"}),
}
"""What of a block is read below."""
_TURN = {"": frozenset({"role", "content"})}


def unread_of(messages: Any) -> tuple[str, ...]:
    """The paths of members that no translation knows, each once."""
    return unread(messages, _TURN, "messages[]", {"content": _BLOCKS})


def content_parts(content: str | Sequence[Block], path: str) -> tuple[Part, ...]:
    """A turn's content, in either of its two forms. Raises ``InvalidRequest`` naming the field."""
    if isinstance(content, str):
        return (Text(content),)
    parts: list[Part] = []
    for position, block in enumerate(content):
        inner = f"{path}[{position}]"
        carried = carried_seal(block)
        if carried is not None:
            _attach(parts, carried)
            continue
        parts.append(_part(block, inner))
    return _with_call_signatures(parts, content)


def carried_seal(block: Block) -> Seal | None:
    """The seal of a thinking block that is no thought: it only carries something else's signature."""
    content = unseal(str(block.get("signature"))) if block.get("type") == "thinking" else None
    return content if content is not None and (content.call_id or content.of_text) else None


def _attach(parts: list[Part], content: Seal) -> None:
    for index in range(len(parts) - 1, -1, -1):
        part = parts[index]
        if content.of_text and isinstance(part, Text):
            parts[index] = msgspec.structs.replace(part, signature=content.signature)
            return


def _with_call_signatures(parts: list[Part], content: Sequence[Block]) -> tuple[Part, ...]:
    seals = [seal for block in content if (seal := carried_seal(block)) is not None and seal.call_id]
    signatures = {seal.call_id: seal.signature for seal in seals}
    if not signatures:
        return tuple(parts)
    return tuple(
        msgspec.structs.replace(part, signature=signatures.get(part.id)) if isinstance(part, ToolCall) else part
        for part in parts
    )


def _part(block: Block, path: str) -> Part:
    read = _READERS.get(block["type"])
    return Opaque(family=FAMILY, document=block, path=path) if read is None else read(block, path)


def _text(block: Block, path: str) -> Part:
    read = convert(block, _Text, path)
    return Text(read.text, cache=cache_marker(read.cache_control), annotations=tuple(read.citations or ()))


def _image(block: Block, path: str) -> Part:
    read = convert(block, _Image, path)
    source, cache = read.source, cache_marker(read.cache_control)
    match source.type:
        case "base64":
            return Image(
                data=_there(source.data, f"{path}.source.data"),
                media_type=_there(source.media_type, f"{path}.source.media_type"),
                cache=cache,
            )
        case "url":
            return Image(url=_there(source.url, f"{path}.source.url"), cache=cache)
        case "file":
            return Image(file_id=_there(source.file_id, f"{path}.source.file_id"), cache=cache)
    raise _no_such_source(source, path)


def _document(block: Block, path: str) -> Part:
    read = convert(block, _Document, path)
    source = read.source
    plain = Document(
        name=read.title,
        context=read.context,
        citations=None if read.citations is None else read.citations.enabled,
        cache=cache_marker(read.cache_control),
    )
    match source.type:
        case "base64":
            data = _there(source.data, f"{path}.source.data")
            media_type = _there(source.media_type, f"{path}.source.media_type")
            return msgspec.structs.replace(plain, data=data, media_type=media_type)
        case "text":
            text = _there(source.data, f"{path}.source.data")
            return msgspec.structs.replace(plain, text=text, media_type="text/plain")
        case "url":
            return msgspec.structs.replace(plain, url=_there(source.url, f"{path}.source.url"))
        case "file":
            return msgspec.structs.replace(plain, file_id=_there(source.file_id, f"{path}.source.file_id"))
        case "content":
            return Opaque(family=FAMILY, document=block, path=path)
    raise _no_such_source(source, path)


def _thinking(block: Block, path: str) -> Part:
    read = convert(block, _Thinking, path)
    sealed = unseal(read.signature)
    if sealed is not None:
        return thought_of(sealed, read.thinking)
    return Reasoning(text=read.thinking, signature=read.signature, origin=FAMILY)


def _redacted(block: Block, path: str) -> Part:
    return Reasoning(redacted=convert(block, _Redacted, path).data, origin=FAMILY)


def _tool_use(block: Block, path: str) -> Part:
    caller = block.get("caller") or {}
    if block.get("toolset_name") is not None or caller.get("type", "direct") != "direct":
        return Opaque(family=FAMILY, document=block, path=path)
    read = convert(block, _ToolUse, path)
    arguments = msgspec.json.encode(read.input).decode()
    return ToolCall(id=read.id, name=read.name, arguments=arguments, cache=cache_marker(read.cache_control))


def _tool_result(block: Block, path: str) -> Part:
    if block.get("toolset_name") is not None:
        return Opaque(family=FAMILY, document=block, path=path)
    read = convert(block, _ToolResult, path)
    parts: list[Text | Image | Document | Opaque] = []
    if isinstance(read.content, str):
        parts.append(Text(read.content))
    elif read.content is not None:
        for position, inner in enumerate(read.content):
            where = f"{path}.content[{position}]"
            if not isinstance(inner.get("type"), str):
                raise InvalidRequest(f"{where}.type: this field is required.", param=f"{where}.type")
            part = _part(inner, where)
            if not isinstance(part, Text | Image | Document | Opaque):
                raise InvalidRequest(f"{where}.type: a result can't hold this block.", param=f"{where}.type")
            parts.append(part)
    return ToolResult(
        call_id=read.tool_use_id,
        content=tuple(parts),
        is_error=bool(read.is_error),
        cache=cache_marker(read.cache_control),
    )


_READERS: dict[str, Callable[[Block, str], Part]] = {
    "text": _text,
    "image": _image,
    "document": _document,
    "thinking": _thinking,
    "redacted_thinking": _redacted,
    "tool_use": _tool_use,
    "tool_result": _tool_result,
}


def cache_marker(control: CacheControl | None) -> CacheMarker | None:
    return None if control is None else CacheMarker(ttl=control.ttl)


def _there(value: str | None, path: str) -> str:
    if value is None:
        raise InvalidRequest(f"{path}: this field is required.", param=path)
    return value


def _no_such_source(source: _Source, path: str) -> InvalidRequest:
    return InvalidRequest(f"{path}.source.type: no such source {source.type!r}.", param=f"{path}.source.type")
