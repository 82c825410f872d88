"""How many images an answer holds, for cards that price them each. Asked for by those alone."""

from tornado_gateway.domain.call import Answer
from tornado_gateway.domain.chat import Image
from tornado_gateway.domain.stream import ImageDelta, Relayed, StreamEvent, UsageReport
from tornado_gateway.domain.wire import OPENAI_RESPONSES, Wire

_IN_CHAT = (b'"type":"image_url"', b'"type": "image_url"')
_IN_RESPONSES = (b'"type":"image_generation_call"', b'"type": "image_generation_call"')


def images_of(answer: Answer) -> int:
    """Images in a whole answer, opened or not."""
    if answer.chat is not None:
        return sum(isinstance(part, Image) for choice in answer.chat.choices for part in choice.message.parts)
    return 0 if answer.relayed is None else _in_document(answer.relayed)


def images_in(event: StreamEvent) -> int:
    """Images that one event of a stream brings. A Responses stream tells of each several times: its end counts."""
    match event:
        case ImageDelta():
            return 1
        case Relayed():
            return _count(event.data, _IN_CHAT)
        case UsageReport(frame=bytes(frame)):
            return _count(frame, _IN_CHAT) + _count(frame, _IN_RESPONSES)
    return 0


def _in_document(wire: Wire) -> int:
    responses = wire.protocol == OPENAI_RESPONSES
    raw = wire.fields.get("output" if responses else "choices")
    return 0 if raw is None else _count(bytes(raw), _IN_RESPONSES if responses else _IN_CHAT)


def _count(data: bytes, marks: tuple[bytes, ...]) -> int:
    return sum(data.count(mark) for mark in marks)
