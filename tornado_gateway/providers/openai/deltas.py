"""What the chunks of a chat stream mean, one after the other. Pure.

Wire: OpenAI API reference, "The chat completion chunk object". Vendors count tool calls in ways of their own: some give
no index, some 0 to each, some no id.
"""

from typing import Any

from tornado_gateway.domain.chat import FinishReason
from tornado_gateway.domain.stream import (
    Finished,
    ImageDelta,
    ReasoningDelta,
    RefusalDelta,
    Started,
    StreamEvent,
    TextDelta,
    ToolCallDelta,
    UsageReport,
)
from tornado_gateway.providers.openai.reasoning import FAMILY, DetailsOfStream, thinking_text
from tornado_gateway.providers.openai.response import arguments_text, finish_reason, images_of, made_up_id, usage_of
from tornado_gateway.providers.openai.shapes import Function, WireAnswer, WireChoice, WireMessage, WireToolCall
from tornado_gateway.providers.openai.sources import annotations


class ChatDeltas:
    """Remembers of a stream what later chunks refer to."""

    def __init__(self) -> None:
        self._id: str | None = None
        self._choices: dict[int, _Choice] = {}

    @property
    def begun(self) -> bool:
        """True once there was a choice."""
        return bool(self._choices)

    @property
    def finished(self) -> bool:
        """True once a choice was finished."""
        return any(choice.over for choice in self._choices.values())

    def read(self, chunk: WireAnswer, events: list[StreamEvent]) -> None:
        """Appends what ``chunk`` says."""
        if self._id is None and (chunk.id or chunk.choices):
            self._id = chunk.id or ""
            created = None if chunk.created is None else int(chunk.created)
            events.append(Started(id=self._id, model=chunk.model or "", created=created))
        for position, read in enumerate(chunk.choices or ()):
            index = position if read.index is None else read.index
            choice = self._choices.get(index)
            if choice is None:
                choice = self._choices[index] = _Choice(index, self._id or "")
            if chunk.search_results or chunk.citations:
                choice.sources = chunk
            choice.read(read, events)
        usage = usage_of(chunk)
        if usage is not None:
            events.append(UsageReport(usage))


class _Choice:
    def __init__(self, index: int, answer: str) -> None:
        self.over = False
        self.sources: WireAnswer | None = None
        """The latest chunk that lists them: vendors repeat them in each."""
        self._said: list[str] = []
        self._index = index
        self._answer = answer
        self._spoke = False
        self._refused = False
        self._calls: list[str] = []
        """Ids of the calls so far, empty where the vendor gave none."""
        self._open: dict[int, int] = {}
        """Which call an index of the vendor's means now."""
        self._details = DetailsOfStream()

    def read(self, choice: WireChoice, events: list[StreamEvent]) -> None:
        delta = choice.delta or choice.message
        if delta is not None:
            self._delta(delta, choice.logprobs, events)
        if choice.finish_reason and not self.over:
            self.over = True
            self._thought_over(events)
            if self.sources is not None:
                notes = annotations("".join(self._said), self.sources.search_results, self.sources.citations)
                events.append(TextDelta("", choice=self._index, annotations=notes))
            reason = self._reason(finish_reason(choice.finish_reason))
            events.append(Finished(reason, choice=self._index, raw=choice.finish_reason))

    def _reason(self, said: FinishReason) -> FinishReason:
        if said != "stop":
            return said
        if self._calls:
            return "tool_calls"
        return "refusal" if self._refused and not self._spoke else "stop"

    def _delta(self, delta: WireMessage, logprobs: Any, events: list[StreamEvent]) -> None:
        self._thought(delta.reasoning_content or delta.reasoning, events)
        if delta.reasoning_details:
            self._details.add(delta.reasoning_details)
        if isinstance(delta.content, list):
            for piece in delta.content:
                if piece.get("type") == "thinking":
                    self._thought(thinking_text(piece.get("thinking")), events)
                elif isinstance(piece.get("text"), str):
                    self._text(piece["text"], logprobs, events)
        elif delta.content is not None:
            self._text(delta.content, logprobs, events)
        if delta.audio and delta.audio.transcript:
            self._text(delta.audio.transcript, None, events)
        if delta.annotations:
            self._thought_over(events)
            events.append(TextDelta("", choice=self._index, annotations=tuple(delta.annotations)))
        for image in images_of(delta.images):
            self._thought_over(events)
            self._spoke = True
            events.append(ImageDelta(image, choice=self._index))
        if delta.refusal:
            self._thought_over(events)
            self._refused = True
            events.append(RefusalDelta(delta.refusal, choice=self._index))
        for position, call in enumerate(delta.tool_calls or ()):
            self._thought_over(events)
            events.append(self._call(call, position))

    def _text(self, text: str, logprobs: Any, events: list[StreamEvent]) -> None:
        if not text and logprobs is None:
            return
        self._thought_over(events)
        self._spoke = self._spoke or bool(text)
        if self.sources is not None:
            self._said.append(text)
        events.append(TextDelta(text, choice=self._index, logprobs=logprobs))

    def _thought(self, text: str | None, events: list[StreamEvent]) -> None:
        if text:
            events.append(ReasoningDelta(text, choice=self._index, origin=FAMILY))

    def _thought_over(self, events: list[StreamEvent]) -> None:
        signature = self._details.take()
        if signature is not None:
            events.append(ReasoningDelta(choice=self._index, signature=signature, origin=FAMILY))

    def _call(self, call: WireToolCall, position: int) -> ToolCallDelta:
        function = call.function or Function()
        custom = call.custom
        name = function.name or (custom.name if custom else None)
        place = position if call.index is None else call.index
        index = self._open.get(place)
        identity = call.id or None
        if index is None or self._is_another(index, call.id, name):
            index = self._open[place] = len(self._calls)
            self._calls.append(call.id or "")
            identity = call.id or made_up_id(self._answer, index)
        return ToolCallDelta(
            index=index,
            arguments=(custom.input or "") if custom else arguments_text(function),
            id=identity,
            name=name or None,
            choice=self._index,
            signature=call.signature,
            custom=custom is not None,
        )

    def _is_another(self, index: int, identity: str | None, name: str | None) -> bool:
        if not name:
            return False  # a piece of the arguments
        return not identity if not self._calls[index] else bool(identity) and identity != self._calls[index]
