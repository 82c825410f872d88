import asyncio

from tornado_gateway.domain.call import Answer, ModelCall
from tornado_gateway.domain.chat import (
    Audio,
    ChatRequest,
    Document,
    Image,
    Message,
    Opaque,
    Part,
    Reasoning,
    Text,
    Tool,
    ToolCall,
    ToolResult,
)
from tornado_gateway.domain.context import RequestContext, Timing
from tornado_gateway.domain.counting import IMAGE_TOKENS, count, estimate_chat, is_count
from tornado_gateway.domain.usage import TokenUsage
from tornado_gateway.domain.wire import ANTHROPIC_COUNT_TOKENS, ANTHROPIC_MESSAGES, Wire

CONTEXT = RequestContext("req_1", ANTHROPIC_COUNT_TOKENS, Timing(received=0.0))


def a_chat(*parts: Part, tools: tuple[Tool, ...] = ()) -> ChatRequest:
    return ChatRequest(model="m", messages=(Message(role="user", parts=parts),), tools=tools)


def a_call(protocol: str = ANTHROPIC_COUNT_TOKENS) -> ModelCall:
    return ModelCall(model="m", wire=Wire(protocol, {}), decode=lambda wire: a_chat(Text("x" * 400)))


class Plain:
    name = "plain"
    configured = True
    retries = 0


class Counter(Plain):
    async def count_tokens(self, call: ModelCall, model: str, context: RequestContext) -> Answer:
        return Answer(usage=TokenUsage(), counted=7)


async def test_a_provider_that_counts_is_asked() -> None:
    assert (await count(Counter(), a_call(), "m", CONTEXT)).counted == 7  # type: ignore[arg-type]


async def test_any_other_is_not_and_nothing_is_used() -> None:
    answer = await asyncio.wait_for(count(Plain(), a_call(), "m", CONTEXT), 1)  # type: ignore[arg-type]
    assert answer.counted == 104
    assert answer.usage == TokenUsage()


def test_only_its_own_protocol_is_a_count() -> None:
    assert is_count(a_call())
    assert not is_count(a_call(ANTHROPIC_MESSAGES))


def test_an_image_counts_by_the_piece_and_not_by_its_bytes() -> None:
    image = Image(data="A" * 1_000_000, media_type="image/png")
    assert estimate_chat(a_chat(image)) == IMAGE_TOKENS + 4
    assert estimate_chat(a_chat(ToolResult(call_id="c", content=(image, Text("four"))))) == IMAGE_TOKENS + 5


def test_every_kind_of_part_counts() -> None:
    parts: tuple[Part, ...] = (
        Reasoning(text="x" * 8),
        ToolCall(id="c", name="xxxx", arguments="x" * 4),
        Document(text="x" * 8),
        Audio(data="x" * 8, format="wav"),
        Opaque(family="anthropic", document={"a": "b"}),
    )
    assert estimate_chat(a_chat(*parts)) == 11 + 4
    assert estimate_chat(a_chat(tools=(Tool(name="weather", parameters={"type": "object"}),))) > 4
