"""The types of a chat request's inner members, for the lane that opens them.

Wire: OpenAI API reference, "Create chat completion". A relayed request is never held to these: there the provider is
the judge.
"""

from typing import Any

import msgspec

from tornado_gateway.httpserver.dialects.decoding import convert


class _ImageUrl(msgspec.Struct, frozen=True):
    url: str
    detail: str | None = None


class _InputAudio(msgspec.Struct, frozen=True):
    data: str
    format: str


class _File(msgspec.Struct, frozen=True):
    file_data: str | None = None
    file_id: str | None = None
    filename: str | None = None


class _Part(msgspec.Struct, frozen=True):
    type: str
    text: str | None = None
    refusal: str | None = None
    image_url: _ImageUrl | str | None = None
    input_audio: _InputAudio | None = None
    file: _File | None = None


class _CalledFunction(msgspec.Struct, frozen=True):
    name: str
    arguments: str | None = None


class _CalledCustom(msgspec.Struct, frozen=True):
    name: str
    input: str = ""


class _ToolCall(msgspec.Struct, frozen=True):
    id: str
    type: str | None = None
    function: _CalledFunction | None = None
    custom: _CalledCustom | None = None


class _MadeImage(msgspec.Struct, frozen=True):
    image_url: _ImageUrl


class _Message(msgspec.Struct, frozen=True):
    """``images`` are those of an assistant's answer (``openai_images``)."""

    content: str | list[_Part] | None = None
    images: list[_MadeImage] | None = None
    refusal: str | None = None
    tool_calls: list[_ToolCall] | None = None
    function_call: _CalledFunction | None = None


class _Function(msgspec.Struct, frozen=True):
    name: str
    description: str | None = None
    parameters: dict[str, Any] | None = None
    strict: bool | None = None


class _Custom(msgspec.Struct, frozen=True):
    name: str
    description: str | None = None
    format: dict[str, Any] | None = None


class _Tool(msgspec.Struct, frozen=True):
    type: str = "function"
    function: _Function | None = None
    custom: _Custom | None = None


class _Named(msgspec.Struct, frozen=True):
    name: str


class _ToolChoice(msgspec.Struct, frozen=True):
    function: _Named | None = None
    custom: _Named | None = None


class _JsonSchema(msgspec.Struct, frozen=True):
    name: str | None = None
    description: str | None = None
    schema: dict[str, Any] | None = None
    strict: bool | None = None


class _ResponseFormat(msgspec.Struct, frozen=True):
    type: str
    json_schema: _JsonSchema | None = None


class ChatShape(msgspec.Struct, frozen=True):
    messages: list[_Message]
    tools: list[_Tool] | None = None
    tool_choice: str | _ToolChoice | None = None
    response_format: _ResponseFormat | None = None
    top_k: int | None = None
    verbosity: str | None = None


def require_shape(document: dict[str, Any]) -> None:
    """Raises ``InvalidRequest`` naming the path of the first member whose type is wrong."""
    convert(document, ChatShape, "")
