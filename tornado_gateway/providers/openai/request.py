"""The domain's chat as an OpenAI chat completions request. Pure.

Wire: OpenAI API reference, "Create chat completion". What this protocol can't say is refused by name.
"""

from collections.abc import Sequence
from typing import Any

import msgspec

from tornado_gateway.domain.chat import ChatRequest, ResponseFormat, Thinking, Tool, ToolChoice
from tornado_gateway.domain.errors import InvalidRequest
from tornado_gateway.domain.foreign import leave_out
from tornado_gateway.providers.openai.messages import Messages
from tornado_gateway.providers.openai.reasoning import FAMILY
from tornado_gateway.providers.openai.vendor import OPENAI, Vendor, adapted

_REASONING_FAMILIES = ("o1", "o3", "o4", "gpt-5", "gpt-6")
"""Models that refuse ``max_tokens`` and want ``max_completion_tokens``."""


def chat_body(chat: ChatRequest, model: str, dropped: list[str], vendor: Vendor = OPENAI) -> bytes:
    """``chat`` as a request body; the names of hints left out are appended to ``dropped``."""
    return msgspec.json.encode(chat_document(chat, model, dropped, vendor))


def chat_document(chat: ChatRequest, model: str, dropped: list[str], vendor: Vendor = OPENAI) -> dict[str, Any]:
    """``chat`` as a request document. Raises ``InvalidRequest`` for what the vendor has no place for."""
    extra = leave_out(chat, FAMILY, dropped)
    if chat.top_k is not None and chat.family != FAMILY and not vendor.top_k:
        raise InvalidRequest("top_k: the route's provider has no such parameter.", param="top_k")
    document: dict[str, Any] = {"model": model, "messages": Messages(vendor, dropped).of(chat.messages)}
    if any(tool.cache is not None for tool in chat.tools) and "cache_control" not in dropped:
        dropped.append("cache_control")  # a tool has no place for it
    optional: dict[str, Any] = {
        _limit(vendor, model): chat.max_tokens,
        "temperature": chat.temperature,
        "top_p": chat.top_p,
        "top_k": chat.top_k,  # OpenAI has none, and who speaks its protocol may have one
        "frequency_penalty": chat.frequency_penalty,
        "presence_penalty": chat.presence_penalty,
        "seed": chat.seed,
        "stop": list(chat.stop) or None,
        "n": chat.n,
        "logprobs": chat.logprobs,
        "top_logprobs": chat.top_logprobs,
        "logit_bias": chat.logit_bias,
        "tools": [_tool(tool) for tool in chat.tools] or None,
        "tool_choice": _tool_choice(chat.tool_choice, chat.tools),
        "parallel_tool_calls": chat.parallel_tool_calls,
        "response_format": _response_format(chat.response_format),
        "verbosity": chat.verbosity,
        "user": chat.user,
        "metadata": chat.metadata,
        "service_tier": chat.service_tier,
        **_thinking(chat.thinking, vendor, dropped),
    }
    document.update({name: value for name, value in optional.items() if value is not None})
    document.update(extra)
    if chat.stream:
        document["stream"] = True
        if vendor.usage_option:
            document["stream_options"] = {**(extra.get("stream_options") or {}), "include_usage": True}
    return document if vendor.takes_all else adapted(document, vendor, dropped)


def _limit(vendor: Vendor, model: str) -> str:
    if vendor.limit is not None:
        return vendor.limit
    return "max_completion_tokens" if model.removeprefix("ft:").startswith(_REASONING_FAMILIES) else "max_tokens"


def _thinking(wanted: Thinking | None, vendor: Vendor, dropped: list[str]) -> dict[str, Any]:
    if wanted is None:
        return {}
    if wanted.summary is not None:
        dropped.append("reasoning.summary")  # chat completions show thoughts or don't, at the vendor's choice
    off = wanted.enabled is False or wanted.effort == "none"
    members: dict[str, Any] = {}
    effort = effort_of(wanted.budget_tokens) if wanted.budget_tokens is not None else None
    if wanted.effort is not None:
        effort = vendor.efforts.get(wanted.effort, wanted.effort)
    if vendor.switch:
        members["thinking"] = {"type": "disabled" if off else "enabled"}
        effort = None if off else effort
    elif effort is None and wanted.enabled is not None:
        dropped.append("thinking")  # on or off without saying how much: what the model does anyway is its own to say
    return {**members, "reasoning_effort": effort}


def effort_of(budget_tokens: int) -> str:
    """The reasoning effort nearest to a thinking budget."""
    if budget_tokens <= 2048:
        return "low"
    return "medium" if budget_tokens <= 16384 else "high"


def _tool(tool: Tool) -> dict[str, Any]:
    if tool.custom:
        form = _custom_format(tool.custom_format)
        custom: dict[str, Any] = {"name": tool.name, "description": tool.description, "format": form}
        return {"type": "custom", "custom": {name: value for name, value in custom.items() if value is not None}}
    function: dict[str, Any] = {
        "name": tool.name,
        "description": tool.description,
        "parameters": tool.parameters,
        "strict": tool.strict,
    }
    return {"type": "function", "function": {name: value for name, value in function.items() if value is not None}}


def _custom_format(form: dict[str, Any] | None) -> dict[str, Any] | None:
    """Responses have a grammar's members beside its type, chat completions below one of their own."""
    if form is None or form.get("type") != "grammar" or "grammar" in form:
        return form
    return {"type": "grammar", "grammar": {name: value for name, value in form.items() if name != "type"}}


def _tool_choice(choice: ToolChoice | None, tools: Sequence[Tool]) -> Any:
    if choice is None:
        return None
    if choice.mode != "named":
        return choice.mode
    if any(tool.custom and tool.name == choice.name for tool in tools):
        return {"type": "custom", "custom": {"name": choice.name}}
    return {"type": "function", "function": {"name": choice.name}}


def _response_format(wanted: ResponseFormat | None) -> dict[str, Any] | None:
    if wanted is None:
        return None
    if wanted.kind != "json_schema":
        return {"type": wanted.kind}
    schema: dict[str, Any] = {
        "name": wanted.name or "answer",
        "description": wanted.description,
        "schema": wanted.schema,
        "strict": wanted.strict,
    }
    return {"type": "json_schema", "json_schema": {k: v for k, v in schema.items() if v is not None}}
