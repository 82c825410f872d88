"""Every recorded Gemini stream, told in each dialect."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from anthropic.types import Message as SdkMessage
from openai.types import Completion
from openai.types.chat import ChatCompletionChunk

from tornado_gateway.domain.call import ModelCall
from tornado_gateway.domain.chat import FinishReason
from tornado_gateway.domain.errors import UpstreamFailed
from tornado_gateway.domain.stream import (
    Finished,
    ReasoningDelta,
    Started,
    StreamBatch,
    StreamEvent,
    TextDelta,
    ToolCallDelta,
    UsageReport,
)
from tornado_gateway.httpserver.dialects.anthropic_answer import STOP_REASONS
from tornado_gateway.httpserver.dialects.anthropic_messages import AnthropicMessages
from tornado_gateway.httpserver.dialects.base import StreamEncoder
from tornado_gateway.httpserver.dialects.native import NativeStreamEncoder
from tornado_gateway.httpserver.dialects.openai_chat import OpenAIChat
from tornado_gateway.httpserver.dialects.openai_legacy import LegacyStreamEncoder
from tornado_gateway.httpserver.dialects.openai_stream import FINISH_REASONS, ChatStreamEncoder
from tornado_gateway.providers.gemini.stream import GenerateStreamReader

from .exchanges import cases
from .gemini_shapes import (
    calls_of,
    check_openai_usage,
    check_usage,
    finish_of,
    is_gemini,
    signed_calls,
    stream_answers,
    text_of,
    thoughts_of,
    whole,
)

STREAMS = cases("*/*/response.sse", is_gemini)
ASK: dict[str, Any] = {"model": "m", "stream": True, "messages": [{"role": "user", "content": "hi"}]}


def chat_call() -> ModelCall:
    return OpenAIChat().decode_request(json.dumps({**ASK, "stream_options": {"include_usage": True}}).encode())


def recorded_in(case: Path) -> tuple[bytes, dict[str, Any]]:
    body = (case / "response.sse").read_bytes()
    return body, whole(stream_answers(body))


def read_all(body: bytes, size: int) -> list[StreamBatch]:
    reader = GenerateStreamReader("p")
    batches = [reader.decode(body[start : start + size]) for start in range(0, len(body), size)]
    return [*batches, reader.flush()]


def told_by(encoder: StreamEncoder, body: bytes) -> bytes:
    return b"".join(encoder.encode(batch.events) for batch in read_all(body, 300)) + encoder.close()


def events_in(told: bytes) -> list[dict[str, Any]]:
    lines = [line[6:] for line in told.split(b"\n") if line.startswith(b"data: ")]
    return [json.loads(line) for line in lines if line != b"[DONE]"]


@pytest.mark.parametrize("size", [1, 100, 1_000_000])
@pytest.mark.parametrize("case", STREAMS)
def test_a_stream_means_what_was_recorded(case: Path, size: int) -> None:
    body, recorded = recorded_in(case)
    batches = read_all(body, size)
    events = [event for batch in batches for event in batch.events]
    assert batches[-1].last
    assert [batch.error for batch in batches if batch.error] == []
    assert events[0] == Started(recorded.get("responseId", ""), recorded["modelVersion"])
    assert joined(events, TextDelta) == text_of(recorded)
    assert joined(events, ReasoningDelta) == thoughts_of(recorded)
    calls = [event for event in events if isinstance(event, ToolCallDelta)]
    assert [(c.name, json.loads(c.arguments)) for c in calls] == [(c["name"], c["args"]) for c in calls_of(recorded)]
    assert [call.signature for call in calls] == signed_calls(recorded)
    assert [call.index for call in calls] == list(range(len(calls)))
    assert len({call.id for call in calls}) == len(calls)
    assert [event.reason for event in events if isinstance(event, Finished)] == [finish_of(recorded)]
    reports = [event for event in events if isinstance(event, UsageReport)]
    assert not reports[-1].early
    check_usage(reports[-1].usage, recorded["usageMetadata"])


@pytest.mark.parametrize("case", STREAMS)
def test_a_caller_of_chat_completions(case: Path) -> None:
    body, recorded = recorded_in(case)
    told = told_by(ChatStreamEncoder(chat_call()), body)
    assert told.endswith(b"data: [DONE]\n\n")
    events = events_in(told)
    chunks = [ChatCompletionChunk.model_validate(event) for event in events]
    deltas = [chunk.choices[0].delta for chunk in chunks if chunk.choices]
    assert deltas[0].role == "assistant"
    assert "".join(delta.content or "" for delta in deltas) == text_of(recorded)
    calls = [call for delta in deltas for call in delta.tool_calls or ()]
    functions = [call.function for call in calls if call.function is not None]
    assert [(f.name, json.loads(f.arguments or "")) for f in functions] == [
        (function["name"], function["args"]) for function in calls_of(recorded)
    ]
    ends = [chunk.choices[0].finish_reason for chunk in chunks if chunk.choices and chunk.choices[0].finish_reason]
    assert ends == [FINISH_REASONS[reason_of(recorded)]]
    check_openai_usage(events[-1]["usage"], recorded["usageMetadata"])


@pytest.mark.parametrize("case", STREAMS)
def test_a_caller_of_messages(case: Path, sdk_message: Callable[[bytes], SdkMessage]) -> None:
    body, recorded = recorded_in(case)
    call = AnthropicMessages().decode_request(json.dumps({**ASK, "max_tokens": 1}).encode())
    message = sdk_message(told_by(AnthropicMessages().stream_encoder(call), body))
    assert "".join(block.text for block in message.content if block.type == "text") == text_of(recorded)
    assert "".join(block.thinking for block in message.content if block.type == "thinking") == thoughts_of(recorded)
    calls = [(block.name, block.input) for block in message.content if block.type == "tool_use"]
    assert calls == [(function["name"], function["args"]) for function in calls_of(recorded)]
    assert message.stop_reason == STOP_REASONS[reason_of(recorded)]
    usage = recorded["usageMetadata"]
    assert message.usage.input_tokens == usage["promptTokenCount"] + usage.get(
        "toolUsePromptTokenCount", 0
    ) - usage.get("cachedContentTokenCount", 0)
    assert message.usage.output_tokens == usage["totalTokenCount"] - usage["promptTokenCount"] - usage.get(
        "toolUsePromptTokenCount", 0
    )


@pytest.mark.parametrize("case", STREAMS)
def test_callers_of_the_native_form_and_of_text_completions(case: Path) -> None:
    body, recorded = recorded_in(case)
    native = events_in(told_by(NativeStreamEncoder(), body))
    assert "".join(event["delta"] for event in native) == text_of(recorded)
    assert native[-1]["done"]
    assert native[-1].get("finish_reason", "stop") == finish_of(recorded)
    assert native[-1]["usage"]["total_tokens"] == recorded["usageMetadata"]["totalTokenCount"]
    events = events_in(told_by(LegacyStreamEncoder(chat_call()), body))
    assert "".join(event["choices"][0]["text"] for event in events if event["choices"]) == text_of(recorded)
    check_openai_usage(events[-1]["usage"], recorded["usageMetadata"])
    if finish_of(recorded) != "tool_calls":
        for event in events:
            # The SDK has the whole answer's type for a chunk as well, whose reason is never null.
            choices = [{**choice, "finish_reason": choice["finish_reason"] or "stop"} for choice in event["choices"]]
            Completion.model_validate({**event, "choices": choices})


@pytest.mark.parametrize("case", STREAMS)
def test_a_stream_cut_before_its_end_is_an_error(case: Path) -> None:
    body = (case / "response.sse").read_bytes()
    end = body.index(b'"finishReason"')
    for cut in range(0, end, max(1, end // 40)):
        last = read_all(body[:cut], 1000)[-1]
        assert not last.last
        assert isinstance(last.error, UpstreamFailed)


def joined(events: list[StreamEvent], kind: type[TextDelta] | type[ReasoningDelta]) -> str:
    return "".join(event.text for event in events if isinstance(event, kind))


def reason_of(recorded: dict[str, Any]) -> FinishReason:
    reason: Any = finish_of(recorded)
    return reason  # type: ignore[no-any-return] # one of them
