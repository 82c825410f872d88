"""The official OpenAI SDK with its base_url at the gateway."""

import json
from base64 import b64encode
from struct import pack
from typing import Any

import openai
import pytest

from .conftest import CHAT_ANSWER, STREAM, Double, Gateway, send_stream

MESSAGES: Any = [{"role": "user", "content": "Hello"}]


@pytest.fixture
def client(gateway: Gateway) -> openai.OpenAI:
    return openai.OpenAI(base_url=f"{gateway.url}/v1", api_key="sk-of-the-caller", max_retries=0)


def test_a_relayed_answer_is_the_providers_plus_its_cost(client: openai.OpenAI, upstream: Double) -> None:
    answer = client.chat.completions.create(
        model="gpt-4", messages=MESSAGES, seed=7, extra_body={"x_unknown": {"deep": [1, 2.50]}}
    )
    expected = json.loads(CHAT_ANSWER)
    expected["usage"]["cost"] = 0.00186
    assert answer.to_dict() == expected
    seen = upstream.seen[0]
    assert seen.path == "/v1/chat/completions"
    assert seen.body == {"model": "gpt-4", "messages": MESSAGES, "seed": 7, "x_unknown": {"deep": [1, 2.5]}}
    assert seen.headers["Authorization"] == "Bearer sk-planted-provider-key"


def test_the_cost_has_exactly_the_decimals_digits(client: openai.OpenAI) -> None:
    raw = client.chat.completions.with_raw_response.create(model="gpt-4", messages=MESSAGES)
    assert '"cost":0.00186}' in raw.text
    assert raw.headers["X-Gateway-Cost"] == "0.00186"
    assert raw.headers["X-Gateway-Provider"] == "openai"
    assert raw.headers["X-Gateway-Model"] == "gpt-4"
    assert raw.headers["X-Gateway-Attempts"] == "1"
    assert len(raw.headers["X-Gateway-Revision"]) == 12
    assert raw.headers["Server-Timing"].startswith("upstream;dur=")


def test_a_stream_is_relayed_and_its_usage_stays_here_unless_asked_for(client: openai.OpenAI, upstream: Double) -> None:
    upstream.script = lambda handler, seen: send_stream(handler)
    chunks = list(client.chat.completions.create(model="gpt-4", messages=MESSAGES, stream=True))
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks) == "Hello!"
    assert all(chunk.choices for chunk in chunks)
    assert upstream.seen[0].body["stream_options"] == {"include_usage": True}


def test_a_streams_usage_carries_the_cost(client: openai.OpenAI, upstream: Double) -> None:
    upstream.script = lambda handler, seen: send_stream(handler)
    chunks = list(
        client.chat.completions.create(
            model="gpt-4", messages=MESSAGES, stream=True, stream_options={"include_usage": True}
        )
    )
    assert len(chunks) == len(STREAM) - 1
    usage = chunks[-1].usage
    assert usage is not None
    assert usage.to_dict()["cost"] == 0.00186


def test_legacy_completions_whole_and_streamed(client: openai.OpenAI, upstream: Double) -> None:
    usage = {"prompt_tokens": 12, "completion_tokens": 25, "total_tokens": 37}
    choice = {"text": "Hello!", "index": 0, "logprobs": None, "finish_reason": "stop"}
    body = {"id": "cmpl-1", "object": "text_completion", "created": 1, "model": "gpt-4", "choices": [choice]}
    upstream.script = lambda handler, seen: handler.finish({**body, "usage": usage})
    answer = client.completions.create(model="gpt-4", prompt="Hi")
    assert answer.to_dict() == {**body, "usage": {**usage, "cost": 0.00186}}
    assert upstream.seen[0].path == "/v1/completions"

    upstream.script = lambda handler, seen: send_stream(handler, [f"data: {json.dumps(body)}\n\n", "data: [DONE]\n\n"])
    pieces = list(client.completions.create(model="gpt-4", prompt="Hi", stream=True))
    assert [piece.choices[0].text for piece in pieces] == ["Hello!"]


def test_echo_speaks_every_openai_form(client: openai.OpenAI) -> None:
    assert client.chat.completions.create(model="echo4", messages=MESSAGES).choices[0].message.content == "Hello"
    assert client.completions.create(model="echo4", prompt="a b").choices[0].text == "a b"
    streamed = client.chat.completions.create(model="echo4", messages=MESSAGES, stream=True)
    assert "".join(chunk.choices[0].delta.content or "" for chunk in streamed) == "Hello"


def test_models(client: openai.OpenAI) -> None:
    assert {model.id for model in client.models.list()} == {"echo4", "gpt-4", "gpt-*"}
    assert client.models.retrieve("gpt-4").owned_by == "openai"
    with pytest.raises(openai.NotFoundError):
        client.models.retrieve("nope")


@pytest.mark.parametrize(
    ("status", "error", "code"),
    [
        (400, openai.BadRequestError, "string_above_max_length"),
        (401, openai.InternalServerError, "upstream_auth_failed"),
        (404, openai.NotFoundError, "string_above_max_length"),
        (422, openai.UnprocessableEntityError, "string_above_max_length"),
        (429, openai.RateLimitError, "upstream_rate_limited"),
        (500, openai.InternalServerError, "upstream_failed"),
    ],
)
def test_the_sdk_sees_its_own_exceptions(
    client: openai.OpenAI, upstream: Double, status: int, error: type[openai.APIStatusError], code: str
) -> None:
    def refuse(handler: Any, seen: Any) -> None:
        handler.set_status(status)
        handler.set_header("Retry-After", "7")
        handler.finish(
            {"error": {"message": "Too long.", "code": "string_above_max_length", "type": "t", "param": "p"}}
        )

    upstream.script = refuse
    with pytest.raises(error) as caught:
        client.chat.completions.create(model="gpt-4", messages=MESSAGES)
    assert caught.value.code == code
    assert caught.value.response.headers["X-Gateway-Attempts"] == "1"
    if status == 429:
        assert caught.value.response.headers["Retry-After"] == "7"
    assert "sk-planted" not in caught.value.response.text


def test_an_unknown_model_and_an_unpriced_one(client: openai.OpenAI) -> None:
    with pytest.raises(openai.NotFoundError) as unknown:
        client.chat.completions.create(model="echo5", messages=MESSAGES)
    assert unknown.value.code == "model_not_found"
    assert "'echo4'" in unknown.value.message
    with pytest.raises(openai.NotFoundError) as unpriced:
        client.chat.completions.create(model="gpt-99", messages=MESSAGES)
    assert unpriced.value.code == "model_not_priced"


def test_an_error_in_the_middle_of_a_stream_reaches_the_sdk(client: openai.OpenAI, upstream: Double) -> None:
    upstream.script = lambda handler, seen: send_stream(
        handler, [*STREAM[:2], 'data: {"error":{"message":"Overloaded.","type":"server_error"}}\n\n']
    )
    stream = client.chat.completions.create(model="gpt-4", messages=MESSAGES, stream=True)
    said = []
    with pytest.raises(openai.APIError, match="Overloaded"):
        for chunk in stream:
            said.append(chunk.choices[0].delta.content)
    assert said == ["", "Hel"]


def test_embeddings_are_relayed_with_their_cost(client: openai.OpenAI, upstream: Double) -> None:
    vector = {"object": "embedding", "index": 0, "embedding": b64encode(pack("<2f", 0.5, -1)).decode()}
    document = {"object": "list", "data": [vector], "model": "m", "usage": {"prompt_tokens": 4, "total_tokens": 4}}
    upstream.script = lambda handler, seen: handler.finish(json.dumps(document))
    raw = client.embeddings.with_raw_response.create(model="gpt-4", input=["Hello"])
    assert raw.parse().data[0].embedding == [0.5, -1.0]
    assert '"total_tokens":4,"cost":0.00012}' in raw.text
    assert raw.headers["X-Gateway-Cost"] == "0.00012"
    assert upstream.seen[0].path == "/v1/embeddings"
    assert upstream.seen[0].body == {"model": "gpt-4", "input": ["Hello"], "encoding_format": "base64"}


@pytest.mark.parametrize("form", ["float", "base64", None])
def test_echos_vectors_in_either_form(client: openai.OpenAI, form: Any) -> None:
    more = {} if form is None else {"encoding_format": form}
    answer = client.embeddings.create(model="echo4", input=["a b", "a c"], dimensions=16, **more)
    lengths = [len(each.embedding) for each in answer.data]
    assert lengths == ([16, 16] if form != "base64" else [88, 88])
    assert answer.usage.prompt_tokens == 4


def test_an_input_of_a_wrong_type_is_named(client: openai.OpenAI) -> None:
    with pytest.raises(openai.BadRequestError) as refused:
        client.embeddings.create(model="echo4", input=[1.5])  # type: ignore[list-item]
    assert refused.value.param == "input[0]"
