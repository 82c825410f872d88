"""An image that a model made, in every form that callers read."""

import json
from collections.abc import Sequence
from typing import Any

import pytest

from tests.support import NOW
from tornado_gateway.domain.call import Answer, Completed
from tornado_gateway.domain.chat import ChatResponse, Choice, Image, Message, Text
from tornado_gateway.domain.stream import Finished, ImageDelta, Started, StreamEvent, TextDelta
from tornado_gateway.domain.usage import TokenUsage
from tornado_gateway.httpserver.dialects.anthropic_messages import AnthropicMessages
from tornado_gateway.httpserver.dialects.base import Dialect
from tornado_gateway.httpserver.dialects.native import Native
from tornado_gateway.httpserver.dialects.openai_chat import OpenAIChat
from tornado_gateway.httpserver.dialects.openai_images import image_url, images_of
from tornado_gateway.httpserver.dialects.openai_responses import OpenAIResponses

PICTURE = Image(data="iVBORw0KGgo=", media_type="image/png")
URL = "data:image/png;base64,iVBORw0KGgo="
DIALECTS: dict[str, tuple[Dialect, dict[str, Any]]] = {
    "chat": (OpenAIChat(), {"messages": [{"role": "user", "content": "draw"}]}),
    "native": (Native(lambda: NOW), {"messages": [{"role": "user", "content": "draw"}]}),
    "messages": (AnthropicMessages(), {"max_tokens": 9, "messages": [{"role": "user", "content": "draw"}]}),
    "responses": (OpenAIResponses(), {"input": "draw"}),
}


def test_an_address_holds_the_image_itself() -> None:
    assert image_url(PICTURE) == URL
    assert image_url(Image(url="https://a/b.png")) == "https://a/b.png"
    assert images_of([Text("x"), PICTURE]) == [{"type": "image_url", "image_url": {"url": URL}}]


@pytest.mark.parametrize("name", DIALECTS)
def test_a_whole_answer_tells_it(name: str) -> None:
    message = Message("assistant", (Text("Here:"), PICTURE))
    chat = ChatResponse(id="i", model="m", choices=(Choice(index=0, message=message, finish_reason="stop"),))
    completed = Completed(
        answer=Answer(usage=None, chat=chat),
        usage=TokenUsage(),
        cost=None,
        requested_model="m",
        provider="p",
        model="m",
        attempts=1,
        revision="r",
    )
    document = json.loads(DIALECTS[name][0].encode_response(completed))
    found: dict[str, Any] = {
        "chat": lambda: document["choices"][0]["message"]["images"][0]["image_url"]["url"],
        "native": lambda: document["images"][0],
        "messages": lambda: document["content"][1]["source"]["data"],
        "responses": lambda: document["output"][1]["result"],
    }
    assert found[name]() in (URL, PICTURE.data)


@pytest.mark.parametrize("name", DIALECTS)
def test_a_stream_tells_it_between_texts(name: str) -> None:
    dialect, members = DIALECTS[name]
    call = dialect.decode_request(json.dumps({"model": "m", "stream": True, **members}).encode())
    encoder = dialect.stream_encoder(call)
    events: Sequence[StreamEvent] = (
        Started("i", "m"),
        TextDelta("Here:"),
        ImageDelta(PICTURE),
        TextDelta("Nice?"),
        Finished("stop"),
    )
    told = (encoder.encode(events) + encoder.close()).decode()
    assert told.index("Here:") < told.index(str(PICTURE.data)) < told.index("Nice?")


def test_it_goes_back_in_the_next_turn_or_is_named() -> None:
    said = {"role": "assistant", "content": "Here:", "images": [{"type": "image_url", "image_url": {"url": URL}}]}
    body = {"model": "m", "messages": [{"role": "user", "content": "draw"}, said, {"role": "user", "content": "more"}]}
    chat = OpenAIChat().decode_request(json.dumps(body).encode()).chat
    assert chat.messages[1].parts == (Text("Here:"), PICTURE)
