"""What the tests of recorded Gemini exchanges look through."""

import json
from pathlib import Path
from typing import Any

from google.genai import types

from tornado_gateway.domain.usage import TokenUsage

from .exchanges import is_error

FINISH = {
    "STOP": "stop",
    "MAX_TOKENS": "length",
    "MODEL_ARMOR": "content_filter",
    "RECITATION": "content_filter",
    "SAFETY": "content_filter",
}


def is_gemini(case: Path) -> bool:
    named = case.parent.name in ("gemini-generate", "vertex-generate") or case.name.startswith("gemini-")
    return named and not is_error(case)


def stream_answers(body: bytes) -> list[dict[str, Any]]:
    return [json.loads(line[5:]) for line in body.splitlines() if line.startswith(b"data:")]


def whole(answers: list[dict[str, Any]]) -> dict[str, Any]:
    """A stream's answers as the one that they make: parts joined, the last word counting in all else."""
    parts: list[dict[str, Any]] = []
    document: dict[str, Any] = {"candidates": [{"content": {"parts": parts}}]}
    for answer in answers:
        for candidate in answer.get("candidates", ()):
            parts.extend((candidate.get("content") or {}).get("parts") or ())
            document["candidates"][0].update({k: v for k, v in candidate.items() if k != "content"})
        document.update({name: value for name, value in answer.items() if name != "candidates"})
    return document


def parts_of(recorded: dict[str, Any]) -> list[dict[str, Any]]:
    candidates = recorded.get("candidates") or [{}]
    return list((candidates[0].get("content") or {}).get("parts") or ())


def sdk_answer(recorded: dict[str, Any]) -> types.GenerateContentResponse:
    """What the official SDK makes of an answer; its types do not have all that the API sends."""
    usage = {name: value for name, value in recorded["usageMetadata"].items() if name != "serviceTier"}
    return types.GenerateContentResponse.model_validate({**recorded, "usageMetadata": usage})


def text_of(recorded: dict[str, Any]) -> str:
    return "".join(part.get("text", "") for part in parts_of(recorded) if not part.get("thought"))


def thoughts_of(recorded: dict[str, Any]) -> str:
    return "".join(part.get("text", "") for part in parts_of(recorded) if part.get("thought"))


def calls_of(recorded: dict[str, Any]) -> list[dict[str, Any]]:
    return [part["functionCall"] for part in parts_of(recorded) if "functionCall" in part]


def signed_calls(recorded: dict[str, Any]) -> list[str | None]:
    return [part.get("thoughtSignature") for part in parts_of(recorded) if "functionCall" in part]


def finish_of(recorded: dict[str, Any]) -> str:
    """The domain's word for how the recorded answer ended."""
    if not recorded.get("candidates"):
        return "content_filter"
    reason = FINISH[recorded["candidates"][0]["finishReason"]]
    return "tool_calls" if reason == "stop" and calls_of(recorded) else reason


def check_usage(read: TokenUsage | None, recorded: dict[str, Any]) -> None:
    if "promptTokenCount" not in recorded:
        assert read is None
        return
    assert read is not None
    assert read.prompt_tokens == recorded["promptTokenCount"] + recorded.get("toolUsePromptTokenCount", 0)
    assert read.completion_tokens == recorded.get("candidatesTokenCount", 0) + recorded.get("thoughtsTokenCount", 0)
    assert read.total_tokens == recorded["totalTokenCount"]
    assert read.reasoning == recorded.get("thoughtsTokenCount")
    assert read.cached_input == recorded.get("cachedContentTokenCount")
    heard = [d["tokenCount"] for d in recorded.get("promptTokensDetails", ()) if d["modality"] == "AUDIO"]
    assert read.audio_input == (sum(heard) if heard else None)


def check_openai_usage(told: dict[str, Any], recorded: dict[str, Any]) -> None:
    thoughts = recorded.get("thoughtsTokenCount")
    prompt = recorded.get("promptTokenCount", 0) + recorded.get("toolUsePromptTokenCount", 0)
    assert told["prompt_tokens"] == prompt
    assert told["completion_tokens"] == recorded.get("candidatesTokenCount", 0) + (thoughts or 0)
    assert told["total_tokens"] == recorded.get("totalTokenCount", 0)
    assert told.get("completion_tokens_details", {}).get("reasoning_tokens") == thoughts
    assert told.get("prompt_tokens_details", {}).get("cached_tokens") == recorded.get("cachedContentTokenCount")


def check_anthropic_usage(told: dict[str, Any], recorded: dict[str, Any]) -> None:
    prompt = recorded.get("promptTokenCount", 0) + recorded.get("toolUsePromptTokenCount", 0)
    assert told["input_tokens"] + (told.get("cache_read_input_tokens") or 0) == prompt
    assert told.get("cache_read_input_tokens") == recorded.get("cachedContentTokenCount")
    assert told["output_tokens"] == recorded.get("candidatesTokenCount", 0) + recorded.get("thoughtsTokenCount", 0)


def check_request(document: dict[str, Any]) -> None:
    """Raises ``ValidationError`` for what the SDK's own types, which forbid all else, do not have."""
    known = {"contents", "systemInstruction", "tools", "toolConfig", "generationConfig", "serviceTier"}
    assert set(document) <= known
    assert document["contents"]
    assert document["contents"][0]["role"] == "user"
    for content in document["contents"]:
        _check(types.Content, content)
        assert content["role"] in ("user", "model")
        assert content["parts"]
    for tool in document.get("tools", ()):
        _check(types.Tool, tool)
    if "systemInstruction" in document:
        _check(types.Content, document["systemInstruction"])
    if "toolConfig" in document:
        _check(types.ToolConfig, document["toolConfig"])
    config = {**document.get("generationConfig", {}), "serviceTier": document.get("serviceTier")}
    _check(types.GenerateContentConfig, config)


def _check(kind: Any, document: dict[str, Any]) -> None:
    kind.model_validate_json(json.dumps(document))
