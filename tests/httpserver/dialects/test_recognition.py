from typing import Any

import msgspec
import pytest

from tornado_gateway.domain.errors import InvalidRequest
from tornado_gateway.httpserver.dialects.recognition import DIALECTS, decode_call, recognise

CHAT = {"model": "m", "messages": [{"role": "user", "content": "Hi"}]}


def with_block(**block: Any) -> dict[str, Any]:
    return {"model": "m", "messages": [{"role": "user", "content": [block]}]}


@pytest.mark.parametrize(
    ("document", "dialect"),
    [
        (CHAT, "openai.chat"),
        ({**CHAT, "tools": [{"type": "function", "function": {"name": "f"}}], "top_k": 5}, "openai.chat"),
        (with_block(type="image_url", image_url={"url": "https://a.example"}), "openai.chat"),
        ({**CHAT, "system": "Be kind", "max_tokens": 5}, "anthropic.messages"),
        ({**CHAT, "max_tokens": 5, "stop_sequences": ["x"]}, "anthropic.messages"),
        ({**CHAT, "tools": [{"name": "f", "input_schema": {}}]}, "anthropic.messages"),
        (with_block(type="tool_result", tool_use_id="1"), "anthropic.messages"),
        (with_block(type="image", source={"type": "url", "url": "https://a.example"}), "anthropic.messages"),
        ({"model": "m", "prompt": "Once"}, "openai.completions"),
        ({"model": "m", "prompt": [1, 2]}, "openai.completions"),
        ({"model": "m", "prompt": {"id": "p"}, "input": "x"}, "openai.responses"),
        ({"model": "m", "input": "Hi"}, "openai.responses"),
        ({"model": "text-embedding-3-small", "input": "Hi"}, "openai.embeddings"),
        ({"model": "embedder", "input": "Hi", "stream": True}, "openai.responses"),
        ({"model": "m", "input": "Hi", "dimensions": 5}, "openai.embeddings"),
        ({"model": "m", "input": ["Hi", "there"]}, "openai.embeddings"),
        ({"model": "m", "input": [1, 2]}, "openai.embeddings"),
        ({"model": "m", "input": [{"role": "user", "content": "Hi"}]}, "openai.responses"),
    ],
)
def test_the_body_tells_its_form(document: Any, dialect: str) -> None:
    assert recognise(msgspec.json.encode(document)) == dialect


def test_a_form_that_is_told_is_the_one() -> None:
    body = msgspec.json.encode({**CHAT, "max_tokens": 7})
    for name in ("native", "openai.chat", "anthropic.messages"):
        call = decode_call(body, name)
        assert (call.wire.protocol, call.model, call.max_tokens) == (name, "m", 7)
    assert decode_call(body).wire.protocol == "openai.chat"
    assert {name for name in DIALECTS if name.startswith("openai")} == {
        f"openai.{form}" for form in ("chat", "responses", "completions", "embeddings")
    }


@pytest.mark.parametrize(
    ("body", "named", "message"),
    [
        (b"[]", None, "must be a JSON object"),
        (b"{", None, "not valid JSON"),
        (b'{"model":"m","contents":[]}', None, "messages: this field is required"),
        (b'{"model":"m","messages":[]}', None, "messages"),
        (b'{"model":"m","messages":[{"role":"user","content":"Hi"}]}', "openai.embeddings", "input"),
    ],
)
def test_what_is_no_request_says_why(body: bytes, named: str | None, message: str) -> None:
    with pytest.raises(InvalidRequest, match=message):
        decode_call(body, named)
