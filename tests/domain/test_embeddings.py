import asyncio
from base64 import b64decode
from struct import unpack

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support import ScriptedProvider, context
from tornado_gateway.domain.call import Answer, Embedding
from tornado_gateway.domain.embeddings import (
    EmbeddingCall,
    EmbeddingProvider,
    EmbeddingRequest,
    embed,
    is_embedding,
)
from tornado_gateway.domain.errors import InvalidRequest
from tornado_gateway.domain.wire import OPENAI_EMBEDDINGS, Wire


class Vectors(ScriptedProvider):
    def __init__(self, *vectors: tuple[float, ...] | str, relayed: Wire | None = None) -> None:
        super().__init__()
        made = tuple(Embedding(index, vector) for index, vector in enumerate(vectors))
        self.answer = Answer(usage=None, embeddings=made, relayed=relayed)

    async def embed(self, call: EmbeddingCall, model: str, _context: object) -> Answer:
        return self.answer


def a_call(*inputs: str | tuple[int, ...], as_base64: bool = False) -> EmbeddingCall:
    wire = Wire(OPENAI_EMBEDDINGS, {"input": msgspec.Raw(b'"x"')})
    return EmbeddingCall(model="m", wire=wire, decode=lambda wire: EmbeddingRequest(inputs=inputs), as_base64=as_base64)


async def test_vectors_come_as_the_provider_gave_them() -> None:
    provider = Vectors((0.5, -1.0))
    assert isinstance(provider, EmbeddingProvider)
    assert is_embedding(a_call("x"))
    assert (await embed(provider, a_call("x"), "m", context())).embeddings == (Embedding(0, (0.5, -1.0)),)


@given(st.lists(st.floats(width=32, allow_nan=False), min_size=1, max_size=20))
def test_base64_holds_the_same_numbers(values: list[float]) -> None:
    answer = asyncio.run(embed(Vectors(tuple(values), "AAAA"), a_call("x", as_base64=True), "m", context()))
    text, kept = (made.vector for made in answer.embeddings)
    assert list(unpack(f"<{len(values)}f", b64decode(str(text)))) == values
    assert kept == "AAAA"


async def test_a_relayed_answer_is_left_as_it_is() -> None:
    wire = Wire(OPENAI_EMBEDDINGS, {})
    answer = await embed(Vectors(relayed=wire), a_call("x", as_base64=True), "m", context())
    assert answer.relayed is wire


async def test_a_provider_without_vectors_is_named() -> None:
    with pytest.raises(InvalidRequest, match="'openai'") as refused:
        await embed(ScriptedProvider(), a_call("x"), "m", context())
    assert refused.value.param == "model"
    with pytest.raises(InvalidRequest, match="embeddings"):
        _ = a_call("x").chat


def test_texts() -> None:
    assert a_call("a", "b").texts() == ["a", "b"]
    with pytest.raises(InvalidRequest) as refused:
        a_call("a", (1, 2)).texts()
    assert refused.value.param == "input[1]"
