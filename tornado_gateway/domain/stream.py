"""What a stream says, piece by piece. A provider yields batches: all that one read brought.

``choice`` is the index of the answer among ``n``; ``index`` in a tool call counts the calls of that answer from 0.
"""

from typing import Any

import msgspec

from tornado_gateway.domain.chat import FinishReason, Image
from tornado_gateway.domain.errors import GatewayError
from tornado_gateway.domain.money import Cost
from tornado_gateway.domain.usage import TokenUsage


class Started(msgspec.Struct, frozen=True, tag="started", gc=False):
    """The answer's identity; comes once, before any delta, on the translate lane."""

    id: str
    model: str
    created: int | None = None


class TextDelta(msgspec.Struct, frozen=True, tag="text", gc=False):
    text: str
    choice: int = 0
    logprobs: Any = None
    signature: str | None = None
    annotations: tuple[Any, ...] = ()


class RefusalDelta(msgspec.Struct, frozen=True, tag="refusal", gc=False):
    text: str
    choice: int = 0


class ReasoningDelta(msgspec.Struct, frozen=True, tag="reasoning", gc=False):
    """A piece of thought; ``signature`` or ``redacted`` ends a thought (see ``chat.Reasoning``)."""

    text: str = ""
    choice: int = 0
    signature: str | None = None
    redacted: str | None = None
    id: str | None = None
    origin: str | None = None
    summary: bool = False


class ToolCallDelta(msgspec.Struct, frozen=True, tag="tool_call", gc=False):
    """``id`` and ``name`` come with the call's first piece; ``arguments`` is a piece of JSON text, or of any text where
    the tool is ``custom``."""

    index: int
    arguments: str = ""
    id: str | None = None
    name: str | None = None
    choice: int = 0
    signature: str | None = None
    custom: bool = False


class ImageDelta(msgspec.Struct, frozen=True, tag="image", gc=False):
    """An image that the model made; it comes whole."""

    image: Image
    choice: int = 0


class Finished(msgspec.Struct, frozen=True, tag="finished", gc=False):
    """One choice is complete."""

    reason: FinishReason
    choice: int = 0
    stop_sequence: str | None = None
    raw: str | None = None


class UsageReport(msgspec.Struct, frozen=True, tag="usage", gc=False):
    """Usage so far, the last report counting; the service fills in ``cost``.

    On the relay lane ``frame`` is the event as it came (the cost goes into it), and ``bare`` says that
    it holds nothing but usage. ``early``: given before the answer, so that its output is still to come.
    """

    usage: TokenUsage
    cost: Cost | None = None
    frame: bytes | None = None
    bare: bool = False
    early: bool = False
    finish_reason: str | None = None
    """As in ``Relayed``, of a ``frame``."""


class Relayed(msgspec.Struct, frozen=True, tag="relayed", gc=False, omit_defaults=True):
    """Whole events in the caller's own protocol, forwarded as they are. ``events`` counts them.

    ``preface`` says that they only begin an answer and hold nothing of it yet; ``finish_reason`` is the provider's own
    word, where they hold it.
    """

    data: bytes
    events: int
    preface: bool = False
    finish_reason: str | None = None


StreamEvent = (
    Started | TextDelta | RefusalDelta | ReasoningDelta | ToolCallDelta | ImageDelta | Finished | UsageReport | Relayed
)


class StreamBatch(msgspec.Struct, frozen=True, gc=False):
    """``last`` is true on the batch that ends the answer: the provider's own end mark was seen.

    ``error`` is what ended the stream in the same read, behind the events: those came, and are not lost with it.
    """

    events: tuple[StreamEvent, ...]
    last: bool = False
    error: GatewayError | None = None


def says_something(batch: StreamBatch) -> bool:
    """Whether the answer has begun: what comes before that may still be taken back."""
    return any(not _is_preface(event) for event in batch.events)


def _is_preface(event: StreamEvent) -> bool:
    match event:
        case Started():
            return True
        case UsageReport():
            return event.early
        case Relayed():
            return event.preface
        case TextDelta():
            return not event.text and event.logprobs is None
    return False
