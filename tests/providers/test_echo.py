import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support import FakeClock, call, context
from tornado_gateway.domain.call import ModelCall
from tornado_gateway.domain.chat import ChatRequest, Message, Text
from tornado_gateway.domain.embeddings import EmbeddingCall, EmbeddingRequest
from tornado_gateway.domain.errors import InvalidRequest
from tornado_gateway.domain.stream import Finished, StreamBatch, TextDelta, UsageReport
from tornado_gateway.domain.usage import TokenUsage
from tornado_gateway.domain.wire import OPENAI_EMBEDDINGS, Wire
from tornado_gateway.providers.echo import DIMENSIONS, EchoProvider, _pieces


def said(*turns: tuple[str, str], **more: object) -> ModelCall:
    made = call("echo4")
    messages = tuple(Message(role=role, parts=(Text(text),)) for role, text in turns)  # type: ignore[arg-type]
    made.__dict__["chat"] = ChatRequest(model="echo4", messages=messages, **more)  # type: ignore[arg-type]
    return made


async def streamed(provider: EchoProvider, asked: ModelCall) -> list[StreamBatch]:
    return [batch async for batch in provider.stream(asked, "echo4", context())]


async def test_it_answers_with_the_last_user_message_and_counts_words() -> None:
    echo = EchoProvider(name="echo", clock=FakeClock())
    answer = await echo.complete(
        said(("system", "be brief"), ("user", "a"), ("assistant", "b"), ("user", "x  y z")), "echo4", context()
    )
    assert answer.chat is not None
    assert answer.chat.choices[0].message.text == "x  y z"
    assert answer.usage == TokenUsage(input=7, output=3)


async def test_a_stream_comes_word_by_word_with_a_pause_between() -> None:
    clock = FakeClock()
    batches = await streamed(EchoProvider(name="echo", clock=clock, pause=0.5), said(("user", "one two three")))
    deltas = [event.text for batch in batches for event in batch.events if isinstance(event, TextDelta)]
    assert deltas == ["one", " two", " three"]
    assert clock.slept == [0.5, 0.5]
    assert batches[-1].last
    assert batches[-1].events == (Finished("stop"), UsageReport(TokenUsage(3, 3)))


async def test_it_can_be_cut_short_and_asked_for_several_choices() -> None:
    echo = EchoProvider(name="echo", clock=FakeClock(), pause=0)
    answer = await echo.complete(said(("user", "a b c"), max_tokens=2, n=2), "echo4", context())
    assert answer.chat is not None
    assert [(c.message.text, c.finish_reason) for c in answer.chat.choices] == [("a b", "length")] * 2
    assert answer.usage == TokenUsage(3, 4)
    batches = await streamed(echo, said(("user", "a b c"), max_tokens=2, n=2))
    assert batches[-1].events[:2] == (Finished("length"), Finished("length", choice=1))


@pytest.mark.parametrize(
    ("members", "field"), [({"n": 0}, "n"), ({"n": -3}, "n"), ({"n": 10**9}, "n"), ({"max_tokens": -1}, "max_tokens")]
)
async def test_it_gives_no_more_than_others_and_no_less_than_nothing(members: dict[str, int], field: str) -> None:
    echo = EchoProvider(name="echo", clock=FakeClock(), pause=0)
    for answer in (echo.complete(said(("user", "a"), **members), "m", context()), streamed(echo, said(**members))):
        with pytest.raises(InvalidRequest, match=f"^{field}: expected") as refused:
            await answer
        assert refused.value.param == field


@pytest.mark.parametrize("dimensions", [0, -5, 10**9])
async def test_no_vector_has_such_a_length(dimensions: int) -> None:
    echo = EchoProvider(name="echo", clock=FakeClock())
    with pytest.raises(InvalidRequest, match=r"^dimensions: expected 1 to 4096\.$"):
        await echo.embed(vectors_of("a", dimensions=dimensions), "m", context())


async def test_so_many_texts_have_no_vectors() -> None:
    echo = EchoProvider(name="echo", clock=FakeClock())
    with pytest.raises(InvalidRequest, match=r"^input: expected at most 2048 texts at once\.$"):
        await echo.embed(vectors_of(*["a"] * 2049), "m", context())


async def test_nobody_spoke() -> None:
    echo = EchoProvider(name="echo", clock=FakeClock())
    batches = await streamed(echo, said(("system", "x")))
    assert batches[-1].last
    assert not any(isinstance(event, TextDelta) for batch in batches for event in batch.events)


@given(st.text())
def test_the_pieces_join_to_the_text(text: str) -> None:
    assert "".join(_pieces(text)) == text


def vectors_of(*inputs: str | tuple[int, ...], dimensions: int | None = None) -> EmbeddingCall:
    request = EmbeddingRequest(inputs=inputs, dimensions=dimensions)
    return EmbeddingCall(model="echo4", wire=Wire(OPENAI_EMBEDDINGS, {}), decode=lambda wire: request)


async def test_vectors_of_texts_that_share_words_are_near_each_other() -> None:
    echo = EchoProvider(name="echo", clock=FakeClock())
    answer = await echo.embed(vectors_of("a big cat", "A big dog", "not one word"), "echo4", context())
    first, second, third = (made.vector for made in answer.embeddings)
    assert [len(vector) for vector in (first, second, third)] == [DIMENSIONS] * 3
    near, far = (sum(float(a) * float(b) for a, b in zip(first, other, strict=True)) for other in (second, third))
    assert near > 0.5 > far
    assert answer.usage == TokenUsage(input=9)


@given(st.text(), st.integers(1, 40))
def test_a_vector_has_the_length_asked_for_and_is_1_long(text: str, dimensions: int) -> None:
    answer = asyncio.run(
        EchoProvider(name="echo", clock=FakeClock()).embed(
            vectors_of(text, (1, 2), dimensions=dimensions), "m", context()
        )
    )
    for made in answer.embeddings:
        assert len(made.vector) == dimensions
        length = sum(float(value) ** 2 for value in made.vector)
        assert length == pytest.approx(1) or length == 0
