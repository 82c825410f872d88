"""OpenAI legacy text completions: ``POST /v1/completions`` with ``prompt``.

Wire: OpenAI API reference, "Create completion", "The completion object".
"""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import msgspec

from tornado_gateway.domain.call import Completed, ModelCall
from tornado_gateway.domain.chat import ChatRequest, Message, Refusal, Text
from tornado_gateway.domain.errors import GatewayError, InvalidRequest
from tornado_gateway.domain.stream import Finished, RefusalDelta, StreamEvent, TextDelta
from tornado_gateway.domain.wire import OPENAI_COMPLETIONS, Wire
from tornado_gateway.httpserver.dialects.base import StreamEncoder
from tornado_gateway.httpserver.dialects.costing import chat_usage, document_with_cost
from tornado_gateway.httpserver.dialects.decoding import ModelName, beyond, decode_as, decode_fields, open_fields
from tornado_gateway.httpserver.dialects.openai_errors import encode_error
from tornado_gateway.httpserver.dialects.openai_stream import OpenAIStreamEncoder, finish_word

_SAME_NAME: tuple[str, ...] = (
    "max_tokens",
    "temperature",
    "top_p",
    "frequency_penalty",
    "presence_penalty",
    "seed",
    "n",
    "user",
)
FAMILY = "openai.completions"
"""Not that of chat completions: whoever takes a chat has no place for ``suffix`` or ``best_of``."""

_NEUTRAL: dict[str, tuple[object, ...]] = {"echo": (False,), "best_of": (1,), "suffix": ("",)}
_READ = frozenset({*_SAME_NAME, "model", "prompt", "stream", "stream_options", "stop"})


class _StreamOptions(msgspec.Struct, frozen=True):
    include_usage: bool | None = None


class LegacyBody(msgspec.Struct, frozen=True):
    """``prompt`` is a text, texts, tokens or lists of tokens."""

    model: ModelName
    prompt: str | list[str | int | list[int]]
    stream: bool | None = None
    stream_options: _StreamOptions | None = None
    max_tokens: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    n: int | None = None
    best_of: int | None = None
    echo: bool | None = None
    frequency_penalty: float | None = None
    presence_penalty: float | None = None
    logprobs: int | None = None
    logit_bias: dict[str, float] | None = None
    seed: int | None = None
    stop: str | list[str] | None = None
    suffix: str | None = None
    user: str | None = None


_body = msgspec.json.Decoder(LegacyBody)


class OpenAILegacy:
    """Relayed where the provider has text completions, else asked as a chat of one user message."""

    name = OPENAI_COMPLETIONS

    def __init__(self, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        """``now`` gives the time of an answer whose provider does not tell it."""
        self._now = now

    def decode_request(self, body: bytes) -> ModelCall:
        fields = decode_fields(body)
        read = decode_as(_body, body)
        options = read.stream_options
        return ModelCall(
            model=read.model,
            wire=Wire(OPENAI_COMPLETIONS, fields),
            decode=_open,
            stream=bool(read.stream),
            wants_usage=bool(options and options.include_usage),
            max_tokens=read.max_tokens,
            prompts=_prompts(read.prompt),
        )

    def encode_response(self, completed: Completed) -> bytes:
        if completed.answer.relayed is not None:
            return document_with_cost(completed.answer.relayed.fields, completed.cost)
        chat = completed.answer.chat
        assert chat is not None, "a completion is relayed or translated"
        choices = [
            {
                "text": _text(choice.message),
                "index": choice.index,
                "logprobs": None,
                "finish_reason": finish_word(choice.finish_reason, refused=choice.message.refused),
            }
            for choice in chat.choices
        ]
        document = {
            "id": chat.id,
            "object": "text_completion",
            "created": chat.created or int(self._now().timestamp()),
            "model": chat.model,
            "choices": choices,
            "usage": chat_usage(completed.usage, completed.cost),
        }
        return msgspec.json.encode(document)

    def stream_encoder(self, call: ModelCall) -> StreamEncoder:
        return LegacyStreamEncoder(call, int(self._now().timestamp()))

    def encode_error(self, error: GatewayError, request_id: str) -> bytes:
        return encode_error(error)


class LegacyStreamEncoder(OpenAIStreamEncoder):
    kind = "text_completion"

    def _translated(self, event: StreamEvent) -> bytes:
        match event:
            case TextDelta() | RefusalDelta():
                return self._chunk(event.choice, event.text, None)
            case Finished():
                return self._chunk(event.choice, "", self._finish_word(event))
        return b""

    def _chunk(self, choice: int, text: str, finish_reason: str | None) -> bytes:
        body = {"text": text, "index": choice, "logprobs": None, "finish_reason": finish_reason}
        return self._data({"choices": [body]})


def _open(wire: Wire) -> ChatRequest:
    document = open_fields(wire.fields)
    prompt = document["prompt"]
    if isinstance(prompt, list) and len(prompt) == 1 and isinstance(prompt[0], str):
        prompt = prompt[0]
    if not isinstance(prompt, str):
        raise InvalidRequest("prompt: the route's provider takes one text, not several or tokens.", param="prompt")
    stop = document.get("stop")
    same: dict[str, Any] = {name: document.get(name) for name in _SAME_NAME}
    return ChatRequest(
        model=document["model"],
        messages=(Message(role="user", parts=(Text(prompt),)),),
        stream=bool(document.get("stream")),
        stop=() if stop is None else (stop,) if isinstance(stop, str) else tuple(stop),
        extra=beyond(document, _READ, _NEUTRAL),
        family=FAMILY,
        **same,
    )


def _text(message: Message) -> str:
    """A refusal has no place of its own in this form."""
    return "".join(part.text for part in message.parts if isinstance(part, Text | Refusal))


def _prompts(prompt: str | list[str | int | list[int]]) -> int:
    """A list of numbers is one, in tokens."""
    return len(prompt) if isinstance(prompt, list) and prompt and not isinstance(prompt[0], int) else 1
