"""OpenAI chat messages and parameters as the domain's chat: the translate lane's reading of a request. Pure.

Wire: OpenAI API reference, "Create chat completion".
"""

import re
from collections.abc import Sequence
from typing import Any

from tornado_gateway.domain.chat import (
    Audio,
    CacheMarker,
    ChatRequest,
    Document,
    Image,
    Message,
    Opaque,
    Part,
    Reasoning,
    Refusal,
    ResponseFormat,
    Role,
    Text,
    Thinking,
    ToolCall,
    ToolResult,
)
from tornado_gateway.domain.errors import InvalidRequest
from tornado_gateway.httpserver.dialects.decoding import beyond, effort_of
from tornado_gateway.httpserver.dialects.openai_shapes import require_shape
from tornado_gateway.httpserver.dialects.openai_thoughts import hand_back
from tornado_gateway.httpserver.dialects.openai_tools import cache_marker, offered_tools, tool_choice
from tornado_gateway.httpserver.dialects.unread import unread

FAMILY = "openai"

DATA_URL = re.compile(r"^data:(?P<type>[^;,]*)(?:;[^,]*)?;base64,(?P<data>.*)$", re.DOTALL)
_ROLES: dict[str, Role] = {
    "system": "system",
    "developer": "developer",
    "user": "user",
    "assistant": "assistant",
    "tool": "tool",
    "function": "tool",
}
_SAME_NAME = (
    "temperature",
    "top_p",
    "top_k",
    "frequency_penalty",
    "presence_penalty",
    "seed",
    "n",
    "logprobs",
    "top_logprobs",
    "logit_bias",
    "parallel_tool_calls",
    "user",
    "metadata",
    "service_tier",
    "verbosity",
)
_READ = frozenset(
    {
        *_SAME_NAME,
        "model",
        "messages",
        "stream",
        "stream_options",
        "tools",
        "tool_choice",
        "max_tokens",
        "max_completion_tokens",
        "stop",
        "response_format",
        "reasoning_effort",
    }
)

_NEUTRAL: dict[str, tuple[object, ...]] = {"store": (False,), "modalities": (["text"],)}
"""Values that say what is so anyway."""

_HINTS = frozenset(
    {"prompt_cache_key", "prompt_cache_retention", "safety_identifier", "prediction", "moderation", "stream_options"}
)
"""They change how fast, how cheap or how watched an answer is, not what it says."""


_MESSAGE = {
    "": frozenset(
        {"role", "content", "name", "refusal", "tool_calls", "tool_call_id", "function_call", "audio", "images"}
        | {"thinking_blocks", "reasoning_content", "reasoning"}
    )
}
_TEXT = frozenset({"type", "text", "cache_control"})
_PARTS = {
    "text": _TEXT,
    "input_text": _TEXT,
    "output_text": _TEXT,
    "refusal": frozenset({"type", "refusal"}),
    "thinking": frozenset({"type", "thinking"}),
    "image_url": frozenset({"type", "image_url", "cache_control"}),
    "input_audio": frozenset({"type", "input_audio"}),
    "file": frozenset({"type", "file", "cache_control"}),
}
"""What of a message and of its parts is read below."""


def chat_request(document: dict[str, Any]) -> ChatRequest:
    """A validated request document, opened. Raises ``InvalidRequest`` naming the field."""
    require_shape(document)
    effort = document.get("reasoning_effort")
    limit = document.get("max_completion_tokens")
    same: dict[str, Any] = {name: document.get(name) for name in _SAME_NAME}
    return ChatRequest(
        model=document["model"],
        messages=tuple(
            _message(message, f"messages[{position}]") for position, message in enumerate(document["messages"])
        ),
        stream=bool(document.get("stream")),
        tools=offered_tools(document),
        tool_choice=tool_choice(document.get("tool_choice")),
        max_tokens=limit if limit is not None else document.get("max_tokens"),
        stop=_stop(document.get("stop")),
        response_format=_response_format(document.get("response_format")),
        thinking=None if effort is None else Thinking(effort=effort_of(effort, "reasoning_effort")),
        extra=beyond(document, _READ, _NEUTRAL),
        hints=_HINTS,
        unread=unread(document["messages"], _MESSAGE, "messages[]", {"content": _PARTS}),
        **same,
    )


def _stop(stop: Any) -> tuple[str, ...]:
    if stop is None:
        return ()
    return (stop,) if isinstance(stop, str) else tuple(stop)


def _message(message: dict[str, Any], path: str) -> Message:
    role = _ROLES.get(message["role"])
    if role is None:
        raise InvalidRequest(f"{path}.role: no such role {message['role']!r}.", param=f"{path}.role")
    if role == "tool":
        return Message(role="tool", parts=(_tool_result(message, path),))
    parts = _content(message.get("content"), f"{path}.content")
    if role == "assistant":
        parts = _assistant_parts(message, parts, path)
    elif not parts and message.get("content") is None:
        raise InvalidRequest(f"{path}.content: this field is required.", param=f"{path}.content")
    return Message(role=role, parts=tuple(parts), name=message.get("name"))


def _assistant_parts(message: dict[str, Any], content: list[Part], path: str) -> list[Part]:
    parts: list[Part] = []
    blocks = message.get("thinking_blocks")
    thought = message.get("reasoning_content") or message.get("reasoning")
    if isinstance(thought, str) and not blocks:
        parts.append(Reasoning(text=thought, origin="openai"))
    parts.extend(content)
    if isinstance(message.get("audio"), dict):
        parts.append(_spoken(message["audio"], f"{path}.audio"))
    if message.get("refusal"):
        parts.append(Refusal(message["refusal"]))
    parts.extend(_image(made["image_url"], None) for made in message.get("images") or ())
    for position, call in enumerate(message.get("tool_calls") or ()):
        parts.append(_tool_call(call, f"{path}.tool_calls[{position}]"))
    legacy = message.get("function_call")
    if isinstance(legacy, dict):
        parts.append(ToolCall(id=legacy["name"], name=legacy["name"], arguments=legacy.get("arguments") or ""))
    return hand_back(blocks, parts, f"{path}.thinking_blocks") if blocks else parts


def _spoken(audio: dict[str, Any], path: str) -> Part:
    """What the model said: its words where the caller hands them back, else a name of OpenAI's for it."""
    words = audio.get("transcript")
    return Text(words) if isinstance(words, str) and words else Opaque(FAMILY, {"type": "audio", "audio": audio}, path)


def _tool_result(message: dict[str, Any], path: str) -> ToolResult:
    call_id = message.get("tool_call_id", message.get("name"))
    if not isinstance(call_id, str):
        raise InvalidRequest(f"{path}.tool_call_id: this field is required.", param=f"{path}.tool_call_id")
    content = result_parts(_content(message.get("content"), f"{path}.content"), f"{path}.content")
    return ToolResult(call_id=call_id, content=content, name=message.get("name"))


def result_parts(parts: Sequence[Part], path: str) -> tuple[Text | Image | Document, ...]:
    """Those of a tool's result. Raises ``InvalidRequest`` for what no provider takes in one."""
    content: list[Text | Image | Document] = []
    for position, part in enumerate(parts):
        if not isinstance(part, Text | Image | Document):
            where = f"{path}[{position}]"
            raise InvalidRequest(f"{where}: a tool's result holds text, images and files alone.", param=where)
        content.append(part)
    return tuple(content)


def _content(content: Any, path: str) -> list[Part]:
    if content is None:
        return []
    if isinstance(content, str):
        return [Text(content)]
    return [_part(part, f"{path}[{position}]") for position, part in enumerate(content)]


def _part(part: Any, path: str) -> Part:
    if not isinstance(part, dict):
        raise InvalidRequest(f"{path}: expected an object.", param=path)
    kind = part.get("type")
    try:
        match kind:
            case "text" | "input_text" | "output_text":
                return Text(_string(part["text"], f"{path}.text"), cache=cache_marker(part))
            case "refusal":
                return Refusal(part["refusal"])
            case "thinking":
                return Reasoning(text=_thinking_text(part["thinking"]), origin="openai")
            case "image_url":
                return _image(part["image_url"], cache_marker(part))
            case "input_audio":
                return Audio(data=part["input_audio"]["data"], format=part["input_audio"]["format"])
            case "file":
                return _file(part["file"], cache_marker(part))
    except (KeyError, TypeError, AttributeError) as error:
        raise InvalidRequest(f"{path}: a part of type {kind!r} lacks {error}.", param=path) from error
    raise InvalidRequest(f"{path}.type: no such content part {kind!r}.", param=f"{path}.type")


def _thinking_text(thinking: Any) -> str:
    """Mistral's form of a thought, as its answers hold it: a text, or text pieces."""
    if isinstance(thinking, str):
        return thinking
    return "".join(piece["text"] for piece in thinking if isinstance(piece.get("text"), str))


def _string(value: Any, path: str) -> str:
    if not isinstance(value, str):
        raise InvalidRequest(f"{path}: expected a string.", param=path)
    return value


def _image(image: Any, cache: CacheMarker | None) -> Image:
    url = image if isinstance(image, str) else image["url"]
    detail = None if isinstance(image, str) else image.get("detail")
    inline = DATA_URL.match(url)
    if inline:
        return Image(data=inline["data"], media_type=inline["type"] or None, detail=detail, cache=cache)
    return Image(url=url, detail=detail, cache=cache)


def _file(file: dict[str, Any], cache: CacheMarker | None) -> Document:
    data = file.get("file_data")
    inline = DATA_URL.match(data) if isinstance(data, str) else None
    return Document(
        data=inline["data"] if inline else data,
        media_type=inline["type"] if inline else None,
        file_id=file.get("file_id"),
        name=file.get("filename"),
        cache=cache,
    )


def _tool_call(call: Any, path: str) -> ToolCall:
    try:
        if call.get("type") == "custom":
            return ToolCall(
                id=call["id"], name=call["custom"]["name"], arguments=call["custom"].get("input", ""), custom=True
            )
        function = call["function"]
        return ToolCall(id=call["id"], name=function["name"], arguments=function.get("arguments") or "")
    except (KeyError, TypeError, AttributeError) as error:
        raise InvalidRequest(f"{path}: a tool call lacks {error}.", param=path) from error


def _response_format(wanted: Any) -> ResponseFormat | None:
    if wanted is None:
        return None
    kind = wanted.get("type")
    if kind in ("text", "json_object"):
        return ResponseFormat(kind=kind)
    if kind != "json_schema":
        raise InvalidRequest(f"response_format.type: no such format {kind!r}.", param="response_format.type")
    schema = wanted.get("json_schema") or {}
    return ResponseFormat(
        kind="json_schema",
        schema=schema.get("schema"),
        name=schema.get("name"),
        description=schema.get("description"),
        strict=schema.get("strict"),
    )
