"""The items of a Responses request as the domain's messages. Pure.

Wire: OpenAI API reference, "Create a model response", ``input``. Thoughts, texts and calls that stand one behind the
other are one turn of the assistant. An item that no other family has (a hosted tool's call and its result) becomes
``Opaque``.
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
    Part,
    Reasoning,
    Refusal,
    Role,
    Text,
    ToolCall,
    ToolResult,
)
from tornado_gateway.domain.errors import InvalidRequest
from tornado_gateway.domain.thoughts import Seal, thought_of, unseal
from tornado_gateway.httpserver.dialects.decoding import convert
from tornado_gateway.httpserver.dialects.openai_messages import DATA_URL, result_parts
from tornado_gateway.httpserver.dialects.unread import unread

FAMILY = "openai.responses"

Item = dict[str, Any]

_ROLES: dict[str, Role] = {"system": "system", "developer": "developer", "user": "user", "assistant": "assistant"}


class _Part(msgspec.Struct, frozen=True):
    type: str
    text: str | None = None
    refusal: str | None = None
    image_url: str | None = None
    detail: str | None = None
    file_id: str | None = None
    file_url: str | None = None
    file_data: str | None = None
    filename: str | None = None
    input_audio: dict[str, str] | None = None


class _Message(msgspec.Struct, frozen=True):
    role: str
    content: str | list[_Part]


class _Call(msgspec.Struct, frozen=True):
    call_id: str
    name: str
    arguments: str | None = None
    input: str | None = None


class _Output(msgspec.Struct, frozen=True):
    call_id: str
    output: str | list[_Part]


class _Piece(msgspec.Struct, frozen=True):
    text: str = ""


class _Reasoning(msgspec.Struct, frozen=True):
    id: str | None = None
    summary: list[_Piece] = []
    content: list[_Piece] | None = None
    encrypted_content: str | None = None


_PARTS = dict.fromkeys(
    ("input_text", "output_text", "text", "summary_text", "reasoning_text"), frozenset({"type", "text"})
) | {
    "refusal": frozenset({"type", "refusal"}),
    "input_image": frozenset({"type", "image_url", "file_id", "detail"}),
    "input_file": frozenset({"type", "file_id", "file_url", "file_data", "filename"}),
    "input_audio": frozenset({"type", "input_audio"}),
}
_MESSAGE = frozenset({"type", "role", "content", "id", "status"})
_OUTPUT = frozenset({"type", "call_id", "output", "id", "status"})
_ITEMS = {
    "": _MESSAGE,
    "message": _MESSAGE,
    "function_call": frozenset({"type", "call_id", "name", "arguments", "id", "status"}),
    "custom_tool_call": frozenset({"type", "call_id", "name", "input", "id", "status"}),
    "function_call_output": _OUTPUT,
    "custom_tool_call_output": _OUTPUT,
    "reasoning": frozenset({"type", "id", "summary", "content", "encrypted_content", "status"}),
}
"""What of an item and of its parts is read below. An id, and how far an item had come, mean something to its maker."""


def unread_of(given: Any) -> tuple[str, ...]:
    """The paths of members that no translation knows, each once."""
    return unread(given, _ITEMS, "input[]", {"content": _PARTS, "output": _PARTS})


def messages_of(given: str | Sequence[Item]) -> list[Message]:
    """The conversation. Raises ``InvalidRequest`` naming the field."""
    if isinstance(given, str):
        return [Message("user", (Text(given),))]
    messages: list[Message] = []
    turn: list[Part] = []
    """The assistant's turn that is being put together."""
    for position, item in enumerate(given):
        path = f"input[{position}]"
        message, said = _read(item, path)
        if message is None:
            _attach(turn, said)
            continue
        if turn:
            messages.append(Message("assistant", tuple(turn)))
            turn = []
        messages.append(message)
    if turn:
        messages.append(Message("assistant", tuple(turn)))
    return messages


def _read(item: Item, path: str) -> tuple[Message | None, list[Part | Seal]]:
    """A message of its own, or what the item adds to the assistant's turn."""
    kind = item.get("type") or ("message" if "role" in item else None)
    match kind:
        case "message":
            return _message(item, path)
        case "function_call":
            call = convert(item, _Call, path)
            return None, [ToolCall(id=call.call_id, name=call.name, arguments=call.arguments or "")]
        case "custom_tool_call":
            call = convert(item, _Call, path)
            return None, [ToolCall(id=call.call_id, name=call.name, arguments=call.input or "", custom=True)]
        case "function_call_output" | "custom_tool_call_output":
            return Message("tool", (_result(item, path),)), []
        case "reasoning":
            return None, _thoughts(convert(item, _Reasoning, path))
        case "item_reference":
            raise InvalidRequest(f"{path}: the route's provider keeps no items to refer to.", param=path)
        case None:
            raise InvalidRequest(f"{path}.type: this field is required.", param=f"{path}.type")
    return None, [Opaque(FAMILY, item, path)]


def _message(item: Item, path: str) -> tuple[Message | None, list[Part | Seal]]:
    read = convert(item, _Message, path)
    role = _ROLES.get(read.role)
    if role is None:
        raise InvalidRequest(f"{path}.role: no such role {read.role!r}.", param=f"{path}.role")
    parts = _content(read.content, f"{path}.content")
    if role == "assistant":
        return None, [*parts]
    return Message(role, tuple(parts)), []


def _content(content: str | list[_Part], path: str) -> list[Part]:
    if isinstance(content, str):
        return [Text(content)]
    return [_part(part, f"{path}[{position}]") for position, part in enumerate(content)]


def _part(part: _Part, path: str) -> Part:
    match part.type:
        case "input_text" | "output_text" | "text" | "summary_text" | "reasoning_text":
            if part.text is None:
                raise InvalidRequest(f"{path}.text: this field is required.", param=f"{path}.text")
            return Text(part.text)
        case "refusal":
            return Refusal(part.refusal or "")
        case "input_image":
            return _image(part, path)
        case "input_file":
            return _file(part)
        case "input_audio" if part.input_audio is not None:
            return Audio(data=part.input_audio.get("data", ""), format=part.input_audio.get("format", ""))
    raise InvalidRequest(f"{path}.type: no such content part {part.type!r}.", param=f"{path}.type")


def _image(part: _Part, path: str) -> Image:
    if part.image_url is None and part.file_id is None:
        raise InvalidRequest(f"{path}.image_url: this field is required.", param=f"{path}.image_url")
    inline = DATA_URL.match(part.image_url or "")
    if inline:
        return Image(data=inline["data"], media_type=inline["type"] or None, detail=part.detail)
    return Image(url=part.image_url, file_id=part.file_id, detail=part.detail)


def _file(part: _Part) -> Document:
    inline = DATA_URL.match(part.file_data or "")
    return Document(
        url=part.file_url,
        data=inline["data"] if inline else part.file_data,
        media_type=inline["type"] if inline else None,
        file_id=part.file_id,
        name=part.filename,
    )


def _result(item: Item, path: str) -> ToolResult:
    read = convert(item, _Output, path)
    parts = _content(read.output, f"{path}.output")
    return ToolResult(call_id=read.call_id, content=result_parts(parts, f"{path}.output"))


def _thoughts(item: _Reasoning) -> list[Part | Seal]:
    """A seal of ours holds a thought of another protocol, or the signature of something else."""
    text = "".join(piece.text for piece in (*item.summary, *(item.content or ())))
    content = unseal(item.encrypted_content or "")
    if content is None:
        signature = item.encrypted_content
        return [Reasoning(text=text, signature=signature, id=item.id, origin=FAMILY, summary=bool(item.summary))]
    if content.call_id or content.of_text:
        return [content]
    return [thought_of(content, text)]


def _attach(turn: list[Part], said: Sequence[Part | Seal]) -> None:
    """Adds to the turn; a seal puts its signature on the call that it names, or on the text before it."""
    for piece in said:
        if not isinstance(piece, Seal):
            turn.append(piece)
            continue
        for index in range(len(turn) - 1, -1, -1):
            part = turn[index]
            if piece.of_text and isinstance(part, Text):
                turn[index] = msgspec.structs.replace(part, signature=piece.signature)
                break
            if isinstance(part, ToolCall) and part.id == piece.call_id:
                turn[index] = msgspec.structs.replace(part, signature=piece.signature)
                break
