import json
from typing import Any

from tests.support import call, text_answer
from tornado_gateway.domain.call import Answer, ModelCall
from tornado_gateway.domain.captured import MOST_BYTES, Captured
from tornado_gateway.domain.chat import (
    ChatRequest,
    ChatResponse,
    Choice,
    Image,
    Message,
    Reasoning,
    Text,
    ToolCall,
    ToolResult,
)
from tornado_gateway.domain.errors import InvalidRequest
from tornado_gateway.domain.stream import TextDelta
from tornado_gateway.domain.wire import NATIVE, Wire
from tornado_gateway.observability.captured_messages import LIMIT, input_messages, output_messages


def asked(*messages: Message) -> Captured:
    request = ChatRequest(model="m", messages=messages)
    return Captured(ModelCall(model="m", wire=Wire(NATIVE, {}), decode=lambda wire: request))


def shown(text: str | None) -> Any:
    assert text is not None
    return json.loads(text)


def test_each_part_by_its_kind() -> None:
    captured = asked(
        Message("system", (Text("be brief"),)),
        Message("user", (Text("look"), Image(data="aGk=", media_type="image/png"))),
        Message("assistant", (Reasoning("hm"), ToolCall("c-1", "weather", '{"place":"Paris"}'))),
        Message("tool", (ToolResult("c-1", (Text("rainy"),)),)),
    )
    assert shown(input_messages(captured).text) == [
        {"role": "system", "parts": [{"type": "text", "content": "be brief"}]},
        {"role": "user", "parts": [{"type": "text", "content": "look"}, {"type": "image"}]},
        {
            "role": "assistant",
            "parts": [
                {"type": "reasoning", "content": "hm"},
                {"type": "tool_call", "id": "c-1", "name": "weather", "arguments": '{"place":"Paris"}'},
            ],
        },
        {"role": "tool", "parts": [{"type": "tool_call_response", "id": "c-1", "response": "rainy"}]},
    ]


def test_the_latest_is_kept_within_a_bound() -> None:
    captured = asked(
        Message("user", (Text("old"),)), Message("user", (Text("x" * LIMIT),)), Message("user", (Text("latest"),))
    )
    kept = input_messages(captured)
    assert kept.cut
    first, last = shown(kept.text)
    assert last["parts"][0]["content"] == "latest"
    assert LIMIT - 100 < len(first["parts"][0]["content"]) < LIMIT
    many = input_messages(asked(*[Message("user", (Text(""),))] * 5000))
    assert many.cut and len(many.text or "") < 4 * LIMIT


def test_what_was_refused_or_too_large_shows_nothing() -> None:
    def refuse(_wire: Wire) -> ChatRequest:
        raise InvalidRequest("no")

    assert input_messages(Captured(ModelCall(model="m", wire=Wire(NATIVE, {}), decode=refuse))).text is None
    large = Captured(call(padding="x" * MOST_BYTES))
    assert input_messages(large).text is None
    assert output_messages(large).text is None


def test_a_translated_answer() -> None:
    captured = Captured(call())
    captured.answer = text_answer("Hello!")
    expected = [{"role": "assistant", "parts": [{"type": "text", "content": "Hello!"}], "finish_reason": "stop"}]
    assert shown(output_messages(captured).text) == expected
    two = Choice(index=1, message=Message("assistant", (Text("b"),)), finish_reason="length")
    captured.answer = Answer(usage=None, chat=ChatResponse(id="i", model="m", choices=(two,)))
    assert shown(output_messages(captured).text)[0]["finish_reason"] == "length"


def test_a_stream_as_far_as_it_came() -> None:
    captured = Captured(call(stream=True))
    captured.hear([TextDelta("Hel"), TextDelta("lo")])
    assert shown(output_messages(captured).text) == [
        {"role": "assistant", "parts": [{"type": "text", "content": "Hello"}]}
    ]
