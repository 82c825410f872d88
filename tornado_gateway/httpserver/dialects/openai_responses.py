"""OpenAI Responses as callers speak them: ``POST /v1/responses``. The gateway itself keeps nothing of a conversation.

Wire: OpenAI API reference, "Create a model response", "The response object", "Streaming events".
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec

from tornado_gateway.domain.call import Completed, ModelCall
from tornado_gateway.domain.errors import GatewayError, InvalidRequest
from tornado_gateway.domain.wire import OPENAI_RESPONSES, Wire
from tornado_gateway.httpserver.dialects.base import StreamEncoder
from tornado_gateway.httpserver.dialects.costing import document_with_cost
from tornado_gateway.httpserver.dialects.decoding import ModelName, decode_as, decode_fields, open_fields
from tornado_gateway.httpserver.dialects.openai_errors import encode_error
from tornado_gateway.httpserver.dialects.responses_answer import response_document
from tornado_gateway.httpserver.dialects.responses_request import open_responses
from tornado_gateway.httpserver.dialects.responses_stream import ResponsesStreamEncoder


class _Object(msgspec.Struct, frozen=True):
    """Any object: a wrong type is told here, the members are told where they are read."""


class ResponsesBody(msgspec.Struct, frozen=True):
    """The documented members, as far as a wrong type can be told; ranges are the provider's to judge."""

    model: ModelName
    input: str | list[_Object] | None = None
    instructions: str | list[_Object] | None = None
    stream: bool | None = None
    store: bool | None = None
    background: bool | None = None
    max_output_tokens: int | None = None
    max_tool_calls: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    top_logprobs: int | None = None
    parallel_tool_calls: bool | None = None
    previous_response_id: str | None = None
    include: list[str] | None = None
    tools: list[_Object] | None = None
    tool_choice: str | _Object | None = None
    text: _Object | None = None
    reasoning: _Object | None = None
    metadata: dict[str, str] | None = None
    user: str | None = None
    service_tier: str | None = None
    truncation: str | None = None


_INSTEAD = ("prompt", "conversation", "previous_response_id")
"""What OpenAI keeps, with which nothing more need be said."""

_body = msgspec.json.Decoder(ResponsesBody)


class OpenAIResponses:
    """Relayed to whoever has Responses, else asked as a chat. ``now`` gives the time of an answer that tells none."""

    name = OPENAI_RESPONSES

    def __init__(self, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._now = now

    def decode_request(self, body: bytes) -> ModelCall:
        fields = decode_fields(body)
        read = decode_as(_body, body)
        if read.input is None and not any(name in fields for name in _INSTEAD):
            raise InvalidRequest("input: this field is required.", param="input")
        return ModelCall(
            model=read.model,
            wire=Wire(OPENAI_RESPONSES, fields),
            decode=open_responses,
            stream=bool(read.stream),
            max_tokens=read.max_output_tokens,
            metadata=read.metadata,
        )

    def encode_response(self, completed: Completed) -> bytes:
        relayed = completed.answer.relayed
        if relayed is not None:
            usage = relayed.fields.get("usage")
            # One that is only queued has used nothing so far.
            unused = usage is None or bytes(usage) == b"null"
            return msgspec.json.encode(relayed.fields) if unused else document_with_cost(relayed.fields, completed.cost)
        chat = completed.answer.chat
        assert chat is not None, "a response is relayed or translated"
        request = _echoed(completed.call)
        document = response_document(chat, completed.usage, completed.cost, request, created=self._seconds())
        return msgspec.json.encode(document)

    def stream_encoder(self, call: ModelCall) -> StreamEncoder:
        return ResponsesStreamEncoder(lambda: _echoed(call), call.model, self._seconds())

    def encode_error(self, error: GatewayError, request_id: str) -> bytes:
        return encode_error(error)

    def _seconds(self) -> int:
        return int(self._now().timestamp())


def _echoed(call: ModelCall | None) -> Mapping[str, Any]:
    """The caller's own members, which the response repeats."""
    if call is None:
        return {}
    return open_fields({name: raw for name, raw in call.wire.fields.items() if name not in ("input", "model")})
