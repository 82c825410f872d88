"""What the chunks of a stream mean, one after the other. Pure.

Wire: Gemini API reference, "streamGenerateContent". Calls come whole. Some models repeat the finish reason in every
chunk, so that a candidate is finished only with the stream.
"""

from tornado_gateway.domain.chat import Image, ToolCall
from tornado_gateway.domain.stream import (
    Finished,
    ImageDelta,
    ReasoningDelta,
    StreamEvent,
    TextDelta,
    ToolCallDelta,
)
from tornado_gateway.providers.gemini.citations import CitationMetadata, GroundingMetadata, annotations
from tornado_gateway.providers.gemini.logprobs import openai_logprobs
from tornado_gateway.providers.gemini.response import (
    FAMILY,
    Candidate,
    WireAnswer,
    WirePart,
    call_id,
    finish_reason,
    media,
    part_decoder,
    tool_call,
)


class Candidates:
    """Remembers of a stream what its end needs. ``answer`` is the answer's id."""

    def __init__(self) -> None:
        self.answer = ""
        self._candidates: dict[int, _Candidate] = {}
        self._blocked: str | None = None

    @property
    def finished(self) -> bool:
        """True once every candidate was, and where there is none because the prompt was blocked."""
        if not self._candidates:
            return self._blocked is not None
        return all(candidate.finish is not None for candidate in self._candidates.values())

    def read(self, chunk: WireAnswer, events: list[StreamEvent]) -> None:
        """Appends what ``chunk`` says."""
        self._blocked = chunk.blocked or self._blocked
        for position, read in enumerate(chunk.candidates or ()):
            index = position if read.index is None else read.index
            candidate = self._candidates.get(index)
            if candidate is None:
                candidate = self._candidates[index] = _Candidate(index, self.answer)
            candidate.read(read, events)

    def end(self, events: list[StreamEvent]) -> None:
        """Appends how each candidate ended."""
        if not self._candidates:
            events.append(Finished("content_filter", raw=self._blocked))
        for candidate in self._candidates.values():
            candidate.end(events)


class _Candidate:
    def __init__(self, index: int, answer: str) -> None:
        self.finish: str | None = None
        self._index = index
        self._answer = answer
        self._calls = 0
        self._said: list[str] = []
        self._grounding: GroundingMetadata | None = None
        self._citation: CitationMetadata | None = None

    def read(self, read: Candidate, events: list[StreamEvent]) -> None:
        logprobs = openai_logprobs(read.logprobs_result)
        for raw in read.parts:
            part = part_decoder.decode(raw)
            if part.function_call is not None:
                self._call(part, events)
            elif part.text is not None:
                if part.thought:
                    self._thought(part, part.text, events)
                elif part.text or part.thought_signature:
                    self._said.append(part.text)
                    signature = part.thought_signature or None
                    events.append(TextDelta(part.text, choice=self._index, logprobs=logprobs, signature=signature))
                    logprobs = None
            elif part.inline_data is not None and not part.thought:
                made = media(part.inline_data)
                if isinstance(made, Image):
                    events.append(ImageDelta(made, choice=self._index))
        if logprobs is not None:
            events.append(TextDelta("", choice=self._index, logprobs=logprobs))
        if read.grounding_metadata is not None and read.grounding_metadata.grounding_supports:
            self._grounding = read.grounding_metadata
        if read.citation_metadata is not None:
            known = self._citation.sources if self._citation is not None else []
            self._citation = CitationMetadata(citations=[*known, *read.citation_metadata.sources])
        self.finish = read.finish_reason or self.finish

    def end(self, events: list[StreamEvent]) -> None:
        notes = annotations("".join(self._said), self._grounding, self._citation)
        if notes:
            events.append(TextDelta("", choice=self._index, annotations=notes))
        reason = finish_reason(self.finish, called=self._calls > 0)
        events.append(Finished(reason, choice=self._index, raw=self.finish))

    def _call(self, part: WirePart, events: list[StreamEvent]) -> None:
        call: ToolCall = tool_call(part, call_id(self._answer, self._index, self._calls))
        events.append(
            ToolCallDelta(
                index=self._calls,
                arguments=call.arguments,
                id=call.id,
                name=call.name,
                choice=self._index,
                signature=call.signature,
            )
        )
        self._calls += 1

    def _thought(self, part: WirePart, text: str, events: list[StreamEvent]) -> None:
        signature = part.thought_signature or None
        if text or signature:
            events.append(ReasoningDelta(text, choice=self._index, signature=signature, origin=FAMILY))
