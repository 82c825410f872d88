"""OpenAI embeddings: ``POST /v1/embeddings``.

Wire: OpenAI API reference, "Create embeddings", "The embedding object". A base64 vector is little-endian 32-bit floats;
OpenAI's own SDKs ask for it unless their caller says otherwise.
"""

from typing import Annotated, Any, Literal

import msgspec

from tornado_gateway.domain.call import Completed, ModelCall
from tornado_gateway.domain.embeddings import EmbeddingCall, EmbeddingRequest
from tornado_gateway.domain.errors import GatewayError, InvalidRequest
from tornado_gateway.domain.wire import OPENAI_EMBEDDINGS, Wire
from tornado_gateway.httpserver.dialects.base import StreamEncoder
from tornado_gateway.httpserver.dialects.costing import cost_number, document_with_cost
from tornado_gateway.httpserver.dialects.decoding import ModelName, decode_as, decode_fields, open_fields
from tornado_gateway.httpserver.dialects.openai_errors import encode_error

NonEmpty = msgspec.Meta(min_length=1)

_READ = frozenset({"model", "input", "encoding_format", "dimensions", "user"})


class EmbeddingsBody(msgspec.Struct, frozen=True):
    """The documented members, as far as a wrong type can be told; ranges are the provider's to judge."""

    model: ModelName
    input: str | Annotated[list[str | int | list[int]], NonEmpty]
    encoding_format: Literal["float", "base64"] | None = None
    dimensions: int | None = None
    user: str | None = None


_body = msgspec.json.Decoder(EmbeddingsBody)


class OpenAIEmbeddings:
    """Relayed to whoever has OpenAI's embeddings, translated for anybody else who makes vectors."""

    name = OPENAI_EMBEDDINGS

    def decode_request(self, body: bytes) -> ModelCall:
        fields = decode_fields(body)
        read = decode_as(_body, body)
        return EmbeddingCall(
            model=read.model,
            wire=Wire(OPENAI_EMBEDDINGS, fields),
            decode=open_embeddings,
            as_base64=read.encoding_format == "base64",
        )

    def encode_response(self, completed: Completed) -> bytes:
        if completed.answer.relayed is not None:
            return document_with_cost(completed.answer.relayed.fields, completed.cost)
        document: dict[str, Any] = {
            "object": "list",
            "data": [
                {"object": "embedding", "index": embedding.index, "embedding": embedding.vector}
                for embedding in completed.answer.embeddings
            ],
            "model": completed.model,
            "usage": {
                "prompt_tokens": completed.usage.prompt_tokens,
                "total_tokens": completed.usage.total_tokens,
                "cost": cost_number(completed.cost),
            },
        }
        return msgspec.json.encode(document)

    def stream_encoder(self, call: ModelCall) -> StreamEncoder:
        raise AssertionError("vectors are no stream")

    def encode_error(self, error: GatewayError, request_id: str) -> bytes:
        return encode_error(error)


def open_embeddings(wire: Wire) -> EmbeddingRequest:
    """Raises ``InvalidRequest`` for inputs of more than one kind."""
    document = open_fields(wire.fields)
    given = document["input"]
    inputs: tuple[str | tuple[int, ...], ...]
    if isinstance(given, str):
        inputs = (given,)
    elif all(isinstance(one, int) for one in given):
        inputs = (tuple(given),)  # a list of numbers is one text's tokens
    else:
        inputs = tuple(_input(one, f"input[{position}]") for position, one in enumerate(given))
    return EmbeddingRequest(
        inputs=inputs,
        dimensions=document.get("dimensions"),
        user=document.get("user"),
        extra={name: value for name, value in document.items() if name not in _READ},
    )


def _input(given: Any, path: str) -> str | tuple[int, ...]:
    if isinstance(given, str):
        return given
    if isinstance(given, list):
        return tuple(given)
    raise InvalidRequest(f"{path}: a number among texts. Tokens are a list of their own.", param=path)
