"""OpenAI chat completions as callers speak them.

Wire: OpenAI API reference, "Create chat completion", "The chat completion object", "... chunk object".
"""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated, Any

import msgspec

from tornado_gateway.domain.call import Completed, ModelCall
from tornado_gateway.domain.chat import (
    ChatRequest,
    Choice,
    Reasoning,
    Refusal,
    Text,
)
from tornado_gateway.domain.errors import GatewayError
from tornado_gateway.domain.wire import OPENAI_CHAT, Wire
from tornado_gateway.httpserver.dialects.base import StreamEncoder
from tornado_gateway.httpserver.dialects.costing import chat_usage, document_with_cost
from tornado_gateway.httpserver.dialects.decoding import ModelName, decode_as, decode_fields, open_fields
from tornado_gateway.httpserver.dialects.openai_errors import encode_error
from tornado_gateway.httpserver.dialects.openai_images import images_of
from tornado_gateway.httpserver.dialects.openai_messages import chat_request
from tornado_gateway.httpserver.dialects.openai_stream import TIERS, ChatStreamEncoder, finish_word, is_own_note
from tornado_gateway.httpserver.dialects.openai_thoughts import thinking_blocks
from tornado_gateway.httpserver.dialects.openai_tools import tool_call_member


class _Message(msgspec.Struct, frozen=True):
    role: str
    content: str | list[dict[str, Any]] | None = None
    name: str | None = None
    tool_call_id: str | None = None
    tool_calls: list[dict[str, Any]] | None = None


class _StreamOptions(msgspec.Struct, frozen=True):
    include_usage: bool | None = None


class ChatBody(msgspec.Struct, frozen=True):
    """The documented members, as far as a wrong type can be told; ranges are the provider's to judge."""

    model: ModelName
    messages: Annotated[list[_Message], msgspec.Meta(min_length=1)]
    stream: bool | None = None
    stream_options: _StreamOptions | None = None
    max_tokens: int | None = None
    max_completion_tokens: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    n: int | None = None
    frequency_penalty: float | None = None
    presence_penalty: float | None = None
    seed: int | None = None
    stop: str | list[str] | None = None
    logprobs: bool | None = None
    top_logprobs: int | None = None
    logit_bias: dict[str, float] | None = None
    tools: list[dict[str, Any]] | None = None
    tool_choice: str | dict[str, Any] | None = None
    parallel_tool_calls: bool | None = None
    response_format: dict[str, Any] | None = None
    reasoning_effort: str | None = None
    metadata: dict[str, str] | None = None
    user: str | None = None
    service_tier: str | None = None

    @property
    def bound(self) -> int | None:
        """Tokens of an answer at most: the younger word for it counts where both are there."""
        return self.max_tokens if self.max_completion_tokens is None else self.max_completion_tokens


_body = msgspec.json.Decoder(ChatBody)


class OpenAIChat:
    """``POST /v1/chat/completions``."""

    name = OPENAI_CHAT

    def __init__(self, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        """``now`` gives the time of an answer whose provider does not tell it."""
        self._now = now

    def decode_request(self, body: bytes) -> ModelCall:
        fields = decode_fields(body)
        read = decode_as(_body, body)
        options = read.stream_options
        return ModelCall(
            model=read.model,
            wire=Wire(OPENAI_CHAT, fields),
            decode=open_chat,
            stream=bool(read.stream),
            wants_usage=bool(options and options.include_usage),
            max_tokens=read.bound,
            metadata=read.metadata,
        )

    def encode_response(self, completed: Completed) -> bytes:
        if completed.answer.relayed is not None:
            return document_with_cost(completed.answer.relayed.fields, completed.cost)
        chat = completed.answer.chat
        assert chat is not None, "a chat answer is relayed or translated"
        document: dict[str, Any] = {
            "id": chat.id,
            "object": "chat.completion",
            "created": chat.created or int(self._now().timestamp()),
            "model": chat.model,
            "choices": [_choice(choice) for choice in chat.choices],
            "usage": chat_usage(completed.usage, completed.cost),
        }
        if chat.service_tier in TIERS:
            document["service_tier"] = chat.service_tier
        return msgspec.json.encode(document)

    def stream_encoder(self, call: ModelCall) -> StreamEncoder:
        return ChatStreamEncoder(call, int(self._now().timestamp()))

    def encode_error(self, error: GatewayError, request_id: str) -> bytes:
        return encode_error(error)


def open_chat(wire: Wire) -> ChatRequest:
    return chat_request(open_fields(wire.fields))


def _choice(choice: Choice) -> dict[str, Any]:
    message: dict[str, Any] = {"role": "assistant", "content": None, "refusal": None}
    texts = [part for part in choice.message.parts if isinstance(part, Text)]
    if texts:
        message["content"] = "".join(part.text for part in texts)
    elif not choice.message.parts:
        message["content"] = ""
    annotations = [note for part in texts for note in part.annotations if is_own_note(note)]
    if annotations:
        message["annotations"] = annotations
    images = images_of(choice.message.parts)
    if images:
        message["images"] = images
    refusals = [part.text for part in choice.message.parts if isinstance(part, Refusal)]
    if refusals:
        message["refusal"] = "".join(refusals)
    thoughts = [part.text for part in choice.message.parts if isinstance(part, Reasoning) and part.text]
    if thoughts:
        message["reasoning_content"] = "".join(thoughts)
    blocks = thinking_blocks(choice.message.parts)
    if blocks:
        message["thinking_blocks"] = blocks
    calls = [tool_call_member(call) for call in choice.message.tool_calls]
    if calls:
        message["tool_calls"] = calls
    return {
        "index": choice.index,
        "message": message,
        "logprobs": choice.logprobs,
        "finish_reason": finish_word(choice.finish_reason, refused=choice.message.refused),
    }
