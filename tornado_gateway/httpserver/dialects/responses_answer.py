"""An answer of any provider as a Responses object: output items, status, usage. Pure.

Wire: OpenAI API reference, "The response object". A thought is told in its item's ``summary``; what its maker wants
back travels sealed in ``encrypted_content`` (``domain.thoughts``), and so does a signature that a maker put on a call
or a text: an item of its own, without a summary, behind what it belongs to.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from tornado_gateway.domain.chat import (
    ChatResponse,
    FinishReason,
    Image,
    Part,
    Reasoning,
    Refusal,
    Text,
    ToolCall,
    filtered,
)
from tornado_gateway.domain.money import Cost
from tornado_gateway.domain.thoughts import Seal, seal, seal_of
from tornado_gateway.domain.usage import TokenUsage
from tornado_gateway.httpserver.dialects.costing import cost_number
from tornado_gateway.httpserver.dialects.openai_stream import TIERS

Item = dict[str, Any]

_INCOMPLETE: Mapping[FinishReason, str] = {"length": "max_output_tokens", "content_filter": "content_filter"}

_DEFAULTS: Mapping[str, Any] = {
    "background": False,
    "instructions": None,
    "max_output_tokens": None,
    "max_tool_calls": None,
    "metadata": {},
    "parallel_tool_calls": True,
    "previous_response_id": None,
    "prompt_cache_key": None,
    "reasoning": {"effort": None, "summary": None},
    "safety_identifier": None,
    "service_tier": "default",
    "temperature": 1.0,
    "text": {"format": {"type": "text"}, "verbosity": "medium"},
    "tool_choice": "auto",
    "tools": [],
    "top_logprobs": 0,
    "top_p": 1.0,
    "truncation": "disabled",
    "user": None,
}
"""What the object repeats of its request, and what it says where the request said nothing."""


def response_id(identity: str) -> str:
    return identity if identity.startswith("resp_") else f"resp_{identity}"


def frame_of(request: Mapping[str, Any], *, identity: str, model: str, created: int) -> dict[str, Any]:
    """The object before anything was said: ``request`` holds the caller's own members."""
    echoed = {name: request[name] if request.get(name) is not None else default for name, default in _DEFAULTS.items()}
    return {
        "id": response_id(identity),
        "object": "response",
        "created_at": created,
        "status": "in_progress",
        "error": None,
        "incomplete_details": None,
        "model": model,
        "output": [],
        "store": False,
        "usage": None,
        **echoed,
    }


def ending(reason: FinishReason, *, refused: bool) -> dict[str, Any]:
    """The members that tell how the answer ended. ``refused``: it says so in its own words."""
    reason = filtered(reason, refused=refused)
    if reason in _INCOMPLETE:
        return {"status": "incomplete", "incomplete_details": {"reason": _INCOMPLETE[reason]}}
    if reason == "error":
        error = {"code": "server_error", "message": "The provider ended its answer with an error."}
        return {"status": "failed", "error": error}
    return {"status": "completed"}


def response_document(
    chat: ChatResponse, usage: TokenUsage, cost: Cost | None, request: Mapping[str, Any], *, created: int
) -> dict[str, Any]:
    """The first choice: this form has no second."""
    choice = chat.choices[0]
    document = frame_of(request, identity=chat.id, model=chat.model, created=chat.created or created)
    document["output"] = output_items(choice.message.parts, document["id"], logprobs_of(choice.logprobs))
    document["usage"] = usage_document(usage, cost)
    if chat.service_tier in TIERS:
        document["service_tier"] = chat.service_tier
    ended = ending(choice.finish_reason, refused=choice.message.refused)
    told = [item for item in document["output"] if item["type"] in ("message", "function_call")]
    if told and ended["status"] == "incomplete":
        told[-1]["status"] = "incomplete"  # where it was cut off
    return {**document, **ended}


def output_items(parts: Sequence[Part], response: str, logprobs: Sequence[Any] = ()) -> list[Item]:
    """The items of an answer, in the order in which it was given. ``logprobs`` are those of all its text: the first
    text's, where there are several."""
    items: list[Item] = []
    for part in parts:
        number = len(items)
        match part:
            case Reasoning():
                items.append(reasoning_item(item_id("rs", response, number), part))
            case Text() | Refusal():
                _say(items, part, response, logprobs)
                if isinstance(part, Text):
                    logprobs = ()
            case Image() if part.data is not None:
                items.append(image_item(item_id("ig", response, number), part))
            case ToolCall():
                items.append(call_item(item_id("fc", response, number), part))
                items.extend(call_seal(item_id("rs", response, number + 1), part.id, part.signature))
    return items


def _say(items: list[Item], part: Text | Refusal, response: str, logprobs: Sequence[Any]) -> None:
    if not items or items[-1]["type"] != "message":
        items.append(message_item(item_id("msg", response, len(items))))
    items[-1]["content"].append(_content(part, logprobs))
    if isinstance(part, Text):
        items.extend(text_seal(item_id("rs", response, len(items)), part.signature))


def _content(part: Text | Refusal, logprobs: Sequence[Any]) -> Item:
    if isinstance(part, Refusal):
        return {"type": "refusal", "refusal": part.text}
    return text_part(part.text, annotations_of(part.annotations), logprobs)


def item_id(kind: str, response: str, number: int) -> str:
    return f"{kind}_{response.removeprefix('resp_')}_{number}"


def message_item(identity: str, status: str = "completed") -> Item:
    return {"id": identity, "type": "message", "status": status, "role": "assistant", "content": []}


def text_part(text: str, annotations: Sequence[Any] = (), logprobs: Sequence[Any] = ()) -> Item:
    return {"type": "output_text", "text": text, "annotations": list(annotations), "logprobs": list(logprobs)}


def reasoning_item(identity: str, thought: Reasoning) -> Item:
    summary = [{"type": "summary_text", "text": thought.text}] if thought.text else []
    return {"id": identity, "type": "reasoning", "summary": summary, "encrypted_content": seal_of(thought)}


def image_item(identity: str, image: Image) -> Item:
    return {"id": identity, "type": "image_generation_call", "status": "completed", "result": image.data}


def call_item(identity: str, call: ToolCall, status: str = "completed") -> Item:
    common: Item = {"id": identity, "call_id": call.id, "name": call.name}
    if call.custom:
        return {**common, "type": "custom_tool_call", "input": call.arguments}
    return {**common, "type": "function_call", "status": status, "arguments": call.arguments}


def call_seal(identity: str, call_id: str, signature: str | None) -> list[Item]:
    """An item that carries the signature of the tool call ``call_id``."""
    return _carrier(identity, Seal(signature=signature, call_id=call_id)) if signature else []


def text_seal(identity: str, signature: str | None) -> list[Item]:
    """An item that carries the signature of the text before it."""
    return _carrier(identity, Seal(signature=signature, of_text=True)) if signature else []


def _carrier(identity: str, content: Seal) -> list[Item]:
    return [{"id": identity, "type": "reasoning", "summary": [], "encrypted_content": seal(content)}]


_KINDS = ("url_citation", "file_citation", "container_file_citation", "file_path")


def annotations_of(notes: Sequence[Any]) -> list[Any]:
    """Those that this form knows; chat completions keep a citation's members in a member of its name."""
    found = []
    for note in notes:
        if isinstance(note, dict) and note.get("type") in _KINDS:
            inner = note.get(note["type"])
            found.append({"type": note["type"], **inner} if isinstance(inner, dict) else note)
    return found


def logprobs_of(logprobs: Any) -> list[Any]:
    """Those of chat completions as this form has them: the list without the member around it."""
    content = logprobs.get("content") if isinstance(logprobs, dict) else logprobs
    return list(content) if isinstance(content, list) else []


def usage_document(usage: TokenUsage, cost: Cost | None) -> dict[str, Any]:
    return {
        "input_tokens": usage.prompt_tokens,
        "input_tokens_details": {
            "cached_tokens": usage.cached_input or 0,
            "cache_write_tokens": usage.cache_written or 0,
        },
        "output_tokens": usage.completion_tokens,
        "output_tokens_details": {"reasoning_tokens": usage.reasoning or 0},
        "total_tokens": usage.total_tokens,
        "cost": cost_number(cost),
    }
