from tests.support import call
from tornado_gateway.domain.call import ModelCall
from tornado_gateway.domain.chat import ChatRequest
from tornado_gateway.domain.wire import OPENAI_CHAT, Wire


def test_a_call_is_opened_once_and_only_when_asked() -> None:
    opened: list[Wire] = []

    def decode(wire: Wire) -> ChatRequest:
        opened.append(wire)
        return ChatRequest(model="m", messages=())

    made = ModelCall(model="m", wire=Wire(OPENAI_CHAT, {}), decode=decode)
    assert opened == []
    assert made.chat is made.chat
    assert opened == [made.wire]


def test_what_the_gateway_needs_is_there_unopened() -> None:
    made = call("gpt-4", stream=True)
    assert (made.model, made.stream, made.wants_usage, made.metadata) == ("gpt-4", True, True, None)
