import json

from tornado_gateway.domain.chat import Reasoning
from tornado_gateway.domain.thoughts import Seal, seal, seal_of
from tornado_gateway.httpserver.dialects.anthropic_messages import AnthropicMessages
from tornado_gateway.providers.anthropic.relay import body


def relayed(document: dict[str, object]) -> dict[str, object]:
    wire = AnthropicMessages().decode_request(json.dumps({"max_tokens": 1, **document}).encode()).wire
    sent: dict[str, object] = json.loads(body(wire, "claude-1"))
    return sent


def test_every_member_stays_known_or_not() -> None:
    document = {"model": "m", "messages": [{"role": "user", "content": "hi"}], "brand_new": {"deep": [1, 2.50]}}
    assert relayed(document) == {"max_tokens": 1, **document, "model": "claude-1"}


def test_numbers_keep_their_digits() -> None:
    text = b'{"model":"m","max_tokens":1,"messages":[{"role":"user","content":"hi"}],"temperature":0.70}'
    assert b'"temperature":0.70' in body(AnthropicMessages().decode_request(text).wire, "c")


def test_another_provider_s_thoughts_stay_behind() -> None:
    foreign = {"type": "thinking", "thinking": "hm", "signature": seal_of(Reasoning(text="hm", origin="openai"))}
    carrier = {"type": "thinking", "thinking": "", "signature": seal(Seal(signature="s", call_id="c"))}
    own = {"type": "thinking", "thinking": "hm", "signature": "EqQB"}
    call = {"type": "tool_use", "id": "c", "name": "f", "input": {}}
    messages = [
        {"role": "user", "content": "gateway. is a word"},
        {"role": "assistant", "content": [foreign, own, carrier, call]},
        {"role": "user", "content": [{"type": "text", "text": '"gateway.'}]},
        {"role": "assistant", "content": [foreign]},
    ]
    assert relayed({"model": "m", "messages": messages})["messages"] == [
        messages[0],
        {"role": "assistant", "content": [own, call]},
        messages[2],
    ]
