from hypothesis import given
from hypothesis import strategies as st

from tests.support import FakeClock, call, context
from tornado_gateway.domain.call import ModelCall
from tornado_gateway.domain.chat import ChatRequest, Message, Text
from tornado_gateway.domain.stream import Finished, StreamBatch, TextDelta, UsageReport
from tornado_gateway.domain.usage import TokenUsage
from tornado_gateway.providers.echo import EchoProvider, _pieces


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


async def test_nobody_spoke() -> None:
    echo = EchoProvider(name="echo", clock=FakeClock())
    batches = await streamed(echo, said(("system", "x")))
    assert batches[-1].last
    assert not any(isinstance(event, TextDelta) for batch in batches for event in batch.events)


@given(st.text())
def test_the_pieces_join_to_the_text(text: str) -> None:
    assert "".join(_pieces(text)) == text
