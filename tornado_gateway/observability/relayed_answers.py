"""What a relayed answer says: the gateway forwards it unopened, and only where prompts are captured it is read, later.

Wire: OpenAI API reference, "The chat completion object", "The Response object"; Anthropic API reference, "Messages",
"Streaming messages". Whatever has another shape than these is passed over: an answer is no place for errors here.
"""

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from tornado_gateway.domain.stream import (
    Finished,
    ReasoningDelta,
    RefusalDelta,
    Relayed,
    StreamEvent,
    TextDelta,
    ToolCallDelta,
    UsageReport,
)
from tornado_gateway.domain.wire import ANTHROPIC_MESSAGES, OPENAI_RESPONSES, Wire

Document = dict[str, Any]


class _Choice:
    def __init__(self) -> None:
        self.texts: list[str] = []
        self.thoughts: list[str] = []
        self.calls: dict[int, Document] = {}
        self.finish: str | None = None

    def call(self, key: int, *, id: Any = None, name: Any = None, arguments: Any = "") -> None:  # noqa: A002
        """A piece of a tool call, or the whole of it."""
        call = self.calls.setdefault(key, {"type": "tool_call", "id": None, "name": None, "arguments": ""})
        call["id"] = call["id"] or id
        call["name"] = call["name"] or name
        call["arguments"] += arguments if isinstance(arguments, str) else msgspec.json.encode(arguments).decode()

    def document(self) -> Document:
        parts: list[Document] = []
        if self.thoughts:
            parts.append({"type": "reasoning", "content": "".join(self.thoughts)})
        if self.texts:
            parts.append({"type": "text", "content": "".join(self.texts)})
        document: Document = {"role": "assistant", "parts": [*parts, *self.calls.values()]}
        return document if self.finish is None else {**document, "finish_reason": self.finish}


class Choices:
    """The answers among ``n``, as they become known."""

    def __init__(self) -> None:
        self._found: dict[int, _Choice] = {}

    def at(self, index: int) -> _Choice:
        return self._found.setdefault(index, _Choice())

    def forget(self) -> None:
        """The whole answer follows, what was heard of it so far is in it."""
        self._found.clear()

    def documents(self) -> list[Document]:
        return [choice.document() for choice in self._found.values()]


def read_document(wire: Wire, choices: Choices) -> None:
    """A whole answer."""
    members = {name: wire.get(name) for name in ("choices", "output", "content", "stop_reason")}
    if wire.protocol == ANTHROPIC_MESSAGES:
        for index, block in enumerate(_entries(members, "content")):
            _block(index, block, choices.at(0))
        choices.at(0).finish = _text(members, "stop_reason")
    elif wire.protocol == OPENAI_RESPONSES:
        _output(members, choices)
    else:
        _choices(members, choices)


def read_stream(events: Iterable[StreamEvent], protocol: str, choices: Choices) -> None:
    """What a stream said, translated or in the caller's own ``protocol``."""
    read = {ANTHROPIC_MESSAGES: _anthropic_event, OPENAI_RESPONSES: _response_event}.get(protocol, _choices)
    for event in events:
        match event:
            case TextDelta() | RefusalDelta():
                choices.at(event.choice).texts.append(event.text)
            case ReasoningDelta():
                choices.at(event.choice).thoughts.append(event.text)
            case ToolCallDelta():
                choices.at(event.choice).call(event.index, id=event.id, name=event.name, arguments=event.arguments)
            case Finished():
                choices.at(event.choice).finish = event.reason
            case Relayed():
                for document in _documents(event.data):
                    read(document, choices)
            case UsageReport() if event.frame is not None:
                for document in _documents(event.frame):
                    read(document, choices)


def _choices(document: Document, choices: Choices) -> None:
    """OpenAI's chat and legacy completions, whole or in pieces."""
    for entry in _entries(document, "choices"):
        choice = choices.at(_number(entry.get("index"), 0))
        said = entry.get("delta") or entry.get("message")
        if isinstance(said, dict):
            choice.texts += _texts(said, "content", "refusal")
            choice.thoughts += _texts(said, "reasoning_content", "reasoning")
            for position, call in enumerate(_entries(said, "tool_calls")):
                function = call.get("function") or call.get("custom")
                if isinstance(function, dict):
                    written = function.get("arguments") or function.get("input") or ""
                    key = _number(call.get("index"), position)
                    choice.call(key, id=call.get("id"), name=function.get("name"), arguments=written)
        choice.texts += _texts(entry, "text")
        choice.finish = _text(entry, "finish_reason") or choice.finish


def _output(document: Document, choices: Choices) -> None:
    for index, item in enumerate(_entries(document, "output")):
        if item.get("type") == "message":
            for part in _entries(item, "content"):
                choices.at(0).texts += _texts(part, "text", "refusal")
        elif item.get("type") in ("function_call", "custom_tool_call"):
            written = item.get("arguments") or item.get("input") or ""
            choices.at(0).call(index, id=item.get("call_id"), name=item.get("name"), arguments=written)


def _response_event(document: Document, choices: Choices) -> None:
    kind, response = document.get("type"), document.get("response")
    if kind in ("response.completed", "response.incomplete") and isinstance(response, dict):
        choices.forget()
        _output(response, choices)
    elif kind == "response.output_text.delta":
        choices.at(0).texts += _texts(document, "delta")


def _anthropic_event(document: Document, choices: Choices) -> None:
    kind, index, delta = document.get("type"), _number(document.get("index"), 0), document.get("delta")
    if kind == "content_block_start" and isinstance(document.get("content_block"), dict):
        _block(index, {**document["content_block"], "input": ""}, choices.at(0))
    elif kind == "content_block_delta" and isinstance(delta, dict):
        choices.at(0).texts += _texts(delta, "text")
        choices.at(0).thoughts += _texts(delta, "thinking")
        if "partial_json" in delta:
            choices.at(0).call(index, arguments=delta["partial_json"])
    elif kind == "message_delta" and isinstance(delta, dict):
        choices.at(0).finish = _text(delta, "stop_reason")


def _block(index: int, block: Document, choice: _Choice) -> None:
    choice.texts += _texts(block, "text")
    choice.thoughts += _texts(block, "thinking")
    if block.get("type") == "tool_use":
        choice.call(index, id=block.get("id"), name=block.get("name"), arguments=block.get("input", ""))


def _documents(run: bytes) -> Iterator[Document]:
    for line in run.splitlines():
        if line.startswith(b"data:"):
            try:
                document = msgspec.json.decode(line[5:])
            except msgspec.DecodeError:  # [DONE]
                continue
            if isinstance(document, dict):
                yield document


def _entries(document: Document, name: str) -> list[Document]:
    value = document.get(name)
    return [entry for entry in value if isinstance(entry, dict)] if isinstance(value, list) else []


def _texts(document: Document, *names: str) -> list[str]:
    return [value for name in names if isinstance(value := document.get(name), str) and value]


def _number(value: Any, otherwise: int) -> int:
    return value if isinstance(value, int) else otherwise


def _text(document: Document, name: str) -> str | None:
    value = document.get(name)
    return value if isinstance(value, str) else None
