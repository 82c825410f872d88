"""What the tests of recorded chat completions look through: OpenAI's own and those of the vendors that speak them."""

import json
from pathlib import Path
from typing import Any

from tornado_gateway.domain.usage import TokenUsage
from tornado_gateway.providers.compatible import VENDORS
from tornado_gateway.providers.openai.vendor import OPENAI, Vendor

from .exchanges import is_error


def is_answer(case: Path) -> bool:
    if is_error(case):
        return False
    document = json.loads((case / "response.json").read_bytes())
    return isinstance(document, dict) and "choices" in document


def is_stream(case: Path) -> bool:
    return not is_error(case) and b"chat.completion.chunk" in (case / "response.sse").read_bytes()


def vendor_of(case: Path) -> Vendor:
    return VENDORS.get(case.parent.name.removesuffix("-chat"), OPENAI)


def chunks_of(body: bytes) -> list[dict[str, Any]]:
    lines = (line[5:].strip() for line in body.splitlines() if line.startswith(b"data:"))
    return [json.loads(line) for line in lines if line and line != b"[DONE]"]


def last_usage(body: bytes) -> dict[str, Any] | None:
    """The last that a stream says of its usage, wherever the vendor puts it."""
    found = None
    for chunk in chunks_of(body):
        found = chunk.get("usage") or (chunk.get("x_groq") or {}).get("usage") or found
    return found


def check_usage(read: TokenUsage | None, recorded: dict[str, Any] | None) -> None:
    if not recorded:
        assert read is None
        return
    assert read is not None
    cached = (recorded.get("prompt_tokens_details") or {}).get("cached_tokens")
    cached = recorded.get("prompt_cache_hit_tokens", cached)
    reasoning = (recorded.get("completion_tokens_details") or {}).get("reasoning_tokens")
    assert read.prompt_tokens == recorded["prompt_tokens"]
    assert read.total_tokens == recorded["total_tokens"]
    assert (read.cached_input or 0) == (
        cached or recorded.get("num_cached_tokens") or recorded.get("cached_tokens") or 0
    )
    if reasoning is not None and reasoning <= (recorded.get("completion_tokens") or 0):
        assert read.reasoning == reasoning
    for _, count in read.buckets():
        assert count >= 0


def text_of(message: dict[str, Any]) -> str:
    content = message.get("content") or ""
    if isinstance(content, str):
        return content
    return "".join(piece["text"] for piece in content if isinstance(piece.get("text"), str))


def thought_of(message: dict[str, Any]) -> str:
    said = message.get("reasoning_content") or message.get("reasoning") or ""
    content = message.get("content")
    for piece in content if isinstance(content, list) else ():
        if piece.get("type") == "thinking":
            said += "".join(part.get("text", "") for part in piece["thinking"])
    return str(said)


def calls_of(message: dict[str, Any]) -> list[tuple[str, str, Any]]:
    calls = [(call.get("id"), call["function"]) for call in message.get("tool_calls") or ()]
    return [(identity, function["name"], json.loads(function.get("arguments") or "{}")) for identity, function in calls]


def whole(body: bytes) -> dict[str, Any]:
    """A stream's first choice as the message that it makes, and how it finished."""
    message: dict[str, Any] = {"content": "", "reasoning": "", "refusal": "", "tool_calls": []}
    finish = None
    for chunk in chunks_of(body):
        for choice in chunk.get("choices") or ():
            if choice.get("index", 0) != 0:
                continue
            delta = choice.get("delta") or {}
            message["content"] += text_of(delta)
            message["reasoning"] += thought_of(delta)
            message["refusal"] += delta.get("refusal") or ""
            _add_calls(message["tool_calls"], delta.get("tool_calls") or ())
            finish = finish or choice.get("finish_reason")
    return {"message": message, "finish_reason": finish}


def _add_calls(calls: list[dict[str, Any]], pieces: Any) -> None:
    for piece in pieces:
        function = piece.get("function") or {}
        if function.get("name"):
            calls.append({"id": piece.get("id"), "function": {"name": function["name"], "arguments": ""}})
        calls[piece.get("index") or 0]["function"]["arguments"] += function.get("arguments") or ""


FINISH = {"function_call": "tool_calls", "eos": "stop", "model_length": "length"}


def finish_of(choice: dict[str, Any]) -> str:
    """The domain's word for how a recorded choice ended."""
    message = choice.get("message") or {}
    said = choice.get("finish_reason") or "stop"
    reason = FINISH.get(said, said)
    if reason != "stop":
        return reason if reason in ("length", "tool_calls", "content_filter", "error") else "stop"
    if message.get("tool_calls"):
        return "tool_calls"
    return "refusal" if message.get("refusal") and not text_of(message) else "stop"
