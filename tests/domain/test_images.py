import msgspec

from tests.support import text_answer
from tornado_gateway.domain.call import Answer
from tornado_gateway.domain.chat import ChatResponse, Choice, Image, Message, Text
from tornado_gateway.domain.images import images_in, images_of
from tornado_gateway.domain.stream import ImageDelta, Relayed, TextDelta, UsageReport
from tornado_gateway.domain.usage import TokenUsage
from tornado_gateway.domain.wire import OPENAI_CHAT, OPENAI_RESPONSES, Wire

IMAGE = Image(data="aGk=", media_type="image/png")


def relayed(protocol: str, **members: object) -> Answer:
    fields = {name: msgspec.Raw(msgspec.json.encode(value)) for name, value in members.items()}
    return Answer(usage=None, relayed=Wire(protocol, fields))


def test_an_opened_answers_images_are_its_parts() -> None:
    message = Message(role="assistant", parts=(Text("look"), IMAGE, IMAGE))
    chat = ChatResponse(id="1", model="m", choices=(Choice(index=0, message=message, finish_reason="stop"),), created=1)
    assert images_of(Answer(usage=None, chat=chat)) == 2
    assert images_of(text_answer()) == 0


def test_an_unopened_answers_images_are_told_by_their_type() -> None:
    choices = [{"message": {"images": [{"type": "image_url", "image_url": {"url": "data:,"}}] * 3}}]
    assert images_of(relayed(OPENAI_CHAT, choices=choices)) == 3
    output = [{"type": "image_generation_call", "result": "aGk="}, {"type": "message"}]
    assert images_of(relayed(OPENAI_RESPONSES, output=output)) == 1
    assert images_of(Answer(usage=None)) == 0


def test_a_streams_images_are_counted_where_they_are_whole() -> None:
    assert images_in(ImageDelta(IMAGE)) == 1
    assert images_in(TextDelta("image_url")) == 0
    assert images_in(Relayed(b'data: {"images":[{"type":"image_url"}]}\n\n', 1)) == 1
    # It was told of before, piece by piece, in events of which none counts.
    assert images_in(Relayed(b'data: {"type":"image_generation_call"}\n\n', 1)) == 0
    last = b'data: {"response":{"output":[{"type":"image_generation_call"}]}}\n\n'
    assert images_in(UsageReport(TokenUsage(), frame=last)) == 1
    assert images_in(UsageReport(TokenUsage())) == 0
