"""An Anthropic Messages request as the domain's chat: the translate lane's reading of it. Pure.

Wire: Anthropic API reference, "Create a Message".
"""

from typing import Any

import msgspec

from tornado_gateway.domain.chat import (
    ChatRequest,
    Message,
    ResponseFormat,
    Role,
    Thinking,
    Tool,
    ToolChoice,
)
from tornado_gateway.domain.errors import InvalidRequest
from tornado_gateway.domain.wire import Wire
from tornado_gateway.httpserver.dialects.anthropic_blocks import (
    FAMILY,
    CacheControl,
    cache_marker,
    content_parts,
    unread_of,
)
from tornado_gateway.httpserver.dialects.decoding import beyond, convert, effort_of, open_fields

_READ = frozenset(
    {
        "model",
        "messages",
        "max_tokens",
        "stream",
        "system",
        "tools",
        "tool_choice",
        "stop_sequences",
        "temperature",
        "top_p",
        "top_k",
        "metadata",
        "thinking",
        "output_config",
        "output_format",
        "service_tier",
    }
)
_HINTS = frozenset({"cache_control", "diagnostics", "speed", "output_config.task_budget"})
"""They change how fast or how cheap an answer is, not what it says."""

_TOOL_CHOICES = {"auto": "auto", "any": "required", "none": "none", "tool": "named"}
_TOOL_MEMBERS = frozenset({"type", "name", "description", "input_schema", "strict", "cache_control"})
_ROLES: dict[str, Role] = {"user": "user", "assistant": "assistant", "system": "system"}


class _Tool(msgspec.Struct, frozen=True):
    name: str
    input_schema: dict[str, Any]
    description: str | None = None
    strict: bool | None = None
    cache_control: CacheControl | None = None


class _ToolChoice(msgspec.Struct, frozen=True):
    type: str
    name: str | None = None
    disable_parallel_tool_use: bool | None = None


class _Thinking(msgspec.Struct, frozen=True):
    type: str
    budget_tokens: int | None = None
    display: str | None = None


class _Format(msgspec.Struct, frozen=True):
    type: str
    schema: dict[str, Any]


class _OutputConfig(msgspec.Struct, frozen=True):
    effort: str | None = None


class _Shape(msgspec.Struct, frozen=True):
    """Members that a request to be counted is not held to before."""

    max_tokens: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    stop_sequences: list[str] | None = None
    metadata: dict[str, Any] | None = None
    output_config: _OutputConfig | None = None


def open_messages(wire: Wire) -> ChatRequest:
    """A validated request, opened. Raises ``InvalidRequest`` naming the field."""
    document = open_fields(wire.fields)
    convert(document, _Shape, "")
    extra = beyond(document, _READ, {})
    output = dict(document.get("output_config") or {})
    metadata = dict(document.get("metadata") or {})
    said = output.pop("effort", None)
    effort = None if said is None else effort_of(said, "output_config.effort")
    wanted = output.pop("format", None) or document.get("output_format")
    user = metadata.pop("user_id", None)
    extra.update({f"output_config.{name}": value for name, value in output.items() if value is not None})
    extra.update({f"metadata.{name}": value for name, value in metadata.items() if value is not None})
    choice, parallel = _tool_choice(document.get("tool_choice"))
    tier = document.get("service_tier")
    return ChatRequest(
        model=document["model"],
        messages=_messages(document),
        stream=bool(document.get("stream")),
        tools=tuple(_tool(tool, f"tools[{position}]") for position, tool in enumerate(document.get("tools") or ())),
        tool_choice=choice,
        parallel_tool_calls=parallel,
        max_tokens=document.get("max_tokens"),
        temperature=document.get("temperature"),
        top_p=document.get("top_p"),
        top_k=document.get("top_k"),
        stop=tuple(document.get("stop_sequences") or ()),
        response_format=_response_format(wanted),
        thinking=_thinking(document.get("thinking"), effort, extra),
        user=user,
        service_tier="default" if tier == "standard_only" else tier,
        extra=extra,
        family=FAMILY,
        hints=_HINTS,
        unread=unread_of(document["messages"]),
    )


def _messages(document: dict[str, Any]) -> tuple[Message, ...]:
    messages = []
    system = document.get("system")
    if system:
        messages.append(Message(role="system", parts=content_parts(system, "system")))
    for position, message in enumerate(document["messages"]):
        parts = content_parts(message["content"], f"messages[{position}].content")
        messages.append(Message(role=_ROLES[message["role"]], parts=parts))
    return tuple(messages)


def _tool(tool: dict[str, Any], path: str) -> Tool:
    if tool.get("type") not in (None, "custom"):
        return Tool(name=str(tool.get("name") or tool["type"]), hosted=tool)
    read = convert(tool, _Tool, path)
    return Tool(
        name=read.name,
        description=read.description,
        parameters=read.input_schema,
        strict=read.strict,
        cache=cache_marker(read.cache_control),
        hints={name: value for name, value in tool.items() if name not in _TOOL_MEMBERS and value is not None},
    )


def _tool_choice(choice: Any) -> tuple[ToolChoice | None, bool | None]:
    """The choice, and whether several calls at once are allowed."""
    if choice is None:
        return None, None
    read = convert(choice, _ToolChoice, "tool_choice")
    mode = _TOOL_CHOICES.get(read.type)
    if mode is None:
        raise InvalidRequest(f"tool_choice.type: no such choice {read.type!r}.", param="tool_choice.type")
    if mode == "named" and read.name is None:
        raise InvalidRequest("tool_choice.name: this field is required.", param="tool_choice.name")
    parallel = None if read.disable_parallel_tool_use is None else not read.disable_parallel_tool_use
    return ToolChoice(mode=mode, name=read.name), parallel  # type: ignore[arg-type] # a value of the table


def _thinking(thinking: Any, effort: Any, extra: dict[str, Any]) -> Thinking | None:
    shown: dict[str, bool | None] = {"summarized": True, "omitted": False}
    if thinking is None:
        return None if effort is None else Thinking(effort=effort)
    read = convert(thinking, _Thinking, "thinking")
    display = shown.get(read.display or "")
    match read.type:
        case "enabled":
            if read.budget_tokens is None:
                raise InvalidRequest("thinking.budget_tokens: this field is required.", param="thinking.budget_tokens")
            return Thinking(effort=effort, budget_tokens=read.budget_tokens, enabled=True, include_thoughts=display)
        case "adaptive":
            return Thinking(effort=effort, enabled=True, adaptive=True, include_thoughts=display)
        case "disabled":
            return Thinking(effort=effort, enabled=False)
    extra["thinking"] = thinking
    return None if effort is None else Thinking(effort=effort)


def _response_format(wanted: Any) -> ResponseFormat | None:
    if wanted is None:
        return None
    read = convert(wanted, _Format, "output_config.format")
    if read.type != "json_schema":
        raise InvalidRequest(
            f"output_config.format.type: no such format {read.type!r}.", param="output_config.format.type"
        )
    return ResponseFormat(kind="json_schema", schema=read.schema, strict=True)
