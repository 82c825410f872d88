"""The adapter over a mocked transport: respx answers as the provider would."""

import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import msgspec
import pytest
import respx
from msgspec import structs

from tests.support import FakeClock, call, context
from tornado_gateway.domain.call import ModelCall
from tornado_gateway.domain.chat import ChatRequest, Message, Text
from tornado_gateway.domain.embeddings import EmbeddingCall, EmbeddingRequest, embed
from tornado_gateway.domain.errors import InvalidRequest, UpstreamFailed, UpstreamRateLimited, UpstreamRejected
from tornado_gateway.domain.stream import StreamBatch, TextDelta
from tornado_gateway.domain.usage import TokenUsage
from tornado_gateway.domain.wire import NATIVE, OPENAI_COMPLETIONS, OPENAI_EMBEDDINGS, OPENAI_RESPONSES, Wire
from tornado_gateway.providers.registry import ProviderRegistry, ProviderSpec

ANSWER = {"id": "i", "choices": [{"index": 0, "message": {"content": "Hi"}, "finish_reason": "stop"}]}
STREAM = (
    b'data: {"id":"i","choices":[{"index":0,"delta":{"content":"Hi"},"finish_reason":null}]}\n\n'
    b'data: {"id":"i","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n'
)


@pytest.fixture
def router() -> respx.MockRouter:
    return respx.MockRouter(base_url="http://up.example/v1", assert_all_called=False)


@pytest.fixture
def provider(router: respx.MockRouter) -> Any:
    spec = ProviderSpec("p", "openai", base_url="http://up.example/v1", api_key="sk-1")
    return ProviderRegistry(httpx.MockTransport(router.async_handler), FakeClock()).make(spec)


def native() -> ModelCall:
    def opened(_wire: Wire) -> ChatRequest:
        return ChatRequest(model="m", messages=(Message(role="user", parts=(Text("Hello"),)),), stream=True)

    return ModelCall(model="m", wire=Wire(NATIVE, {}), decode=opened)


async def streamed(provider: Any, asked: ModelCall) -> list[StreamBatch]:
    stream: AsyncIterator[StreamBatch] = provider.stream(asked, "gpt-4", context())
    return [batch async for batch in stream]


async def test_relays_its_own_protocols_each_to_its_own_path(provider: Any, router: respx.MockRouter) -> None:
    chat = router.post("/chat/completions").respond(json=ANSWER)
    legacy = router.post("/completions").respond(json={"choices": [{"text": "Hi", "finish_reason": "stop"}]})
    assert (await provider.complete(call(), "gpt-4", context())).relayed is not None
    wire = Wire(OPENAI_COMPLETIONS, call(prompt="x").wire.fields)
    asked = ModelCall(model="m", wire=wire, decode=lambda wire: native().chat)
    assert (await provider.complete(asked, "gpt-4", context())).relayed is not None
    assert (chat.call_count, legacy.call_count) == (1, 1)


async def test_translates_whatever_else_to_chat(provider: Any, router: respx.MockRouter) -> None:
    route = router.post("/chat/completions").respond(json=ANSWER)
    answer = await provider.complete(native(), "gpt-4", context())
    assert answer.chat.choices[0].message.text == "Hi"
    sent = json.loads(route.calls[0].request.content)
    assert (sent["model"], sent["messages"]) == ("gpt-4", [{"role": "user", "content": "Hello"}])


async def test_streams_on_both_lanes(provider: Any, router: respx.MockRouter) -> None:
    route = router.post("/chat/completions").respond(content=STREAM, content_type="text/event-stream")
    assert (await streamed(provider, call(stream=True)))[-1].last
    batches = await streamed(provider, native())
    assert any(isinstance(event, TextDelta) for batch in batches for event in batch.events)
    for sent in route.calls:
        assert json.loads(sent.request.content)["stream_options"] == {"include_usage": True}


async def test_only_named_headers_of_the_caller_go_on(provider: Any, router: respx.MockRouter) -> None:
    route = router.post("/chat/completions").respond(json=ANSWER)
    forward = {"openai-beta": "x=1", "idempotency-key": "k", "anthropic-beta": "no"}
    await provider.complete(call(), "gpt-4", structs.replace(context(), forward=forward))
    sent = route.calls[0].request.headers
    assert (sent["openai-beta"], sent["idempotency-key"], sent["authorization"]) == ("x=1", "k", "Bearer sk-1")
    assert "anthropic-beta" not in sent


async def test_errors_before_the_answer(provider: Any, router: respx.MockRouter) -> None:
    router.post("/chat/completions").respond(429, headers={"retry-after": "7"}, json={"error": {"message": "slow"}})
    for ask in (provider.complete(call(), "m", context()), streamed(provider, call(stream=True))):
        with pytest.raises(UpstreamRateLimited) as limited:
            await ask
        assert limited.value.retry_after == 7


async def test_a_json_error_where_a_stream_was_asked_for(provider: Any, router: respx.MockRouter) -> None:
    router.post("/chat/completions").respond(404, json={"error": {"message": "no model", "code": "model_not_found"}})
    with pytest.raises(UpstreamRejected) as rejected:
        await streamed(provider, call(stream=True))
    assert (rejected.value.status, rejected.value.code) == (404, "model_not_found")


async def test_a_stream_that_is_plain_json_with_status_200(provider: Any, router: respx.MockRouter) -> None:
    router.post("/chat/completions").respond(json={"error": {"message": "overloaded"}})
    with pytest.raises(UpstreamFailed, match="overloaded"):
        await streamed(provider, call(stream=True))


def responses(**members: Any) -> ModelCall:
    document = msgspec.json.encode({"model": "alias", "input": "hi", **members})
    wire = Wire(OPENAI_RESPONSES, msgspec.json.decode(document, type=dict[str, msgspec.Raw]))
    return ModelCall(model="alias", wire=wire, decode=lambda wire: native().chat, stream=bool(members.get("stream")))


async def test_responses_are_relayed_too(provider: Any, router: respx.MockRouter) -> None:
    route = router.post("/responses").respond(json={"status": "completed", "output": []})
    answer = await provider.complete(responses(store=True), "gpt-5", context())
    assert answer.relayed.protocol == OPENAI_RESPONSES
    done = b'event: response.completed\ndata: {"type":"response.completed","response":{"status":"completed"}}\n\n'
    route.respond(content=done, content_type="text/event-stream")
    assert (await streamed(provider, responses(stream=True)))[-1].last
    sent = [json.loads(call.request.content) for call in route.calls]
    assert sent[0] == {"model": "gpt-5", "input": "hi", "store": True}
    assert sent[1] == {"model": "gpt-4", "input": "hi", "stream": True}


async def test_who_has_no_responses_is_asked_for_a_chat(router: respx.MockRouter) -> None:
    route = router.post("/chat/completions").respond(json=ANSWER)
    spec = ProviderSpec(
        "p", "openai_compatible", base_url="http://up.example/v1", api_key="k", options={"vendor": "groq"}
    )
    groq = ProviderRegistry(httpx.MockTransport(router.async_handler), FakeClock()).make(spec)
    assert (await groq.complete(responses(), "m", context())).chat is not None
    route.respond(content=STREAM, content_type="text/event-stream")
    assert [batch.last async for batch in groq.stream(responses(stream=True), "m", context())][-1]


def vectors() -> EmbeddingCall:
    fields = {"model": msgspec.Raw(b'"alias"'), "input": msgspec.Raw(b'"hi"'), "x": msgspec.Raw(b"1.50")}
    return EmbeddingCall(
        model="alias", wire=Wire(OPENAI_EMBEDDINGS, fields), decode=lambda wire: EmbeddingRequest(inputs=("hi",))
    )


async def test_embeddings_are_relayed(provider: Any, router: respx.MockRouter) -> None:
    document = {"object": "list", "data": [], "usage": {"prompt_tokens": 2, "total_tokens": 2}}
    route = router.post("/embeddings").respond(json=document)
    answer = await provider.embed(vectors(), "text-embedding-3-small", context())
    assert answer.usage == TokenUsage(input=2)
    assert answer.relayed.protocol == OPENAI_EMBEDDINGS
    assert route.calls[0].request.content == b'{"model":"text-embedding-3-small","input":"hi","x":1.50}'


async def test_a_vendor_without_embeddings_says_so() -> None:
    spec = ProviderSpec("p", "openai_compatible", api_key="k", options={"vendor": "groq"})
    groq = ProviderRegistry(httpx.MockTransport(lambda request: httpx.Response(500)), FakeClock()).make(spec)
    with pytest.raises(InvalidRequest, match="no embeddings"):
        await embed(groq, vectors(), "m", context())
