"""What of a chat or legacy completions answer is read, and of a chunk of its stream.

Wire: OpenAI API reference, "The chat completion object", "The chat completion chunk object". Vendors leave members out
or send them as null, so that everything here has a default.
"""

from typing import Any

import msgspec

from tornado_gateway.providers.openai.usage import ChatUsage


class Function(msgspec.Struct, frozen=True):
    name: str | None = None
    arguments: str | dict[str, Any] | None = None


class Custom(msgspec.Struct, frozen=True):
    name: str | None = None
    input: str | None = None


class _Google(msgspec.Struct, frozen=True):
    thought_signature: str | None = None


class _ExtraContent(msgspec.Struct, frozen=True):
    google: _Google | None = None


class WireToolCall(msgspec.Struct, frozen=True):
    """Of an answer and of a stream's delta, where ``id`` and ``name`` come once."""

    index: int | None = None
    id: str | None = None
    type: str | None = None
    function: Function | None = None
    custom: Custom | None = None
    extra_content: _ExtraContent | None = None

    @property
    def signature(self) -> str | None:
        """Gemini's, from its compatible endpoint."""
        google = self.extra_content.google if self.extra_content else None
        return google.thought_signature if google else None


class Spoken(msgspec.Struct, frozen=True):
    """An answer that is sound, in words."""

    transcript: str | None = None


class WireMessage(msgspec.Struct, frozen=True):
    """``content`` is a list at Mistral's thinking models; ``reasoning`` and ``reasoning_content`` are vendors' own."""

    role: str | None = None
    content: str | list[dict[str, Any]] | None = None
    refusal: str | None = None
    tool_calls: list[WireToolCall] | None = None
    function_call: Function | None = None
    reasoning_content: str | None = None
    reasoning: str | None = None
    reasoning_details: list[Any] | None = None
    annotations: list[Any] | None = None
    audio: Spoken | None = None
    images: list[Any] | None = None
    """OpenRouter's, which others have taken up: ``{"type": "image_url", "image_url": {"url": ...}}``."""


class WireChoice(msgspec.Struct, frozen=True):
    index: int | None = None
    message: WireMessage | None = None
    delta: WireMessage | None = None
    finish_reason: str | None = None
    logprobs: Any = None


class XGroq(msgspec.Struct, frozen=True):
    """Groq's own member, in which some models alone report usage."""

    usage: ChatUsage | None = None


class WireAnswer(msgspec.Struct, frozen=True):
    """A chat completion, or one chunk of its stream."""

    id: str | None = None
    model: str | None = None
    created: int | float | None = None
    choices: list[WireChoice] | None = None
    usage: ChatUsage | None = None
    x_groq: XGroq | None = None
    service_tier: str | None = None
    search_results: list[Any] | None = None
    citations: list[Any] | None = None
    error: Any = None


class Ending(msgspec.Struct, frozen=True):
    finish_reason: str | None = None


class _Embedding(msgspec.Struct, frozen=True):
    """Nothing of it is read."""


class Glance(msgspec.Struct, frozen=True):
    """What the relay lane reads on the way, of an answer and of a chunk of its stream."""

    choices: list[Ending] | None = None
    data: list[_Embedding] | None = None
    usage: ChatUsage | None = None
    x_groq: XGroq | None = None
    service_tier: str | None = None
    error: Any = None
