"""Embeddings: texts in, vectors out. The same line as a chat's, without a conversation and without a stream.

A base64 vector is little-endian 32-bit floats, as OpenAI's SDKs read it.
"""

from base64 import b64encode
from collections.abc import Callable
from functools import cached_property
from struct import pack
from typing import Protocol, runtime_checkable

import msgspec

from tornado_gateway.domain.call import Answer, Embedding, ModelCall
from tornado_gateway.domain.chat import ChatRequest
from tornado_gateway.domain.context import RequestContext
from tornado_gateway.domain.errors import InvalidRequest
from tornado_gateway.domain.ports import ChatProvider
from tornado_gateway.domain.wire import OPENAI_EMBEDDINGS, Wire


class EmbeddingRequest(msgspec.Struct, frozen=True, kw_only=True):
    """``inputs`` are texts, or tokens that the caller has made of them. ``dimensions`` is the length of a vector.

    ``extra`` holds the members that the domain has no place for, by the caller's own names.
    """

    inputs: tuple[str | tuple[int, ...], ...]
    dimensions: int | None = None
    user: str | None = None
    extra: dict[str, object] = {}


class EmbeddingCall(ModelCall):
    """A validated call for vectors; ``request`` opens it. ``as_base64`` is the form the caller wants them in."""

    def __init__(
        self, *, model: str, wire: Wire, decode: Callable[[Wire], EmbeddingRequest], as_base64: bool = False
    ) -> None:
        super().__init__(model=model, wire=wire, decode=_no_chat)
        self.as_base64 = as_base64
        self._decode_embeddings = decode

    @cached_property
    def request(self) -> EmbeddingRequest:
        """The request opened; raises ``InvalidRequest`` naming the field."""
        return self._decode_embeddings(self.wire)

    def texts(self) -> list[str]:
        """The inputs for a provider that takes texts alone; raises ``InvalidRequest`` where one is made of tokens."""
        texts = []
        for position, given in enumerate(self.request.inputs):
            if not isinstance(given, str):
                path = f"input[{position}]"
                raise InvalidRequest(f"{path}: the route's provider takes text and no tokens.", param=path)
            texts.append(given)
        return texts


@runtime_checkable
class EmbeddingProvider(Protocol):
    """A provider that makes vectors of texts."""

    async def embed(self, call: EmbeddingCall, model: str, context: RequestContext) -> Answer: ...


def is_embedding(call: ModelCall) -> bool:
    return call.wire.protocol == OPENAI_EMBEDDINGS


async def embed(provider: ChatProvider, call: ModelCall, model: str, context: RequestContext) -> Answer:
    """The provider's vectors. Raises ``InvalidRequest`` for one that makes none, ``GatewayError`` as any call does."""
    assert isinstance(call, EmbeddingCall), "the dialect of embeddings makes such calls"
    if not isinstance(provider, EmbeddingProvider):
        raise no_embeddings(provider.name)
    answer = await provider.embed(call, model, context)
    if not call.as_base64 or answer.relayed is not None:
        return answer
    return msgspec.structs.replace(answer, embeddings=tuple(_as_base64(made) for made in answer.embeddings))


def _as_base64(made: Embedding) -> Embedding:
    if isinstance(made.vector, str):
        return made
    packed = pack(f"<{len(made.vector)}f", *made.vector)
    return Embedding(made.index, b64encode(packed).decode())


def no_embeddings(provider: str) -> InvalidRequest:
    return InvalidRequest(f"model: provider {provider!r}, which serves this route, makes no embeddings.", param="model")


def _no_chat(_wire: Wire) -> ChatRequest:
    raise InvalidRequest("model: the route's provider makes no embeddings.", param="model")
