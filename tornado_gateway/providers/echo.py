"""The offline provider: answers with the last user message's text. No key, no network, no cost."""

import re
from collections.abc import AsyncIterator
from hashlib import blake2b
from math import sqrt
from uuid import uuid4

from tornado_gateway.domain.call import Answer, Embedding, ModelCall
from tornado_gateway.domain.chat import ChatRequest, ChatResponse, Choice, Message, Text
from tornado_gateway.domain.context import RequestContext
from tornado_gateway.domain.embeddings import EmbeddingCall
from tornado_gateway.domain.errors import InvalidRequest
from tornado_gateway.domain.ports import Clock
from tornado_gateway.domain.stream import Finished, Started, StreamBatch, TextDelta, UsageReport
from tornado_gateway.domain.usage import TokenUsage

_WORD = re.compile(r"\s*\S+|\s+")

DIMENSIONS = 256
"""Length of a vector where the caller asks for none."""

_MOST_ANSWERS = 128
_MOST_INPUTS = 2048
_MOST_DIMENSIONS = 4096
"""As OpenAI's own: whoever asks for more than a provider gives shall hear of it here too."""


class EchoProvider:
    """Counts words as tokens. ``pause`` is in seconds between the words of a stream."""

    configured = True
    retries = 0

    def __init__(self, *, name: str, clock: Clock, pause: float = 0.02) -> None:
        self.name = name
        self._clock = clock
        self._pause = pause

    async def complete(self, call: ModelCall, model: str, context: RequestContext) -> Answer:
        indexes = _choices(call.chat)
        text, finish = _answer_text(call.chat)
        message = Message(role="assistant", parts=(Text(text),))
        choices = tuple(
            Choice(index=index, message=message, finish_reason="length" if finish == "length" else "stop")
            for index in indexes
        )
        return Answer(
            usage=_usage(call.chat, text),
            chat=ChatResponse(id=_identity(), model=model, created=int(self._clock.now().timestamp()), choices=choices),
            finish_reason=finish,
        )

    async def embed(self, call: EmbeddingCall, model: str, context: RequestContext) -> Answer:
        """Texts that share words come out near each other: enough to try a program out."""
        request = call.request
        _require(len(request.inputs) <= _MOST_INPUTS, "input", f"at most {_MOST_INPUTS} texts at once")
        length = DIMENSIONS if request.dimensions is None else request.dimensions
        _require(1 <= length <= _MOST_DIMENSIONS, "dimensions", f"1 to {_MOST_DIMENSIONS}")
        texts = [given if isinstance(given, str) else " ".join(map(str, given)) for given in request.inputs]
        vectors = [_vector(text, length) for text in texts]
        return Answer(
            usage=TokenUsage(input=sum(len(text.split()) for text in texts)),
            embeddings=tuple(Embedding(index, vector) for index, vector in enumerate(vectors)),
        )

    async def stream(self, call: ModelCall, model: str, context: RequestContext) -> AsyncIterator[StreamBatch]:
        chat = call.chat
        text, finish = _answer_text(chat)
        choices = _choices(chat)
        started = Started(id=_identity(), model=model, created=int(self._clock.now().timestamp()))
        words = _pieces(text)
        first = tuple(TextDelta(words[0], choice=index) for index in choices) if words else ()
        yield StreamBatch((started, *first))
        for word in words[1:]:
            if self._pause:
                await self._clock.sleep(self._pause)
            yield StreamBatch(tuple(TextDelta(word, choice=index) for index in choices))
        ends = tuple(Finished("length" if finish == "length" else "stop", choice=index) for index in choices)
        yield StreamBatch((*ends, UsageReport(_usage(chat, text))), last=True)


def _vector(text: str, dimensions: int) -> tuple[float, ...]:
    """Each word adds or takes one at a place of its own; the whole has the length 1, as OpenAI's vectors have."""
    vector = [0.0] * dimensions
    for word in text.lower().split() or [""]:
        digest = int.from_bytes(blake2b(word.encode(), digest_size=8).digest())
        vector[digest % dimensions] += 1.0 if digest >> 63 else -1.0
    length = sqrt(sum(value * value for value in vector)) or 1.0
    return tuple(value / length for value in vector)


def _identity() -> str:
    return f"chatcmpl-{uuid4().hex}"


def _choices(chat: ChatRequest) -> range:
    count = 1 if chat.n is None else chat.n
    _require(1 <= count <= _MOST_ANSWERS, "n", f"1 to {_MOST_ANSWERS}")
    _require(chat.max_tokens is None or chat.max_tokens >= 0, "max_tokens", "no less than 0")
    return range(count)


def _require(fits: bool, field: str, what: str) -> None:
    """Raises ``InvalidRequest``."""
    if not fits:
        raise InvalidRequest(f"{field}: expected {what}.", param=field)


def _answer_text(chat: ChatRequest) -> tuple[str, str]:
    """The last user message's text, cut to ``max_tokens`` words, and why it ended."""
    text = next((message.text for message in reversed(chat.messages) if message.role == "user"), "")
    words = _pieces(text)
    if chat.max_tokens is not None and len(words) > chat.max_tokens:
        return "".join(words[: chat.max_tokens]).rstrip(), "length"
    return text, "stop"


def _pieces(text: str) -> list[str]:
    """Words with the white space before each, so that the pieces join to the text exactly."""
    return _WORD.findall(text)


def _usage(chat: ChatRequest, answer: str) -> TokenUsage:
    prompt = sum(len(message.text.split()) for message in chat.messages)
    return TokenUsage(input=prompt, output=len(answer.split()) * (chat.n or 1))
