import json
from decimal import Decimal
from typing import Any

import pytest

from tests.support import text_answer
from tornado_gateway.domain.call import Answer, Completed
from tornado_gateway.domain.chat import ChatRequest
from tornado_gateway.domain.errors import InvalidRequest
from tornado_gateway.domain.foreign import leave_out
from tornado_gateway.domain.money import Cost
from tornado_gateway.domain.stream import Finished, RefusalDelta, Started, TextDelta, UsageReport
from tornado_gateway.domain.usage import TokenUsage
from tornado_gateway.domain.wire import OPENAI_COMPLETIONS
from tornado_gateway.httpserver.dialects.openai_legacy import LegacyStreamEncoder, OpenAILegacy

LEGACY = OpenAILegacy()


def completed(answer: Answer) -> bytes:
    return LEGACY.encode_response(
        Completed(
            answer=answer,
            usage=TokenUsage(12, 25),
            cost=Cost(Decimal("0.00186")),
            requested_model="m",
            provider="p",
            model="m",
            attempts=1,
            revision="a" * 12,
        )
    )


def test_a_relayed_answer_gets_its_cost() -> None:
    call = LEGACY.decode_request(b'{"model":"m","prompt":"x","zz":1}')
    assert call.wire.protocol == OPENAI_COMPLETIONS
    assert completed(Answer(usage=None, relayed=call.wire)).endswith(b'"zz":1,"usage":{"cost":0.00186}}')


def test_a_translated_answer() -> None:
    document = json.loads(completed(text_answer("Hi")))
    assert document["object"] == "text_completion"
    assert document["choices"] == [{"text": "Hi", "index": 0, "logprobs": None, "finish_reason": "stop"}]
    assert document["usage"]["cost"] == 0.00186


@pytest.mark.parametrize("prompt", [b'"say"', b'["say"]'])
def test_one_text_is_a_chat_of_one_message(prompt: bytes) -> None:
    body = b'{"model":"m","max_tokens":3,"stop":"x","suffix":"s","prompt":' + prompt + b"}"
    chat = LEGACY.decode_request(body).chat
    assert [message.text for message in chat.messages] == ["say"]
    assert (chat.max_tokens, chat.stop, chat.extra) == (3, ("x",), {"suffix": "s"})


@pytest.mark.parametrize("prompt", [b'["a","b"]', b"[1,2]", b"[[1],[2]]"])
def test_several_texts_or_tokens_go_only_to_who_takes_them(prompt: bytes) -> None:
    call = LEGACY.decode_request(b'{"model":"m","prompt":' + prompt + b"}")
    with pytest.raises(InvalidRequest) as refused:
        assert call.chat
    assert refused.value.param == "prompt"


@pytest.mark.parametrize("body", [b'{"model":"m"}', b'{"model":"m","prompt":7}', b'{"model":"m","prompt":[{}]}'])
def test_a_prompt_is_needed(body: bytes) -> None:
    with pytest.raises(InvalidRequest, match=r"^prompt"):
        LEGACY.decode_request(body)


def test_a_stream() -> None:
    call = LEGACY.decode_request(b'{"model":"m","prompt":"x","stream":true,"stream_options":{"include_usage":true}}')
    encoder = LEGACY.stream_encoder(call)
    report = UsageReport(TokenUsage(1, 1), Cost(Decimal(1)))
    text = encoder.encode([Started("i", "m", 7), TextDelta("Hi"), Finished("length"), report]) + encoder.close()
    *events, done = text.decode().strip().split("\n\n")
    first, last, usage = (json.loads(event.removeprefix("data: ")) for event in events)
    assert (first["id"], first["object"], first["created"]) == ("i", "text_completion", 7)
    assert (first["choices"][0]["text"], last["choices"][0]["finish_reason"]) == ("Hi", "length")
    assert (usage["choices"], usage["usage"]["cost"]) == ([], 1)
    assert done == "data: [DONE]"


def test_what_only_text_completions_have_is_not_sent_to_a_chat() -> None:
    def asked(**members: Any) -> ChatRequest:
        return OpenAILegacy().decode_request(json.dumps({"model": "m", "prompt": "p", **members}).encode()).chat

    with pytest.raises(InvalidRequest) as refused:
        leave_out(asked(best_of=2), "openai", [])
    assert refused.value.param == "best_of"
    assert leave_out(asked(best_of=1, echo=False, suffix="", logprobs=None), "openai", []) == {}


def test_a_refusal_is_text_here() -> None:
    encoder = LegacyStreamEncoder(OpenAILegacy().decode_request(b'{"model":"m","prompt":"p"}'))
    assert b'"text":"No."' in encoder.encode([Started("i", "m"), RefusalDelta("No.")])
