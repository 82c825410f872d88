"""The domain's chat as an Anthropic Messages request. Pure.

Wire: Anthropic API reference, "Create a Message". What this API can't say is refused by name.
"""

from typing import Any

import msgspec

from tornado_gateway.domain.chat import ChatRequest, Tool, ToolChoice
from tornado_gateway.domain.errors import InvalidRequest
from tornado_gateway.domain.foreign import leave_out
from tornado_gateway.providers.anthropic import thinking as thoughts
from tornado_gateway.providers.anthropic.blocks import FAMILY, Blocks, cache_control
from tornado_gateway.providers.anthropic.schemas import closed
from tornado_gateway.providers.anthropic.turns import add_instruction, system_and_turns

JSON_INSTRUCTION = "Answer with one JSON object and nothing else: no prose around it, no code fence."
"""JSON mode without a schema is no parameter of this API."""

_TIERS = {"auto": "auto", "default": "standard_only", "standard_only": "standard_only"}


def chat_body(chat: ChatRequest, model: str, dropped: list[str]) -> bytes:
    """``chat`` as a request body; the names of hints left out are appended to ``dropped``."""
    return msgspec.json.encode(chat_document(chat, model, dropped))


def chat_document(chat: ChatRequest, model: str, dropped: list[str]) -> dict[str, Any]:
    """``chat`` as a request document. Raises ``InvalidRequest`` for what Anthropic has no place for."""
    own = chat.family == FAMILY
    extra = leave_out(chat, FAMILY, dropped)
    _refuse(chat)
    blocks = Blocks(own=own, dropped=dropped)
    system, turns = system_and_turns(chat.messages, blocks, keep_inline=own)
    if chat.response_format is not None and chat.response_format.kind == "json_object":
        add_instruction(system, JSON_INSTRUCTION)
    plan = thoughts.plan(chat, model, dropped)
    document: dict[str, Any] = {"model": model, "max_tokens": plan.max_tokens, "messages": turns}
    optional: dict[str, Any] = {
        "system": _system(system),
        "temperature": chat.temperature,
        "top_p": chat.top_p,
        "top_k": chat.top_k,
        "stop_sequences": list(chat.stop) or None,
        "tools": [_tool(tool, f"tools[{index}]") for index, tool in enumerate(chat.tools)] or None,
        "tool_choice": _tool_choice(chat),
        "thinking": plan.thinking,
        "output_config": _output_config(chat, plan.effort),
        "metadata": _metadata(chat, dropped),
        "service_tier": _service_tier(chat.service_tier, dropped),
        "stream": True if chat.stream else None,
    }
    document.update({name: value for name, value in optional.items() if value is not None})
    _put(document, extra)
    _drop_hints(chat, dropped)
    return document


def _refuse(chat: ChatRequest) -> None:
    asked: dict[str, bool] = {
        "n": (chat.n or 1) > 1,
        "logprobs": bool(chat.logprobs),
        "top_logprobs": bool(chat.top_logprobs),
        "logit_bias": bool(chat.logit_bias),
        "frequency_penalty": bool(chat.frequency_penalty),
        "presence_penalty": bool(chat.presence_penalty),
    }
    for name, wanted in asked.items():
        if wanted:
            raise InvalidRequest(f"{name}: Anthropic has no such parameter.", param=name)
    if chat.temperature is not None and chat.temperature > 1:
        raise InvalidRequest("temperature: Anthropic takes no more than 1.", param="temperature")
    for index, sequence in enumerate(chat.stop):
        if not sequence.strip():
            path = f"stop[{index}]"
            raise InvalidRequest(f"{path}: Anthropic takes no stop sequence of white space alone.", param=path)


def _drop_hints(chat: ChatRequest, dropped: list[str]) -> None:
    """What only makes an answer likelier, shorter or better labelled."""
    if chat.seed is not None:
        dropped.append("seed")
    if chat.verbosity is not None:
        dropped.append("verbosity")
    if chat.response_format is not None and chat.response_format.description is not None:
        dropped.append("response_format.json_schema.description")


def _system(blocks: list[dict[str, Any]]) -> str | list[dict[str, Any]] | None:
    if len(blocks) == 1 and blocks[0].keys() == {"type", "text"}:
        text: str = blocks[0]["text"]
        return text
    return blocks or None


def _tool(tool: Tool, path: str) -> dict[str, Any]:
    if tool.hosted is not None:
        return tool.hosted
    if tool.custom:
        raise InvalidRequest(f"{path}: Anthropic has no tools whose input is free text.", param=path)
    schema = tool.parameters or {}
    document: dict[str, Any] = {
        "name": tool.name,
        "description": tool.description,
        "input_schema": schema if "type" in schema else {"type": "object", "properties": {}, **schema},
        "strict": tool.strict,
        "cache_control": None if tool.cache is None else cache_control(tool.cache),
        **tool.hints,
    }
    return {name: value for name, value in document.items() if value is not None}


def _tool_choice(chat: ChatRequest) -> dict[str, Any] | None:
    choice = chat.tool_choice or (ToolChoice(mode="auto") if chat.parallel_tool_calls is False else None)
    if choice is None or (not chat.tools and choice.mode in ("auto", "none")):
        return None
    if choice.mode == "none":
        return {"type": "none"}
    kinds = {"auto": "auto", "required": "any", "named": "tool"}
    document: dict[str, Any] = {"type": kinds[choice.mode]}
    if choice.mode == "named":
        document["name"] = choice.name
    if chat.parallel_tool_calls is not None:
        document["disable_parallel_tool_use"] = not chat.parallel_tool_calls
    return document


def _output_config(chat: ChatRequest, effort: str | None) -> dict[str, Any] | None:
    wanted = chat.response_format
    config: dict[str, Any] = {}
    if effort is not None:
        config["effort"] = effort
    if wanted is not None and wanted.kind == "json_schema":
        schema = wanted.schema or {"type": "object"}
        config["format"] = {"type": "json_schema", "schema": schema if chat.family == FAMILY else closed(schema)}
    return config or None


def _metadata(chat: ChatRequest, dropped: list[str]) -> dict[str, Any] | None:
    """Only an opaque id of the user has a place; other labels are the caller's own book-keeping."""
    if chat.metadata:
        dropped.append("metadata")
    return None if chat.user is None else {"user_id": chat.user}


def _service_tier(tier: str | None, dropped: list[str]) -> str | None:
    if tier is not None and tier not in _TIERS:
        dropped.append("service_tier")
    return _TIERS.get(tier or "")


def _put(document: dict[str, Any], extra: dict[str, Any]) -> None:
    for name, value in extra.items():
        outer, _, inner = name.partition(".")
        if inner:
            document[outer] = {**document.get(outer, {}), inner: value}
        else:
            document[name] = value
