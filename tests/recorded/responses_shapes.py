"""What the tests of Responses look through, and who else has recorded answers."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tornado_gateway.domain.call import Answer
from tornado_gateway.domain.stream import StreamBatch, StreamEvent
from tornado_gateway.domain.usage import TokenUsage
from tornado_gateway.providers.anthropic.response import chat_answer as anthropic_answer
from tornado_gateway.providers.anthropic.stream import MessagesStreamReader
from tornado_gateway.providers.gemini.response import chat_answer as gemini_answer
from tornado_gateway.providers.gemini.stream import GenerateStreamReader
from tornado_gateway.providers.openai.response import chat_answer as openai_answer
from tornado_gateway.providers.openai.stream import ChatStreamReader
from tornado_gateway.providers.reading import Reader

from .exchanges import is_error


def is_response(case: Path) -> bool:
    return case.parent.name == "openai-responses" and not is_error(case)


def protocol(case: Path) -> str | None:
    """Whose words a whole answer or a stream is in, None where it is none of a chat."""
    folder = case.parent.name
    if folder.endswith("-chat"):
        return "openai"
    return {"anthropic-messages": "anthropic", "gemini-generate": "gemini"}.get(folder)


def is_chat(case: Path) -> bool:
    return protocol(case) is not None and not is_error(case)


READ: dict[str, Callable[[bytes, str], Answer]] = {
    "openai": openai_answer,
    "anthropic": anthropic_answer,
    "gemini": gemini_answer,
}
READERS: dict[str, Callable[[str], Reader]] = {
    "openai": ChatStreamReader,
    "anthropic": MessagesStreamReader,
    "gemini": GenerateStreamReader,
}


def read_all(reader: Reader, body: bytes, size: int) -> list[StreamBatch]:
    batches = []
    for start in range(0, len(body), size):
        batches.append(reader.decode(body[start : start + size]))
        if batches[-1].last or batches[-1].error is not None:
            return batches
    batches.append(reader.flush())
    return batches


def events_of(reader: Reader, body: bytes, size: int = 1000) -> list[StreamEvent]:
    return [event for batch in read_all(reader, body, size) for event in batch.events]


def recorded_events(body: bytes) -> list[dict[str, Any]]:
    return [json.loads(line[5:]) for line in body.splitlines() if line.startswith(b"data:") and b"[DONE]" not in line]


def check_usage(read: TokenUsage | None, recorded: dict[str, Any]) -> None:
    assert read is not None
    assert read.prompt_tokens == recorded["input_tokens"]
    assert read.completion_tokens == recorded["output_tokens"]
    assert read.total_tokens == recorded["total_tokens"]
    assert (read.cached_input or 0) == recorded["input_tokens_details"]["cached_tokens"]
    assert (read.reasoning or 0) == recorded["output_tokens_details"]["reasoning_tokens"]


def check_told_usage(told: dict[str, Any], read: TokenUsage) -> None:
    assert told["input_tokens"] == read.prompt_tokens
    assert told["output_tokens"] == read.completion_tokens
    assert told["total_tokens"] == read.total_tokens
    assert told["input_tokens_details"]["cached_tokens"] == (read.cached_input or 0)
    assert told["output_tokens_details"]["reasoning_tokens"] == (read.reasoning or 0)
