"""Tools of a chat request, which of them the model may or must call, and the calls that it makes. Pure.

Wire: OpenAI API reference, "Create chat completion", ``tools`` and ``tool_choice``; "The chat completion object",
``tool_calls``.
"""

from typing import Any

from tornado_gateway.domain.chat import CacheMarker, Tool, ToolCall, ToolChoice
from tornado_gateway.domain.errors import InvalidRequest


def cache_marker(part: dict[str, Any]) -> CacheMarker | None:
    """Anthropic's marker, which OpenAI's form has not and OpenRouter takes on parts and tools."""
    marker = part.get("cache_control")
    if not isinstance(marker, dict):
        return None
    ttl = marker.get("ttl")
    return CacheMarker(ttl=ttl if ttl in ("5m", "1h") else None)


def _tool(tool: Any, path: str) -> Tool:
    try:
        if tool.get("type") == "custom":
            custom = tool["custom"]
            return Tool(
                name=custom["name"],
                description=custom.get("description"),
                custom=True,
                custom_format=custom.get("format"),
            )
        if tool.get("type", "function") != "function":
            raise InvalidRequest(f"{path}.type: no such tool {tool.get('type')!r}.", param=f"{path}.type")
        return function_tool(tool["function"], cache_marker(tool))
    except (KeyError, TypeError, AttributeError) as error:
        raise InvalidRequest(f"{path}: a tool lacks {error}.", param=path) from error


def function_tool(function: dict[str, Any], cache: CacheMarker | None = None) -> Tool:
    return Tool(
        name=function["name"],
        description=function.get("description"),
        parameters=function.get("parameters"),
        strict=function.get("strict"),
        cache=cache,
    )


def _allowed(choice: Any) -> dict[str, Any]:
    """What ``tool_choice`` says of the tools that may be called, where it allows not all."""
    allowed = choice.get("allowed_tools") if isinstance(choice, dict) else None
    return allowed if isinstance(allowed, dict) else {}


def offered_tools(document: dict[str, Any]) -> tuple[Tool, ...]:
    """Those of ``tools`` that ``tool_choice`` allows. Raises ``InvalidRequest`` naming the field."""
    tools = tuple(_tool(tool, f"tools[{position}]") for position, tool in enumerate(document.get("tools") or ()))
    choice = document.get("tool_choice")
    if not isinstance(choice, dict) or choice.get("type") != "allowed_tools":
        return tools
    named = [tool.get(tool.get("type")) for tool in _allowed(choice).get("tools") or () if isinstance(tool, dict)]
    names = {tool.get("name") for tool in named if isinstance(tool, dict)}
    return tuple(tool for tool in tools if tool.name in names)


def tool_choice(choice: Any) -> ToolChoice | None:
    """Raises ``InvalidRequest`` naming the field. A choice among some of the tools is one among those offered."""
    if choice is None:
        return None
    if isinstance(choice, str):
        choice = "required" if choice == "any" else choice  # Mistral's word
        if choice in ("auto", "none", "required"):
            return ToolChoice(mode=choice)
        raise InvalidRequest(f"tool_choice: no such choice {choice!r}.", param="tool_choice")
    if choice.get("type") == "allowed_tools":
        return ToolChoice(mode="required" if _allowed(choice).get("mode") == "required" else "auto")
    named = choice.get("function") or choice.get("custom") or {}
    if not isinstance(named.get("name"), str):
        raise InvalidRequest("tool_choice: expected a mode or a function's name.", param="tool_choice")
    return ToolChoice(mode="named", name=named["name"])


def tool_call_member(call: ToolCall) -> dict[str, Any]:
    """An entry of an answer's ``tool_calls``."""
    if call.custom:
        return {"id": call.id, "type": "custom", "custom": {"name": call.name, "input": call.arguments}}
    return {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}
