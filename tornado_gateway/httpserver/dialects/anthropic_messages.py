"""Anthropic Messages as callers speak them, and the counting of a prompt's tokens beside it.

Wire: Anthropic API reference, "Create a Message" and "Count Message tokens".
"""

from typing import Annotated, Any, Literal

import msgspec

from tornado_gateway.domain.call import Completed, ModelCall
from tornado_gateway.domain.errors import GatewayError
from tornado_gateway.domain.wire import ANTHROPIC_COUNT_TOKENS, ANTHROPIC_MESSAGES, Wire
from tornado_gateway.httpserver.dialects.anthropic_answer import failed, message_document
from tornado_gateway.httpserver.dialects.anthropic_errors import encode_error
from tornado_gateway.httpserver.dialects.anthropic_request import open_messages
from tornado_gateway.httpserver.dialects.anthropic_stream import MessagesStreamEncoder
from tornado_gateway.httpserver.dialects.base import StreamEncoder
from tornado_gateway.httpserver.dialects.decoding import ModelName, decode_as, decode_fields


class _Block(msgspec.Struct, frozen=True):
    type: str


class _TextBlock(msgspec.Struct, frozen=True):
    type: Literal["text"]
    text: str


class _Message(msgspec.Struct, frozen=True):
    role: Literal["user", "assistant", "system"]
    content: str | list[_Block]


class _Object(msgspec.Struct, frozen=True):
    """Any object: a wrong type is told here, the members are told where they are read."""


class CountBody(msgspec.Struct, frozen=True):
    """The documented members that both endpoints have, as far as a wrong type can be told."""

    model: ModelName
    messages: Annotated[list[_Message], msgspec.Meta(min_length=1)]
    system: str | list[_TextBlock] | None = None
    tools: list[_Object] | None = None
    tool_choice: _Object | None = None
    thinking: _Block | None = None
    output_config: _Object | None = None


class MessagesBody(CountBody, frozen=True, kw_only=True):
    """Ranges are the provider's to judge."""

    max_tokens: int
    stream: bool | None = None
    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    stop_sequences: list[str] | None = None
    metadata: _Object | None = None
    service_tier: str | None = None


_messages_body = msgspec.json.Decoder(MessagesBody)
_count_body = msgspec.json.Decoder(CountBody)


class AnthropicMessages:
    """``POST /v1/messages``."""

    name = ANTHROPIC_MESSAGES

    def decode_request(self, body: bytes) -> ModelCall:
        fields = decode_fields(body)
        read = decode_as(_messages_body, body)
        return ModelCall(
            model=read.model,
            wire=Wire(ANTHROPIC_MESSAGES, fields),
            decode=open_messages,
            stream=bool(read.stream),
            max_tokens=read.max_tokens,
        )

    def encode_response(self, completed: Completed) -> bytes:
        """A relayed body goes on as it came: the cost of this form is in a header. Raises ``UpstreamFailed`` for an
        answer that a failure ended, which this form has no word for."""
        if completed.answer.relayed is not None:
            return _as_it_came(completed.answer.relayed)
        chat = completed.answer.chat
        assert chat is not None, "a message is relayed or translated"
        if chat.choices[0].finish_reason == "error":
            raise failed(chat.choices[0].raw_finish)
        return msgspec.json.encode(message_document(chat, completed.usage))

    def stream_encoder(self, call: ModelCall) -> StreamEncoder:
        return MessagesStreamEncoder(call)

    def encode_error(self, error: GatewayError, request_id: str) -> bytes:
        return encode_error(error, request_id)


class AnthropicCountTokens:
    """``POST /v1/messages/count_tokens``: relayed where the provider counts, else estimated (``domain.counting``)."""

    name = ANTHROPIC_COUNT_TOKENS

    def decode_request(self, body: bytes) -> ModelCall:
        fields = decode_fields(body)
        read = decode_as(_count_body, body)
        return ModelCall(model=read.model, wire=Wire(ANTHROPIC_COUNT_TOKENS, fields), decode=open_messages)

    def encode_response(self, completed: Completed) -> bytes:
        answer = completed.answer
        if answer.relayed is not None:
            return _as_it_came(answer.relayed)
        assert answer.counted is not None, "a count is relayed or estimated"
        document: dict[str, Any] = {"input_tokens": answer.counted}
        return msgspec.json.encode(document)

    def stream_encoder(self, call: ModelCall) -> StreamEncoder:
        raise AssertionError("a count is one number and no stream")

    def encode_error(self, error: GatewayError, request_id: str) -> bytes:
        return encode_error(error, request_id)


def _as_it_came(wire: Wire) -> bytes:
    return msgspec.json.encode(wire.fields) if wire.body is None else wire.body
