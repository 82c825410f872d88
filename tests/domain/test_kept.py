from decimal import Decimal
from typing import Any

import msgspec
import pytest

from tests.support import call, context, text_answer
from tornado_gateway.domain.call import Answer, Embedding
from tornado_gateway.domain.chat import (
    Audio,
    ChatResponse,
    Choice,
    Document,
    Image,
    Message,
    Opaque,
    Reasoning,
    Refusal,
    Text,
    ToolCall,
)
from tornado_gateway.domain.counting import TokenCounter
from tornado_gateway.domain.embeddings import EmbeddingProvider
from tornado_gateway.domain.kept import Kept, KeptAnswer, Origin, Replay, pack, seal, unseal
from tornado_gateway.domain.ports import ChatProvider
from tornado_gateway.domain.stream import (
    Finished,
    ImageDelta,
    ReasoningDelta,
    RefusalDelta,
    Relayed,
    Started,
    StreamBatch,
    StreamEvent,
    TextDelta,
    ToolCallDelta,
    UsageReport,
)
from tornado_gateway.domain.usage import TokenUsage
from tornado_gateway.domain.wire import ANTHROPIC_MESSAGES, OPENAI_CHAT, Wire

ORIGIN = Origin(
    at=1.5, route="r", provider="p", model="m", model_label="l", cost=Decimal("0.00186"), dropped=("seed", "user")
)
USAGE = TokenUsage(12, 25, cached_input=3, estimated=True, images=2, service_tier="flex")
ODD: Any = {"content": [{"token": "é", "logprob": -1.5e-7, "bytes": None, "top_logprobs": [1, True]}]}


def kept(answer: Answer | None = None, *batches: tuple[StreamEvent, ...]) -> Kept:
    packed = None if answer is None else pack(KeptAnswer.of(answer, USAGE))
    found = unseal(seal(ORIGIN, answer=packed, batches=[pack(batch) for batch in batches]))
    assert found is not None
    return found


async def again(answer: Answer) -> Answer:
    return await Replay(kept(answer)).complete(call(), "m", context())


def fields(text: bytes) -> dict[str, msgspec.Raw]:
    return msgspec.json.decode(text, type=dict[str, msgspec.Raw])


def bytes_of(wire: Wire | None) -> tuple[str, dict[str, bytes], bytes | None]:
    assert wire is not None
    return wire.protocol, {name: bytes(raw) for name, raw in wire.fields.items()}, wire.body


async def test_a_relayed_document_comes_back_byte_for_byte() -> None:
    text = b'{"n":1.50e-7,"b":12345678901234567890123,"a":{"u":"\\u00e9\\/"},"usage":{"x":1.10}}'
    wire = Wire(OPENAI_CHAT, fields(text))
    answer = await again(Answer(usage=None, relayed=wire, finish_reason="stop"))
    assert bytes_of(answer.relayed) == bytes_of(wire)
    assert list(answer.relayed.fields if answer.relayed else ()) == ["n", "b", "a", "usage"]
    assert (answer.finish_reason, answer.usage, answer.chat) == ("stop", USAGE, None)


async def test_so_does_one_that_goes_on_whole() -> None:
    body = b'{ "type": "message",\n "content" : [] }'
    wire = Wire(ANTHROPIC_MESSAGES, fields(body), body)
    assert bytes_of((await again(Answer(usage=None, relayed=wire))).relayed) == bytes_of(wire)


async def test_a_chat_comes_back_with_every_kind_of_part() -> None:
    parts = (
        Text("Hi é", annotations=({"type": "x", "n": 1.5},), signature="s"),
        Image(data="aGk=", media_type="image/png"),
        Audio("aGk=", "wav", id="a", transcript="hi"),
        Document(text="t", name="n"),
        Reasoning("hm", signature="s", origin="anthropic", summary=True),
        Refusal("no"),
        ToolCall("1", "f", '{"a":'),
        Opaque("anthropic", {"type": "server_tool_use", "n": [1, 2.5]}),
    )
    choice = Choice(
        index=0, message=Message("assistant", parts), finish_reason="tool_calls", logprobs=ODD, raw_finish="tool_use"
    )
    chat = ChatResponse(id="i", model="m", choices=(choice, choice), created=5, service_tier="default")
    assert (await again(Answer(usage=None, chat=chat))).chat == chat


@pytest.mark.parametrize("vector", [(0.1, -2.0, 1e-300), "AACAPw=="])
async def test_vectors_and_counts(vector: Any) -> None:
    answer = Answer(usage=TokenUsage(), embeddings=(Embedding(0, vector), Embedding(1, vector)), counted=17)
    found = await again(answer)
    assert (found.embeddings, found.counted) == (answer.embeddings, 17)


async def test_whose_answer_it_was_is_kept_with_it() -> None:
    assert kept(text_answer()).origin == ORIGIN
    assert Replay(kept(text_answer())).name == "p"


EVENTS: list[StreamEvent] = [
    Started("i", "m", 5),
    TextDelta("é\u2028", 1, ODD, "s", ({"type": "x"},)),
    RefusalDelta("no", 1),
    ReasoningDelta("hm", 1, "s", "r", "i", "o", True),
    ToolCallDelta(2, '{"a":', "1", "f", 1, "s"),
    ImageDelta(Image(url="https://x/y.png"), 1),
    Finished("length", 1, "stop", "max_tokens"),
    Relayed(b'data: {"x":"\xc3\xa9"}\n\n', 3, True),
    UsageReport(USAGE, None, b"data: {}\n\n", True, True),
]


async def test_a_stream_comes_back_batch_by_batch() -> None:
    one = kept(None, *((event,) for event in EVENTS), tuple(EVENTS), ())
    batches = [batch async for batch in Replay(one).stream(call(stream=True), "m", context())]
    expected = [*((event,) for event in EVENTS), tuple(EVENTS), ()]
    assert batches == [StreamBatch(events, last=n == len(expected) - 1) for n, events in enumerate(expected)]


def test_every_kind_of_event_can_be_kept() -> None:
    assert {type(event) for event in EVENTS} == set(StreamEvent.__args__)


def test_it_stands_in_for_whatever_a_provider_may_be() -> None:
    replay = Replay(kept(text_answer()))
    for port in (ChatProvider, TokenCounter, EmbeddingProvider):
        assert isinstance(replay, port)


@pytest.mark.parametrize("data", [b"", b"\xff" * 20, b"not ours", seal(ORIGIN)[:-3], msgspec.msgpack.encode({"a": 1})])
def test_bytes_that_are_nothing_of_ours_are_nothing(data: bytes) -> None:
    assert unseal(data) is None


def test_a_number_without_room_is_told() -> None:
    with pytest.raises(OverflowError):
        pack([TextDelta("x", logprobs=2**70)])
