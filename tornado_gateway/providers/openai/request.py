"""The domain's chat as an OpenAI chat completions request. Pure.

Wire: OpenAI API reference, "Create chat completion". What this protocol can't say is refused by name.
"""

from collections.abc import Sequence
from typing import Any

import msgspec

from tornado_gateway.domain.chat import (
    Audio,
    ChatRequest,
    Document,
    Effort,
    Image,
    Message,
    Part,
    Reasoning,
    Refusal,
    ResponseFormat,
    Text,
    Tool,
    ToolCall,
    ToolChoice,
    ToolResult,
)
from tornado_gateway.domain.errors import InvalidRequest
from tornado_gateway.domain.foreign import leave_out
from tornado_gateway.domain.wire import Wire

_REASONING_FAMILIES = ("o1", "o3", "o4", "gpt-5", "gpt-6")
"""Models that refuse ``max_tokens`` and want ``max_completion_tokens``."""

_EFFORTS: dict[Effort, Effort] = {"max": "xhigh"}
"""Where the API has another word for the most."""

STREAM_OPTIONS = msgspec.Raw(b'{"include_usage":true}')


def relayed_body(wire: Wire, model: str, *, stream: bool) -> bytes:
    """The caller's own document with the provider's model, and usage always asked for in streams."""
    if not stream:
        return wire.replace(model=model)
    return wire.replace(model=model, stream_options=_with_usage(wire))


def _with_usage(wire: Wire) -> object:
    options = wire.get("stream_options")
    if not isinstance(options, dict):
        return STREAM_OPTIONS
    return {**options, "include_usage": True}


def chat_body(chat: ChatRequest, model: str, dropped: list[str]) -> bytes:
    """``chat`` as a request body; the names of hints left out are appended to ``dropped``."""
    return msgspec.json.encode(chat_document(chat, model, dropped))


def chat_document(chat: ChatRequest, model: str, dropped: list[str]) -> dict[str, Any]:
    """``chat`` as a request document. Raises ``InvalidRequest`` for what OpenAI has no place for."""
    extra = leave_out(chat, "openai", dropped)
    if chat.top_k is not None and chat.family != "openai":
        raise InvalidRequest("top_k: the route's provider has no such parameter.", param="top_k")
    document: dict[str, Any] = {"model": model, "messages": _messages(chat.messages, dropped)}
    limit = "max_completion_tokens" if model.startswith(_REASONING_FAMILIES) else "max_tokens"
    thinking = chat.thinking
    optional: dict[str, Any] = {
        limit: chat.max_tokens,
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
        "reasoning_effort": _EFFORTS.get(thinking.effort, thinking.effort) if thinking and thinking.effort else None,
        "verbosity": chat.verbosity,
        "user": chat.user,
        "metadata": chat.metadata,
        "service_tier": chat.service_tier,
    }
    if thinking is not None and thinking.effort is None and thinking.budget_tokens is not None:
        document["reasoning_effort"] = effort_of(thinking.budget_tokens)
    document.update({name: value for name, value in optional.items() if value is not None})
    document.update(extra)
    if chat.stream:
        document["stream"] = True
        document["stream_options"] = {**(extra.get("stream_options") or {}), "include_usage": True}
    return document


def effort_of(budget_tokens: int) -> str:
    """The reasoning effort nearest to a thinking budget."""
    if budget_tokens <= 2048:
        return "low"
    return "medium" if budget_tokens <= 16384 else "high"


def _messages(messages: Sequence[Message], dropped: list[str]) -> list[dict[str, Any]]:
    out: list[dict[str, Any]] = []
    for position, message in enumerate(messages):
        out.extend(_message(message, f"messages[{position}]", dropped))
    return out


def _message(message: Message, path: str, dropped: list[str]) -> list[dict[str, Any]]:
    # A user turn of Anthropic's holds tool results beside text; here each result is a message of its own.
    results = [part for part in message.parts if isinstance(part, ToolResult)]
    rest = [part for part in message.parts if not isinstance(part, ToolResult)]
    out = [_tool_result(result, path) for result in results]
    if rest or not results:
        out.append(_assistant(message, rest, dropped) if message.role == "assistant" else _plain(message, rest, path))
    return out


def _plain(message: Message, parts: Sequence[Part], path: str) -> dict[str, Any]:
    document: dict[str, Any] = {"role": message.role, "content": _content(parts, path)}
    if message.name is not None:
        document["name"] = message.name
    return document


def _content(parts: Sequence[Part], path: str) -> str | list[dict[str, Any]]:
    if len(parts) == 1 and isinstance(parts[0], Text):
        return parts[0].text
    return [_part(part, f"{path}.content[{index}]") for index, part in enumerate(parts)]


def _part(part: Part, path: str) -> dict[str, Any]:
    match part:
        case Text():
            return {"type": "text", "text": part.text}
        case Image():
            return _image(part, path)
        case Audio():
            return {"type": "input_audio", "input_audio": {"data": part.data, "format": part.format}}
        case Document():
            return _document(part, path)
        case _:
            raise InvalidRequest(f"{path}: OpenAI has no place for this part here.", param=path)


def _image(image: Image, path: str) -> dict[str, Any]:
    url = image.url
    if image.data is not None:
        url = f"data:{image.media_type or 'image/png'};base64,{image.data}"
    if url is None:
        raise InvalidRequest(f"{path}: an image by file id can't be sent to OpenAI chat completions.", param=path)
    image_url: dict[str, Any] = {"url": url}
    if image.detail is not None:
        image_url["detail"] = image.detail
    return {"type": "image_url", "image_url": image_url}


def _document(document: Document, path: str) -> dict[str, Any]:
    if document.text is not None:
        return {"type": "text", "text": document.text}
    if document.file_id is not None:
        return {"type": "file", "file": {"file_id": document.file_id}}
    if document.data is None:
        raise InvalidRequest(f"{path}: OpenAI chat completions take no document by URL.", param=path)
    data = f"data:{document.media_type or 'application/pdf'};base64,{document.data}"
    return {"type": "file", "file": {"filename": document.name or "document.pdf", "file_data": data}}


def _assistant(message: Message, parts: Sequence[Part], dropped: list[str]) -> dict[str, Any]:
    document: dict[str, Any] = {"role": "assistant"}
    texts = [part for part in parts if isinstance(part, Text)]
    refusals = [part.text for part in parts if isinstance(part, Refusal)]
    calls = [part for part in parts if isinstance(part, ToolCall)]
    if any(isinstance(part, Reasoning) for part in parts):
        dropped.append("reasoning")  # chat completions take no thoughts back
    document["content"] = "".join(part.text for part in texts) if texts else None
    if refusals:
        document["refusal"] = "".join(refusals)
    if calls:
        document["tool_calls"] = [_tool_call(call) for call in calls]
    if document["content"] is None and not refusals and not calls:
        document["content"] = ""
    if message.name is not None:
        document["name"] = message.name
    return document


def _tool_call(call: ToolCall) -> dict[str, Any]:
    if call.custom:
        return {"id": call.id, "type": "custom", "custom": {"name": call.name, "input": call.arguments}}
    return {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}


def _tool_result(result: ToolResult, path: str) -> dict[str, Any]:
    content: str | list[dict[str, Any]]
    texts = [part for part in result.content if isinstance(part, Text)]
    if len(texts) != len(result.content):
        raise InvalidRequest(f"{path}: OpenAI chat completions take only text in a tool's result.", param=path)
    content = texts[0].text if len(texts) == 1 else [{"type": "text", "text": part.text} for part in texts]
    if not texts:
        content = ""
    return {"role": "tool", "tool_call_id": result.call_id, "content": content}


def _tool(tool: Tool) -> dict[str, Any]:
    if tool.custom:
        custom: dict[str, Any] = {"name": tool.name, "description": tool.description, "format": tool.custom_format}
        return {"type": "custom", "custom": {name: value for name, value in custom.items() if value is not None}}
    function: dict[str, Any] = {
        "name": tool.name,
        "description": tool.description,
        "parameters": tool.parameters,
        "strict": tool.strict,
    }
    return {"type": "function", "function": {name: value for name, value in function.items() if value is not None}}


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
