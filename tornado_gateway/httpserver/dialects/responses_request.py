"""A Responses request as the domain's chat: the translate lane's reading of it. Pure.

Wire: OpenAI API reference, "Create a model response". The gateway keeps nothing of a conversation: what refers to
something kept (``previous_response_id``, ``conversation``, ``prompt``, ``store: true``, ``background: true``) only a
provider that keeps it can serve.
"""

from typing import Any

import msgspec

from tornado_gateway.domain.chat import ChatRequest, Message, ResponseFormat, Text, Thinking, Tool, ToolChoice
from tornado_gateway.domain.errors import InvalidRequest
from tornado_gateway.domain.wire import Wire
from tornado_gateway.httpserver.dialects.decoding import beyond, convert, effort_of, open_fields
from tornado_gateway.httpserver.dialects.responses_items import FAMILY, messages_of, unread_of

_SAME_NAME = ("temperature", "top_p", "parallel_tool_calls", "user", "metadata", "service_tier", "top_k", "seed")
_READ = frozenset(
    {
        *_SAME_NAME,
        "model",
        "input",
        "instructions",
        "stream",
        "tools",
        "tool_choice",
        "max_output_tokens",
        "text",
        "reasoning",
        "include",
        "top_logprobs",
    }
)
_NEUTRAL: dict[str, tuple[object, ...]] = {
    "store": (False,),
    "background": (False,),
    "truncation": ("disabled",),
    "stream_options": ({},),
}
"""Values that say what is so anyway."""

_HINTS = frozenset(
    {
        "include",
        "prompt_cache_key",
        "prompt_cache_retention",
        "prompt_cache_options",
        "safety_identifier",
        "stream_options",
        "moderation",
        "reasoning.context",
        "reasoning.mode",
    }
)
"""They change how fast, how cheap or how watched an answer is, or what is told beside it."""

_ALWAYS = "reasoning.encrypted_content"
_LOGPROBS = "message.output_text.logprobs"
_FUNCTION_MEMBERS = frozenset({"type", "name", "description", "parameters", "strict"})


class _Function(msgspec.Struct, frozen=True):
    name: str
    description: str | None = None
    parameters: dict[str, Any] | None = None
    strict: bool | None = None
    format: dict[str, Any] | None = None


class _Tool(msgspec.Struct, frozen=True):
    type: str


class _Choice(msgspec.Struct, frozen=True):
    type: str
    name: str | None = None
    mode: str | None = None
    tools: list[dict[str, Any]] = []


class _Format(msgspec.Struct, frozen=True):
    type: str
    name: str | None = None
    description: str | None = None
    schema: dict[str, Any] | None = None
    strict: bool | None = None


class _TextConfig(msgspec.Struct, frozen=True):
    format: _Format | None = None
    verbosity: str | None = None


class _ReasoningConfig(msgspec.Struct, frozen=True):
    effort: str | None = None
    summary: str | None = None
    generate_summary: str | None = None


def open_responses(wire: Wire) -> ChatRequest:
    """A validated request, opened. Raises ``InvalidRequest`` naming the field."""
    document = open_fields(wire.fields)
    extra = beyond(document, _READ, _NEUTRAL)
    text = convert(document.get("text") or {}, _TextConfig, "text")
    include = [name for name in document.get("include") or () if name != _ALWAYS]
    logprobs = _LOGPROBS in include
    if any(name != _LOGPROBS for name in include):
        extra["include"] = include
    choice, allowed = _tool_choice(document.get("tool_choice"))
    tools = [_tool(tool, f"tools[{position}]") for position, tool in enumerate(document.get("tools") or ())]
    same: dict[str, Any] = {name: document.get(name) for name in _SAME_NAME}
    return ChatRequest(
        model=document["model"],
        messages=(*_instructions(document.get("instructions")), *messages_of(document.get("input") or [])),
        stream=bool(document.get("stream")),
        tools=tuple(tool for tool in tools if allowed is None or tool.name in allowed),
        tool_choice=choice,
        max_tokens=document.get("max_output_tokens"),
        logprobs=True if logprobs else None,
        top_logprobs=document.get("top_logprobs") if logprobs else None,
        response_format=_response_format(text.format),
        thinking=_thinking(document.get("reasoning"), extra),
        verbosity=text.verbosity,
        extra=extra,
        family=FAMILY,
        hints=_HINTS,
        unread=unread_of(document.get("input")),
        **same,
    )


def _instructions(given: Any) -> list[Message]:
    if given is None or given == "":
        return []
    if not isinstance(given, str):
        return messages_of(given)
    return [Message("system", (Text(given),))]


def _tool(tool: Any, path: str) -> Tool:
    kind = convert(tool, _Tool, path).type
    if kind not in ("function", "custom"):
        return Tool(name=str(tool.get("name") or kind), hosted=tool)
    read = convert(tool, _Function, path)
    if kind == "custom":
        return Tool(name=read.name, description=read.description, custom=True, custom_format=read.format)
    return Tool(
        name=read.name,
        description=read.description,
        parameters=read.parameters,
        strict=read.strict,
        hints={name: value for name, value in tool.items() if name not in _FUNCTION_MEMBERS and value is not None},
    )


def _tool_choice(choice: Any) -> tuple[ToolChoice | None, frozenset[str] | None]:
    """The choice, and the names of the tools that it allows where it allows not all."""
    if choice is None:
        return None, None
    if isinstance(choice, str):
        if choice not in ("auto", "none", "required"):
            raise InvalidRequest(f"tool_choice: no such choice {choice!r}.", param="tool_choice")
        return ToolChoice(mode=choice), None  # type: ignore[arg-type] # just checked
    read = convert(choice, _Choice, "tool_choice")
    if read.type == "allowed_tools":
        names = frozenset(str(tool.get("name")) for tool in read.tools)
        return ToolChoice(mode="required" if read.mode == "required" else "auto"), names
    if read.type not in ("function", "custom") or read.name is None:
        path = "tool_choice.name" if read.type in ("function", "custom") else "tool_choice.type"
        raise InvalidRequest(f"{path}: only a function or a custom tool can be asked for by name.", param=path)
    return ToolChoice(mode="named", name=read.name), None


def _response_format(wanted: _Format | None) -> ResponseFormat | None:
    if wanted is None:
        return None
    if wanted.type in ("text", "json_object"):
        return ResponseFormat(kind=wanted.type)  # type: ignore[arg-type] # just checked
    if wanted.type != "json_schema":
        raise InvalidRequest(f"text.format.type: no such format {wanted.type!r}.", param="text.format.type")
    return ResponseFormat(
        kind="json_schema",
        schema=wanted.schema,
        name=wanted.name,
        description=wanted.description,
        strict=wanted.strict,
    )


def _thinking(reasoning: Any, extra: dict[str, Any]) -> Thinking | None:
    if not reasoning:
        return None
    read = convert(reasoning, _ReasoningConfig, "reasoning")
    known = ("effort", "summary", "generate_summary")
    extra.update({f"reasoning.{name}": value for name, value in reasoning.items() if name not in known and value})
    summary = read.summary or read.generate_summary
    if read.effort is None and summary is None:
        return None
    shown = True if summary is not None else None
    effort = None if read.effort is None else effort_of(read.effort, "reasoning.effort")
    return Thinking(effort=effort, summary=summary, include_thoughts=shown)
