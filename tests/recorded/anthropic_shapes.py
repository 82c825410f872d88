"""What the tests of recorded Anthropic exchanges look through."""

import json
from pathlib import Path
from typing import Any

from anthropic.types import MessageCreateParams
from pydantic import TypeAdapter

from tornado_gateway.domain.call import Answer, Completed
from tornado_gateway.domain.usage import TokenUsage

from .exchanges import is_error

FINISH = {
    "end_turn": "stop",
    "tool_use": "tool_calls",
    "max_tokens": "length",
    "stop_sequence": "stop_sequence",
    "refusal": "refusal",
}


def is_message(case: Path) -> bool:
    named = case.parent.name == "anthropic-messages" or case.name.startswith("anthropic-")
    return named and not is_error(case)


def answered(answer: Answer) -> Completed:
    return Completed(
        answer=answer,
        usage=answer.usage or TokenUsage(),
        cost=None,
        requested_model="m",
        provider="p",
        model="m",
        attempts=1,
        revision="r",
    )


def stream_usage(body: bytes) -> dict[str, Any]:
    usage: dict[str, Any] = {}
    for line in body.splitlines():
        if not line.startswith(b"data:"):
            continue
        event = json.loads(line[5:])
        said = event.get("message", event).get("usage") or {}
        usage.update({name: value for name, value in said.items() if value is not None})
    return usage


def check_usage(read: TokenUsage | None, recorded: dict[str, Any]) -> None:
    assert read is not None
    written, cached = recorded.get("cache_creation_input_tokens"), recorded.get("cache_read_input_tokens")
    assert read.input == recorded["input_tokens"]
    assert read.cached_input == cached
    assert (read.cache_write or 0) + (read.cache_write_1h or 0) == (written or 0)
    assert read.completion_tokens == recorded["output_tokens"]
    assert read.reasoning == (recorded.get("output_tokens_details") or {}).get("thinking_tokens")
    assert read.prompt_tokens == recorded["input_tokens"] + (written or 0) + (cached or 0)


def without_callers(value: Any) -> Any:
    """``caller: direct`` and empty citations say nothing."""
    if isinstance(value, list):
        return [without_callers(item) for item in value]
    if isinstance(value, dict):
        silent = {"caller", "citations"} if value.get("type") in ("tool_use", "text") else set()
        return {k: without_callers(v) for k, v in value.items() if k not in silent or (k == "citations" and v)}
    return value


def in_one_form(document: dict[str, Any]) -> dict[str, Any]:
    """The long form where the API has a short one, and nothing that only repeats a default."""
    out = {**document, "messages": []}
    if not out.get("stream"):
        out.pop("stream", None)
    if "system" in out:
        out["system"] = as_blocks(out["system"])
    for tool in out.get("tools", ()):
        if tool.get("type") == "custom":
            del tool["type"]
    for message in document["messages"]:
        blocks = [tidy_block(block) for block in as_blocks(message["content"])]
        if out["messages"] and out["messages"][-1]["role"] == message["role"]:
            out["messages"][-1]["content"].extend(blocks)
        else:
            out["messages"].append({"role": message["role"], "content": blocks})
    return out


def as_blocks(content: Any) -> list[dict[str, Any]]:
    return [{"type": "text", "text": content}] if isinstance(content, str) else list(content)


def tidy_block(block: dict[str, Any]) -> dict[str, Any]:
    if block["type"] != "tool_result":
        return block
    tidy = {name: value for name, value in block.items() if name != "is_error" or value}
    if "content" in tidy:
        tidy["content"] = as_blocks(tidy["content"])
    return tidy


def texts_of(document: dict[str, Any]) -> list[str]:
    texts = [block["text"] for block in as_blocks(document.get("system") or [])]
    for message in document["messages"]:
        blocks = as_blocks(message["content"])
        for block in blocks:
            if block["type"] == "tool_result":
                texts.extend(inner["text"] for inner in as_blocks(block.get("content", [])))
        texts.append("".join(own_text(block) for block in blocks))
    return texts


def own_text(block: dict[str, Any]) -> str:
    if block["type"] == "document" and block["source"]["type"] == "text":
        lines = (("Document", block.get("title")), ("Context", block.get("context")))
        return "".join(f"{label}: {said}\n" for label, said in lines if said) + str(block["source"]["data"])
    return str(block["text"]) if block["type"] == "text" else ""


def openai_texts(document: dict[str, Any]) -> list[str]:
    texts = []
    for message in document["messages"]:
        content = message["content"] or ""
        if isinstance(content, str):
            texts.append(content)
        elif message["role"] == "system" or message["role"] == "tool":
            texts.extend(part["text"] for part in content)
        else:
            texts.append("".join(part.get("text", "") for part in content))
    return texts


# Kept, because the iterables that it makes hold no reference to it.
REQUEST: TypeAdapter[Any] = TypeAdapter(MessageCreateParams)


def check_request(document: dict[str, Any]) -> None:
    """Raises ``ValidationError`` for what the SDK's own types do not have."""
    walk(REQUEST.validate_python(document))


def walk(value: Any) -> None:
    """The SDK's iterables are checked only as they are walked."""
    if isinstance(value, dict):
        for inner in value.values():
            walk(inner)
    elif not isinstance(value, str | bytes | int | float | None):
        for inner in value:
            walk(inner)
