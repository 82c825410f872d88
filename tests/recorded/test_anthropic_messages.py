"""Every recorded Anthropic exchange, relayed and translated."""

import itertools
import json
import os
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import msgspec
import pytest
from anthropic import Anthropic
from anthropic.types import Message as SdkMessage
from anthropic.types import MessageCreateParams
from anthropic.types.beta import BetaMessage
from pydantic import TypeAdapter, ValidationError

from tornado_gateway.domain.call import Answer, Completed, ModelCall
from tornado_gateway.domain.chat import Opaque, Reasoning, Text, ToolCall
from tornado_gateway.domain.errors import InvalidRequest, UpstreamFailed
from tornado_gateway.domain.stream import (
    Finished,
    ReasoningDelta,
    StreamBatch,
    StreamEvent,
    TextDelta,
    ToolCallDelta,
    UsageReport,
)
from tornado_gateway.domain.usage import TokenUsage
from tornado_gateway.httpserver.dialects.anthropic_messages import AnthropicCountTokens, AnthropicMessages
from tornado_gateway.httpserver.dialects.openai_chat import OpenAIChat
from tornado_gateway.providers.anthropic import relay, response
from tornado_gateway.providers.anthropic.errors import from_reply
from tornado_gateway.providers.anthropic.request import chat_document
from tornado_gateway.providers.anthropic.stream import MessagesStreamReader, RelayReader
from tornado_gateway.providers.openai.request import chat_document as openai_document

REPOSITORY = Path(__file__).parents[2]
ROOTS = (
    Path(os.environ.get("GATEWAY_RECORDED", REPOSITORY.parent / "shared" / "recorded")),
    Path(os.environ.get("GATEWAY_RECORDED_EDGE", REPOSITORY.parent / "shared" / "recorded-edge")),
)

FINISH = {
    "end_turn": "stop",
    "tool_use": "tool_calls",
    "max_tokens": "length",
    "stop_sequence": "stop_sequence",
    "refusal": "refusal",
}


def cases(pattern: str, wanted: Callable[[Path], bool] = lambda case: True) -> list[Any]:
    paths = sorted(path.parent for root in ROOTS if root.is_dir() for path in root.glob(pattern))
    found = [path for path in paths if wanted(path)]
    if not found:
        skip = pytest.mark.skip(reason="no recorded exchanges here: set GATEWAY_RECORDED and GATEWAY_RECORDED_EDGE")
        return [pytest.param(None, marks=skip)]
    return [pytest.param(path, id=f"{path.parent.name}/{path.name}") for path in found]


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


def a_call() -> ModelCall:
    body = b'{"model":"m","max_tokens":1,"stream":true,"messages":[{"role":"user","content":"hi"}]}'
    return AnthropicMessages().decode_request(body)


def is_error(case: Path) -> bool:
    return bool(json.loads((case / "meta.json").read_bytes())["status"] != 200)


def is_message(case: Path) -> bool:
    named = case.parent.name == "anthropic-messages" or case.name.startswith("anthropic-")
    return named and not is_error(case)


ANSWERS = cases("*/*/response.json", is_message)
STREAMS = cases("*/*/response.sse", is_message)
ERRORS = cases("anthropic-*/*/response.json", is_error)
COUNTS = cases("anthropic-count-tokens/*/response.json", lambda case: not is_error(case))


# ---- requests


@pytest.mark.parametrize("case", cases("anthropic-messages/*/request.json"))
def test_a_relayed_request_changes_in_nothing_but_the_model(case: Path) -> None:
    body = (case / "request.json").read_bytes()
    call = AnthropicMessages().decode_request(body)
    sent = relay.body(call.wire, "claude-other")
    assert json.loads(sent) == {**json.loads(body), "model": "claude-other"}


@pytest.mark.parametrize("case", cases("anthropic-messages/*/request.json"))
def test_a_request_opened_and_closed_again_means_the_same(case: Path) -> None:
    document = json.loads((case / "request.json").read_bytes())
    dropped: list[str] = []
    chat = AnthropicMessages().decode_request(json.dumps(document).encode()).chat
    assert in_one_form(chat_document(chat, document["model"], dropped)) == in_one_form(document)
    assert dropped == []


@pytest.mark.parametrize("case", cases("anthropic-messages/*/request.json"))
def test_for_a_provider_of_another_family_it_is_told_or_refused_by_name(case: Path) -> None:
    body = (case / "request.json").read_bytes()
    chat = AnthropicMessages().decode_request(body).chat
    try:
        document = openai_document(chat, "gpt-4", [])
    except InvalidRequest as refused:
        assert refused.param
        return
    assert [text for text in texts_of(json.loads(body)) if text] == [t for t in openai_texts(document) if t]


@pytest.mark.parametrize("case", cases("anthropic-count-tokens/*/request.json"))
def test_a_count_s_request_changes_in_nothing_but_the_model(case: Path) -> None:
    body = (case / "request.json").read_bytes()
    call = AnthropicCountTokens().decode_request(body)
    assert json.loads(relay.body(call.wire, "m")) == {**json.loads(body), "model": "m"}
    assert call.chat.messages


@pytest.mark.parametrize("case", COUNTS)
def test_a_relayed_count_comes_back_byte_for_byte_and_costs_nothing(case: Path) -> None:
    answer = (case / "response.json").read_bytes()
    read = response.relayed_count(answer, "p")
    assert read.usage == TokenUsage()
    assert AnthropicCountTokens().encode_response(answered(read)) == answer


@pytest.mark.parametrize("case", cases("*-chat/*/request.json"))
def test_what_comes_from_chat_completions_is_a_request_that_the_sdk_knows(case: Path) -> None:
    body = (case / "request.json").read_bytes()
    try:
        chat = OpenAIChat().decode_request(body).chat
        document = chat_document(chat, "claude-sonnet-4-5", [])
    except InvalidRequest as refused:
        assert refused.param
        return
    check_request(document)
    roles = [turn["role"] for turn in document["messages"]]
    assert all(first != second for first, second in itertools.pairwise(roles))


# ---- whole answers


@pytest.mark.parametrize("case", ANSWERS)
def test_a_relayed_answer_comes_back_byte_for_byte(case: Path) -> None:
    body = (case / "response.json").read_bytes()
    answer = response.relayed_answer(body, "p")
    assert AnthropicMessages().encode_response(answered(answer)) == body
    recorded = json.loads(body)
    assert answer.finish_reason == FINISH[recorded["stop_reason"]]
    check_usage(answer.usage, recorded["usage"])


@pytest.mark.parametrize("case", ANSWERS)
def test_an_opened_answer_holds_all_that_was_recorded(case: Path) -> None:
    recorded = json.loads((case / "response.json").read_bytes())
    answer = response.chat_answer((case / "response.json").read_bytes(), "p")
    assert answer.chat is not None
    parts = answer.chat.choices[0].message.parts
    blocks = recorded["content"]
    assert [p.text for p in parts if isinstance(p, Text)] == [b["text"] for b in blocks if b["type"] == "text"]
    calls = [(p.id, p.name, json.loads(p.arguments)) for p in parts if isinstance(p, ToolCall)]
    assert calls == [(b["id"], b["name"], b["input"]) for b in blocks if b["type"] == "tool_use"]
    assert answer.finish_reason == FINISH[recorded["stop_reason"]]
    check_usage(answer.usage, recorded["usage"])

    again = json.loads(AnthropicMessages().encode_response(answered(answer)))
    BetaMessage.model_validate(again)
    for name in ("content", "stop_reason", "stop_sequence"):
        assert without_callers(again[name]) == without_callers(recorded[name])
    for name in ("input_tokens", "output_tokens", "cache_read_input_tokens", "cache_creation_input_tokens"):
        assert again["usage"][name] == recorded["usage"][name]


@pytest.mark.parametrize("case", ERRORS)
def test_an_error_keeps_its_message_and_its_status(case: Path) -> None:
    status = json.loads((case / "meta.json").read_bytes())["status"]
    recorded = json.loads((case / "response.json").read_bytes())
    error = from_reply(status, {}, json.dumps(recorded).encode(), "p")
    told = json.loads(AnthropicMessages().encode_error(error, "req_1"))
    assert told["type"] == "error"
    if status == 401:
        assert (error.status, told["error"]["type"]) == (502, "api_error")
        return
    assert error.status == status
    assert told["error"] == recorded["error"]


# ---- streams


@pytest.mark.parametrize("size", [1, 7, 100, 1_000_000])
@pytest.mark.parametrize("case", STREAMS)
def test_a_relayed_stream_comes_back_byte_for_byte(case: Path, size: int) -> None:
    body = (case / "response.sse").read_bytes()
    reader, encoder = RelayReader("p"), AnthropicMessages().stream_encoder(a_call())
    batches = read_all(reader, body, size)
    told = b"".join(encoder.encode(batch.events) for batch in batches) + encoder.close()
    assert told.rstrip(b"\n") == body.rstrip(b"\n")
    assert batches[-1].last
    usage = [event.usage for batch in batches for event in batch.events if isinstance(event, UsageReport)]
    check_usage(usage[-1], stream_usage(body))


@pytest.mark.parametrize("size", [1, 100, 1_000_000])
@pytest.mark.parametrize("case", STREAMS)
def test_an_opened_stream_means_what_was_recorded(
    case: Path, size: int, sdk_message: Callable[[bytes], SdkMessage]
) -> None:
    body = (case / "response.sse").read_bytes()
    events = [event for batch in read_all(MessagesStreamReader("p"), body, size) for event in batch.events]
    recorded = sdk_message(body)
    assert joined(events, TextDelta) == "".join(b.text for b in recorded.content if b.type == "text")
    assert joined(events, ReasoningDelta) == "".join(b.thinking for b in recorded.content if b.type == "thinking")
    calls = [block for block in recorded.content if block.type == "tool_use"]
    heads = [event for event in events if isinstance(event, ToolCallDelta) and event.name is not None]
    assert [(head.id, head.name, head.index) for head in heads] == [(c.id, c.name, n) for n, c in enumerate(calls)]
    if recorded.stop_reason != "max_tokens":
        for head, call in zip(heads, calls, strict=True):
            pieces = [e.arguments for e in events if isinstance(e, ToolCallDelta) and e.index == head.index]
            assert json.loads("".join(pieces)) == call.input
    ends = [event.reason for event in events if isinstance(event, Finished)]
    assert ends == [FINISH[str(recorded.stop_reason)]]
    check_usage([event.usage for event in events if isinstance(event, UsageReport)][-1], stream_usage(body))


@pytest.mark.parametrize("case", STREAMS)
def test_a_translated_stream_is_one_that_the_sdk_reads(case: Path, sdk_message: Callable[[bytes], SdkMessage]) -> None:
    body = (case / "response.sse").read_bytes()
    encoder = AnthropicMessages().stream_encoder(a_call())
    batches = read_all(MessagesStreamReader("p"), body, 300)
    told = b"".join(encoder.encode(batch.events) for batch in batches) + encoder.close()
    recorded, again = sdk_message(body), sdk_message(told)
    mine = ("text", "thinking", "redacted_thinking", "tool_use")
    blocks = [block for block in recorded.content if block.type in mine]
    assert again.stop_reason == recorded.stop_reason
    assert again.usage.output_tokens == recorded.usage.output_tokens
    assert again.usage.input_tokens == recorded.usage.input_tokens
    assert again.usage.cache_read_input_tokens == recorded.usage.cache_read_input_tokens
    # Where a server tool's blocks stood between two texts, those are one text now.
    assert "".join(b.text for b in again.content if b.type == "text") == "".join(
        b.text for b in blocks if b.type == "text"
    )
    others = [block.to_dict() for block in blocks if block.type != "text"]
    assert without_callers([b.to_dict() for b in again.content if b.type != "text"]) == without_callers(others)
    notes = [note for b in blocks if b.type == "text" for note in b.citations or ()]
    assert [note for b in again.content if b.type == "text" for note in b.citations or ()] == notes


@pytest.mark.parametrize("case", STREAMS)
def test_a_stream_cut_anywhere_ends_in_an_error(case: Path) -> None:
    body = (case / "response.sse").read_bytes()
    end = body.index(b"message_delta")
    for cut in range(0, end, max(1, end // 40)):
        for reader in (RelayReader("p"), MessagesStreamReader("p")):
            last = read_all(reader, body[:cut], 1000)[-1]
            assert not last.last
            assert isinstance(last.error, UpstreamFailed)


# ---- what the tests look through


def read_all(reader: RelayReader | MessagesStreamReader, body: bytes, size: int) -> list[StreamBatch]:
    batches = []
    for start in range(0, len(body), size):
        batches.append(reader.decode(body[start : start + size]))
        if batches[-1].last:
            return batches
    batches.append(reader.flush())
    return batches


def joined(events: list[StreamEvent], kind: type[TextDelta] | type[ReasoningDelta]) -> str:
    return "".join(event.text for event in events if isinstance(event, kind))


class Replay(BaseHTTPRequestHandler):
    """Answers every request with ``body``."""

    body = b""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Content-Length", str(len(self.body)))
        self.end_headers()
        self.wfile.write(self.body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def sdk_message() -> Iterator[Callable[[bytes], SdkMessage]]:
    """What the official SDK makes of a stream, read from a real socket."""
    server = HTTPServer(("127.0.0.1", 0), Replay)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    client = Anthropic(api_key="k", base_url=f"http://127.0.0.1:{server.server_port}", max_retries=0)

    def read(body: bytes) -> SdkMessage:
        Replay.body = body
        with client.messages.stream(model="m", max_tokens=1, messages=[{"role": "user", "content": "hi"}]) as stream:
            return stream.get_final_message()

    yield read
    client.close()
    server.shutdown()
    thread.join()
    server.server_close()


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
        return str(block["source"]["data"])
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


def test_the_helpers_see_a_wrong_request() -> None:
    with pytest.raises(ValidationError):
        check_request({"model": "m", "max_tokens": 1, "messages": [{"role": "user", "content": [{"type": "image"}]}]})


def test_opaque_blocks_come_back_too() -> None:
    block = {"type": "server_tool_use", "id": "srv", "name": "web_search", "input": {}}
    body = msgspec.json.encode({"type": "message", "content": [block, {"type": "redacted_thinking", "data": "x"}]})
    answer = response.chat_answer(body, "p")
    assert answer.chat is not None
    parts = answer.chat.choices[0].message.parts
    assert isinstance(parts[0], Opaque)
    assert parts[1] == Reasoning(redacted="x", origin="anthropic")
    again = json.loads(AnthropicMessages().encode_response(answered(answer)))
    assert again["content"][0] == block
