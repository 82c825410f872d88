"""The output items of a stream: opened when their first piece comes, closed when something else begins. Pure.

Tool calls may come interleaved: each stays open until the answer goes on with something that is no call, or ends.
"""

from typing import Any

from tornado_gateway.domain.chat import Reasoning, ToolCall
from tornado_gateway.domain.stream import ImageDelta, ReasoningDelta, RefusalDelta, TextDelta, ToolCallDelta
from tornado_gateway.httpserver.dialects.responses_answer import (
    Item,
    annotations_of,
    call_item,
    call_seal,
    image_item,
    item_id,
    logprobs_of,
    message_item,
    reasoning_item,
    text_part,
    text_seal,
)

Tell = tuple[str, dict[str, Any]]
"""An event's type and members, its number left out."""


class _Said:
    """One part of a message: a text or a refusal."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.text: list[str] = []
        self.annotations: list[Any] = []
        self.logprobs: list[Any] = []

    def part(self) -> Item:
        text = "".join(self.text)
        if self.kind == "refusal":
            return {"type": "refusal", "refusal": text}
        return text_part(text, self.annotations, self.logprobs)


class _Message:
    def __init__(self, identity: str, index: int) -> None:
        self.id = identity
        self.index = index
        self.content: list[Item] = []
        self.said: _Said | None = None

    def open(self) -> list[Tell]:
        item = message_item(self.id, "in_progress")
        return [("response.output_item.added", {"output_index": self.index, "item": item})]

    def where(self) -> dict[str, Any]:
        return {"item_id": self.id, "output_index": self.index, "content_index": len(self.content)}

    def say(self, kind: str) -> tuple[_Said, list[Tell]]:
        """The part of this kind that is open, and what opens it."""
        if self.said is not None and self.said.kind == kind:
            return self.said, []
        told = self.end_part()
        self.said = _Said(kind)
        return self.said, [*told, ("response.content_part.added", {**self.where(), "part": self.said.part()})]

    def end_part(self) -> list[Tell]:
        said, self.said = self.said, None
        if said is None:
            return []
        part = said.part()
        where = self.where()
        self.content.append(part)
        if said.kind == "refusal":
            done: Tell = ("response.refusal.done", {**where, "refusal": part["refusal"]})
        else:
            done = ("response.output_text.done", {**where, "text": part["text"], "logprobs": said.logprobs})
        return [done, ("response.content_part.done", {**where, "part": part})]

    def close(self) -> tuple[Item, list[Tell]]:
        told = self.end_part()
        item = {**message_item(self.id), "content": self.content}
        return item, told


class _Thought:
    def __init__(self, identity: str, index: int) -> None:
        self.id = identity
        self.index = index
        self.thought = Reasoning()
        self.text: list[str] = []
        self.over = False

    def open(self) -> list[Tell]:
        item = {"id": self.id, "type": "reasoning", "summary": []}
        return [("response.output_item.added", {"output_index": self.index, "item": item})]

    def add(self, event: ReasoningDelta) -> list[Tell]:
        known = self.thought
        self.thought = Reasoning(
            signature=event.signature or known.signature,
            redacted=event.redacted or known.redacted,
            id=event.id or known.id,
            origin=event.origin or known.origin,
            summary=event.summary or known.summary,
        )
        self.over = event.signature is not None or event.redacted is not None
        if not event.text:
            return []
        told: list[Tell] = []
        if not self.text:
            empty = {"type": "summary_text", "text": ""}
            told.append(("response.reasoning_summary_part.added", {**self._where(), "part": empty}))
        self.text.append(event.text)
        return [*told, ("response.reasoning_summary_text.delta", {**self._where(), "delta": event.text})]

    def close(self) -> tuple[Item, list[Tell]]:
        text = "".join(self.text)
        known = self.thought
        whole = Reasoning(
            text=text,
            signature=known.signature,
            redacted=known.redacted,
            id=known.id,
            origin=known.origin,
            summary=known.summary,
        )
        told: list[Tell] = []
        if text:
            part = {"type": "summary_text", "text": text}
            told = [
                ("response.reasoning_summary_text.done", {**self._where(), "text": text}),
                ("response.reasoning_summary_part.done", {**self._where(), "part": part}),
            ]
        return reasoning_item(self.id, whole), told

    def _where(self) -> dict[str, Any]:
        return {"item_id": self.id, "output_index": self.index, "summary_index": 0}


class _Call:
    def __init__(self, identity: str, index: int, event: ToolCallDelta, *, custom: bool) -> None:
        self.id = identity
        self.index = index
        self.call_id = event.id or ""
        self.name = event.name or ""
        self.signature: str | None = None
        self.arguments: list[str] = []
        self._custom = custom
        self._kind = "custom_tool_call_input" if custom else "function_call_arguments"

    def open(self) -> list[Tell]:
        item = call_item(self.id, ToolCall(self.call_id, self.name, "", custom=self._custom), "in_progress")
        return [("response.output_item.added", {"output_index": self.index, "item": item})]

    def add(self, event: ToolCallDelta) -> list[Tell]:
        self.signature = event.signature or self.signature
        if not event.arguments:
            return []
        self.arguments.append(event.arguments)
        where = {"item_id": self.id, "output_index": self.index}
        return [(f"response.{self._kind}.delta", {**where, "delta": event.arguments})]

    def close(self) -> tuple[Item, list[Tell]]:
        arguments = "".join(self.arguments)
        item = call_item(self.id, ToolCall(self.call_id, self.name, arguments, custom=self._custom))
        members: dict[str, Any] = {"item_id": self.id, "output_index": self.index}
        if self._custom:
            return item, [(f"response.{self._kind}.done", {**members, "input": arguments})]
        return item, [(f"response.{self._kind}.done", {**members, "name": self.name, "arguments": arguments})]


class OpenItems:
    """``done`` holds the items that are over, in order; every method returns the events to be told.

    ``custom`` names the tools whose input is free text.
    """

    def __init__(self, response: str, custom: frozenset[str] = frozenset()) -> None:
        self._response = response
        self._custom = custom
        self._count = 0
        self._open: _Message | _Thought | None = None
        self._calls: dict[int, _Call] = {}
        self._closed: dict[int, Item] = {}
        self._status = "completed"

    @property
    def done(self) -> list[Item]:
        return [self._closed[index] for index in sorted(self._closed)]

    def text(self, event: TextDelta) -> list[Tell]:
        if not event.text and not event.annotations and event.signature is None:
            return []
        told: list[Tell] = []
        if event.text or event.annotations:
            message, told = self._message()
            said, opened = message.say("text")
            told.extend(opened)
            said.text.append(event.text)
            logprobs = logprobs_of(event.logprobs)
            said.logprobs.extend(logprobs)
            if event.text:
                members = {**message.where(), "delta": event.text, "logprobs": logprobs}
                told.append(("response.output_text.delta", members))
            for note in annotations_of(event.annotations):
                members = {**message.where(), "annotation_index": len(said.annotations), "annotation": note}
                told.append(("response.output_text.annotation.added", members))
                said.annotations.append(note)
        if event.signature is not None:
            told.extend(self._end())
            told.extend(self._carry(text_seal(self._next_id("rs"), event.signature)))
        return told

    def refusal(self, event: RefusalDelta) -> list[Tell]:
        message, told = self._message()
        said, opened = message.say("refusal")
        said.text.append(event.text)
        return [*told, *opened, ("response.refusal.delta", {**message.where(), "delta": event.text})]

    def thought(self, event: ReasoningDelta) -> list[Tell]:
        told: list[Tell] = []
        current = self._open
        if not isinstance(current, _Thought) or current.over:
            told = self._end()
            current = self._open = _Thought(self._next_id("rs"), self._next())
            told.extend(current.open())
        return [*told, *current.add(event)]

    def call(self, event: ToolCallDelta) -> list[Tell]:
        told: list[Tell] = []
        call = self._calls.get(event.index)
        if call is None:
            if self._open is not None:
                told = self._end()
            custom = event.name in self._custom
            call = self._calls[event.index] = _Call(self._next_id("fc"), self._next(), event, custom=custom)
            told.extend(call.open())
        return [*told, *call.add(event)]

    def image(self, event: ImageDelta) -> list[Tell]:
        told = self._end()
        return [*told, *self._carry([image_item(self._next_id("ig"), event.image)])]

    def close(self, status: str = "completed") -> list[Tell]:
        """``status`` is that of what is open still: it may have been cut off."""
        self._status = status
        return self._end()

    def _message(self) -> tuple[_Message, list[Tell]]:
        if isinstance(self._open, _Message):
            return self._open, []
        told = self._end()
        message = self._open = _Message(self._next_id("msg"), self._next())
        return message, [*told, *message.open()]

    def _end(self) -> list[Tell]:
        """Closes whatever is open, in the order in which it was opened."""
        told: list[Tell] = []
        if self._open is not None:
            told.extend(self._finish(self._open))
            self._open = None
        calls, self._calls = self._calls, {}
        for call in calls.values():
            told.extend(self._finish(call))
        for call in calls.values():
            told.extend(self._carry(call_seal(self._next_id("rs"), call.call_id, call.signature)))
        return told

    def _finish(self, open_item: _Message | _Thought | _Call) -> list[Tell]:
        item, told = open_item.close()
        if "status" in item:
            item["status"] = self._status
        self._closed[open_item.index] = item
        return [*told, ("response.output_item.done", {"output_index": open_item.index, "item": item})]

    def _carry(self, items: list[Item]) -> list[Tell]:
        """Items that come whole."""
        told: list[Tell] = []
        for item in items:
            index = self._next()
            self._closed[index] = item
            told.append(("response.output_item.added", {"output_index": index, "item": item}))
            told.append(("response.output_item.done", {"output_index": index, "item": item}))
        return told

    def _next(self) -> int:
        self._count += 1
        return self._count - 1

    def _next_id(self, kind: str) -> str:
        return item_id(kind, self._response, self._count)
