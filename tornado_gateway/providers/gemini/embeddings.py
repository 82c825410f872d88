"""Embeddings in Gemini's words: both of its endpoints, and their answers. Pure.

Wire: Gemini API reference, "Embeddings" (``embedContent``, ``batchEmbedContents``).
"""

from collections.abc import Sequence
from typing import Any

import msgspec

from tornado_gateway.domain.call import Embedding
from tornado_gateway.domain.embeddings import EmbeddingCall
from tornado_gateway.domain.errors import InvalidRequest, UpstreamFailed
from tornado_gateway.domain.usage import TokenUsage
from tornado_gateway.providers.counts import Count, whole
from tornado_gateway.providers.gemini import models
from tornado_gateway.providers.gemini.errors import from_stream


class _Vector(msgspec.Struct, frozen=True):
    values: tuple[float, ...]


class _Usage(msgspec.Struct, frozen=True, rename="camel"):
    prompt_token_count: Count = None


class _Answer(msgspec.Struct, frozen=True, rename="camel"):
    """``embedding`` of the one endpoint, ``embeddings`` of the other."""

    embedding: _Vector | None = None
    embeddings: list[_Vector] | None = None
    usage_metadata: _Usage | None = None
    error: Any = None


_answer = msgspec.json.Decoder(_Answer)


def wanted(call: EmbeddingCall, dropped: list[str]) -> tuple[list[str], int | None]:
    """The call's texts and the length of a vector. Raises ``InvalidRequest`` for what Gemini has no place for."""
    request = call.request
    for name in request.extra:
        raise InvalidRequest(f"{name}: the route's provider has no such parameter.", param=name)
    if request.user is not None:
        dropped.append("user")
    return call.texts(), request.dimensions


def single_body(model: str, text: str, dimensions: int | None = None) -> bytes:
    """A body for ``embedContent``."""
    return msgspec.json.encode(_request(model, text, dimensions))


def batch_body(model: str, texts: Sequence[str], dimensions: int | None = None) -> bytes:
    """A body for ``batchEmbedContents``."""
    return msgspec.json.encode({"requests": [_request(model, text, dimensions) for text in texts]})


def _request(model: str, text: str, dimensions: int | None) -> dict[str, Any]:
    document: dict[str, Any] = {"model": models.resource(model), "content": {"parts": [{"text": text}]}}
    if dimensions is not None:
        document["outputDimensionality"] = dimensions
    return document


def read_embeddings(body: bytes, count: int, provider: str) -> tuple[tuple[Embedding, ...], TokenUsage | None]:
    """The vectors of either endpoint's answer, in the order of the ``count`` texts, and the usage where it is told.

    Raises ``UpstreamFailed`` for a garbled answer and for one with a vector too few or too many.
    """
    try:
        read = _answer.decode(body)
    except (msgspec.DecodeError, RecursionError) as error:
        raise UpstreamFailed(f"Provider {provider!r} gave an answer that is no such JSON.") from error
    vectors = [read.embedding] if read.embedding is not None else read.embeddings or []
    if read.error is not None and not vectors:
        raise from_stream(read.error, provider)
    if len(vectors) != count:
        raise UpstreamFailed(f"Provider {provider!r} gave {len(vectors)} embeddings for {count} texts.")
    tokens = None if read.usage_metadata is None else whole(read.usage_metadata.prompt_token_count)
    usage = None if tokens is None else TokenUsage(input=tokens)
    return tuple(Embedding(index, vector.values) for index, vector in enumerate(vectors)), usage
