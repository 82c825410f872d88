"""The domain's chat as a Gemini request. Pure.

Wire: Gemini API reference, "Generating content" (``GenerateContentRequest``) and "GenerationConfig". The model and
whether the answer streams stand in the path. What this API can't say is refused by name.
"""

from typing import Any

import msgspec

from tornado_gateway.domain.chat import ChatRequest, Tool
from tornado_gateway.domain.errors import InvalidRequest
from tornado_gateway.domain.foreign import leave_out
from tornado_gateway.providers.gemini import models
from tornado_gateway.providers.gemini.contents import FAMILY, Contents
from tornado_gateway.providers.gemini.thinking import thinking_config

_TIERS = {"default": "standard", "standard_only": "standard", "flex": "flex", "priority": "priority"}
_NAMES_OF_ANTHROPIC = {"user": "metadata.user_id", "parallel_tool_calls": "tool_choice.disable_parallel_tool_use"}
"""What callers of Messages call those hints."""
_MODES = {"auto": "AUTO", "none": "NONE", "required": "ANY", "named": "ANY"}


def chat_body(chat: ChatRequest, model: str, dropped: list[str]) -> bytes:
    """``chat`` as a request body; the names of hints left out are appended to ``dropped``."""
    return msgspec.json.encode(chat_document(chat, model, dropped))


def chat_document(chat: ChatRequest, model: str, dropped: list[str]) -> dict[str, Any]:
    """``chat`` as a request document. Raises ``InvalidRequest`` for what Gemini has no place for."""
    extra = leave_out(chat, FAMILY, dropped)
    if chat.logit_bias:
        raise InvalidRequest("logit_bias: Gemini has no such parameter.", param="logit_bias")
    system, contents = Contents(model=model, dropped=dropped).of(chat.messages)
    document: dict[str, Any] = {"contents": contents}
    optional: dict[str, Any] = {
        "systemInstruction": {"parts": system} if system else None,
        "tools": _tools(chat),
        "toolConfig": _tool_config(chat, model, dropped),
        "generationConfig": _generation_config(chat, model, dropped),
        "serviceTier": _TIERS.get(chat.service_tier or ""),
    }
    document.update({name: value for name, value in optional.items() if value is not None})
    document.update(extra)
    _drop_hints(chat, dropped)
    return document


def _generation_config(chat: ChatRequest, model: str, dropped: list[str]) -> dict[str, Any] | None:
    wanted = chat.response_format
    schema = wanted.schema if wanted is not None and wanted.kind == "json_schema" else None
    config: dict[str, Any] = {
        "temperature": chat.temperature,
        "topP": chat.top_p,
        "topK": chat.top_k,
        "maxOutputTokens": chat.max_tokens,
        "stopSequences": list(chat.stop) or None,
        "candidateCount": chat.n,
        "seed": chat.seed,
        "presencePenalty": chat.presence_penalty,
        "frequencyPenalty": chat.frequency_penalty,
        "responseMimeType": "application/json" if wanted is not None and wanted.kind != "text" else None,
        "responseJsonSchema": schema,
        "responseLogprobs": chat.logprobs or None,
        "logprobs": chat.top_logprobs or None,
        "thinkingConfig": thinking_config(chat, model, dropped),
    }
    return {name: value for name, value in config.items() if value is not None} or None


def _tools(chat: ChatRequest) -> list[dict[str, Any]] | None:
    """Functions stand together in one tool; a tool that the provider runs is one of its own."""
    functions = [_function(tool, f"tools[{i}]") for i, tool in enumerate(chat.tools) if tool.hosted is None]
    tools: list[dict[str, Any]] = [{"functionDeclarations": functions}] if functions else []
    tools.extend(tool.hosted for tool in chat.tools if tool.hosted is not None)
    return tools or None


def _function(tool: Tool, path: str) -> dict[str, Any]:
    if tool.custom:
        raise InvalidRequest(f"{path}: Gemini has no tools whose input is free text.", param=path)
    function: dict[str, Any] = {"name": tool.name}
    if tool.description is not None:
        function["description"] = tool.description
    if tool.parameters is not None:
        function["parametersJsonSchema"] = tool.parameters
    return function


def _tool_config(chat: ChatRequest, model: str, dropped: list[str]) -> dict[str, Any] | None:
    choice = chat.tool_choice
    offered = any(tool.hosted is None for tool in chat.tools)
    if not offered and (choice is None or choice.mode in ("auto", "none")):
        return None
    mode = _MODES[choice.mode] if choice is not None else None
    if mode in (None, "AUTO") and any(tool.strict for tool in chat.tools):
        if models.version(model) >= models.FIRST_THINKING:
            mode = "VALIDATED"  # like AUTO, but that a call fits its schema
        else:
            dropped.append("tools.strict")
    if mode is None:
        return None
    config: dict[str, Any] = {"mode": mode}
    if choice is not None and choice.mode == "named":
        config["allowedFunctionNames"] = [choice.name]
    return {"functionCallingConfig": config}


def _drop_hints(chat: ChatRequest, dropped: list[str]) -> None:
    """What only makes an answer shorter, cheaper or better labelled."""
    wanted = chat.response_format
    names = _NAMES_OF_ANTHROPIC if chat.family == "anthropic" else {}
    hints: dict[str, bool] = {
        "user": chat.user is not None,
        "metadata": bool(chat.metadata),
        "verbosity": chat.verbosity is not None,
        "parallel_tool_calls": chat.parallel_tool_calls is False,
        "service_tier": chat.service_tier is not None and chat.service_tier not in _TIERS,
        "response_format.json_schema.description": wanted is not None and wanted.description is not None,
        "cache_control": any(tool.cache is not None for tool in chat.tools),
    }
    told = [names.get(name, name) for name, given in hints.items() if given]
    dropped.extend(name for name in told if name not in dropped)
