import json
from collections.abc import AsyncIterator, Callable

import httpx
import pytest

from tests.support import FakeClock, context
from tornado_gateway.domain.call import Embedding, ModelCall
from tornado_gateway.domain.embeddings import EmbeddingCall
from tornado_gateway.domain.errors import (
    InvalidRequest,
    UpstreamAuthFailed,
    UpstreamFailed,
    UpstreamRateLimited,
    UpstreamRejected,
)
from tornado_gateway.domain.stream import Finished, Started, StreamBatch, TextDelta
from tornado_gateway.domain.usage import TokenUsage
from tornado_gateway.httpserver.dialects.openai_chat import OpenAIChat
from tornado_gateway.httpserver.dialects.openai_embeddings import OpenAIEmbeddings
from tornado_gateway.providers.gemini.adapter import GeminiProvider
from tornado_gateway.providers.registry import ProviderRegistry, ProviderSpec

ASK = b'{"model":"m","user":"u","messages":[{"role":"user","content":"hi"}]}'
ANSWER = b'{"candidates":[{"content":{"parts":[{"text":"hello"}]},"finishReason":"STOP"}],"modelVersion":"gemini-x"}'
STREAM = b"data: " + ANSWER + b"\r\n\r\n"
SENT = {"contents": [{"role": "user", "parts": [{"text": "hi"}]}]}


class Chunks(httpx.AsyncByteStream):
    def __init__(self, body: bytes, size: int) -> None:
        self._parts = [body[start : start + size] for start in range(0, len(body), size)]
        self.closed = False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for part in self._parts:
            yield part

    async def aclose(self) -> None:
        self.closed = True


class Upstream:
    """Answers with ``reply`` and keeps what it was sent."""

    def __init__(self, reply: Callable[[], httpx.Response], base_url: str | None = "http://gemini.test") -> None:
        self.requests: list[httpx.Request] = []

        def handle(request: httpx.Request) -> httpx.Response:
            self.requests.append(request)
            return reply()

        spec = ProviderSpec(name="g", kind="gemini", base_url=base_url, api_key="AIza-planted")
        provider = ProviderRegistry(httpx.MockTransport(handle), FakeClock()).make(spec)
        assert isinstance(provider, GeminiProvider)
        self.provider = provider

    @property
    def sent(self) -> httpx.Request:
        return self.requests[-1]


def a_call() -> ModelCall:
    return OpenAIChat().decode_request(ASK)


def answering(body: bytes, status: int = 200) -> Callable[[], httpx.Response]:
    return lambda: httpx.Response(status, content=body, headers={"content-type": "application/json"})


def streaming(body: bytes = STREAM, size: int = 50) -> Callable[[], httpx.Response]:
    return lambda: httpx.Response(200, stream=Chunks(body, size), headers={"content-type": "text/event-stream"})


async def collect(upstream: Upstream) -> list[StreamBatch]:
    return [batch async for batch in upstream.provider.stream(a_call(), "gemini-x", context())]


async def test_a_call_is_translated_and_its_key_stands_in_a_header_alone() -> None:
    upstream = Upstream(answering(ANSWER))
    asked = context()
    answer = await upstream.provider.complete(a_call(), "gemini-x", asked)
    assert str(upstream.sent.url) == "http://gemini.test/v1beta/models/gemini-x:generateContent"
    assert upstream.sent.headers["x-goog-api-key"] == "AIza-planted"
    assert "authorization" not in upstream.sent.headers
    assert json.loads(upstream.sent.content) == SENT
    assert asked.dropped == ["user"]
    assert answer.chat is not None
    assert answer.chat.choices[0].message.text == "hello"


@pytest.mark.parametrize(
    ("base", "model", "url"),
    [
        (None, "gemini-x", "https://generativelanguage.googleapis.com/v1beta/models/gemini-x:generateContent"),
        ("http://g.test/", "models/x", "http://g.test/v1beta/models/x:generateContent"),
        ("http://g.test/v1beta/", "x", "http://g.test/v1beta/models/x:generateContent"),
        ("http://g.test/v1", "tunedModels/x", "http://g.test/v1/tunedModels/x:generateContent"),
        ("http://g.test/sub/v1alpha", "x", "http://g.test/sub/v1alpha/models/x:generateContent"),
        ("http://g.test", "../a?b", "http://g.test/v1beta/models/..%2Fa%3Fb:generateContent"),
    ],
)
async def test_where_it_goes(base: str | None, model: str, url: str) -> None:
    upstream = Upstream(answering(ANSWER), base)
    await upstream.provider.complete(a_call(), model, context())
    assert str(upstream.sent.url) == url


async def test_a_stream_is_opened() -> None:
    upstream = Upstream(streaming())
    batches = await collect(upstream)
    assert str(upstream.sent.url) == "http://gemini.test/v1beta/models/gemini-x:streamGenerateContent?alt=sse"
    assert json.loads(upstream.sent.content) == SENT
    events = [event for batch in batches for event in batch.events]
    assert events == [Started("", "gemini-x"), TextDelta("hello"), Finished("stop", raw="STOP")]
    assert [batch.last for batch in batches] == [False, True]


async def test_errors_are_the_domain_s() -> None:
    bad_key = b'{"error":{"code":400,"message":"no","details":[{"reason":"API_KEY_INVALID"}]}}'
    upstream = Upstream(answering(bad_key, 400))
    with pytest.raises(UpstreamAuthFailed):
        await upstream.provider.complete(a_call(), "gemini-x", context())
    with pytest.raises(UpstreamAuthFailed):
        await collect(upstream)


async def test_plain_json_in_place_of_a_stream() -> None:
    error = b'[{\n  "error": {"code": 429, "message": "slow", "details": [{"retryDelay": "17s"}]}\n}\n]\n'
    (batch,) = await collect(Upstream(answering(error)))
    assert type(batch.error) is UpstreamRateLimited
    assert batch.error.retry_after == 17


async def test_a_stream_that_breaks_off_is_a_failure() -> None:
    last = (await collect(Upstream(streaming(STREAM[:60]))))[-1]
    assert isinstance(last.error, UpstreamFailed)


async def test_leaving_a_stream_ends_the_call() -> None:
    body = Chunks(STREAM, 1000)
    upstream = Upstream(lambda: httpx.Response(200, stream=body))
    stream = upstream.provider.stream(a_call(), "gemini-x", context())
    await anext(stream)
    assert not body.closed
    await stream.aclose()  # type: ignore[attr-defined] # it is an async generator
    assert body.closed


def test_without_a_key_it_is_not_configured() -> None:
    registry = ProviderRegistry(httpx.MockTransport(lambda request: httpx.Response(500)), FakeClock())
    assert not registry.make(ProviderSpec(name="g", kind="gemini")).configured
    assert registry.make(ProviderSpec(name="g", kind="gemini", api_key="k", max_retries=2)).retries == 2


def vectors_of(**members: object) -> EmbeddingCall:
    call = OpenAIEmbeddings().decode_request(json.dumps({"model": "m", **members}).encode())
    assert isinstance(call, EmbeddingCall)
    return call


async def test_one_text_and_several_have_an_endpoint_each() -> None:
    upstream = Upstream(answering(b'{"embedding":{"values":[0.5]},"usageMetadata":{"promptTokenCount":2}}'))
    asked = context()
    answer = await upstream.provider.embed(vectors_of(input="a", user="u", dimensions=1), "e-1", asked)
    assert str(upstream.sent.url) == "http://gemini.test/v1beta/models/e-1:embedContent"
    assert json.loads(upstream.sent.content)["outputDimensionality"] == 1
    assert (answer.embeddings, answer.usage) == ((Embedding(0, (0.5,)),), TokenUsage(input=2))
    assert asked.dropped == ["user"]
    upstream = Upstream(answering(b'{"embeddings":[{"values":[1]},{"values":[2]}]}'))
    answer = await upstream.provider.embed(vectors_of(input=["a", "b"]), "e-1", context())
    assert str(upstream.sent.url) == "http://gemini.test/v1beta/models/e-1:batchEmbedContents"
    assert [made.vector for made in answer.embeddings] == [(1.0,), (2.0,)]


@pytest.mark.parametrize(("members", "param"), [({"input": [1, 2]}, "input[0]"), ({"input": "a", "x": 1}, "x")])
async def test_what_gemini_has_no_place_for_is_refused_by_name(members: dict[str, object], param: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        await Upstream(answering(b"{}")).provider.embed(vectors_of(**members), "e-1", context())
    assert refused.value.param == param


async def test_an_embeddings_error_is_mapped() -> None:
    body = b'{"error":{"code":404,"message":"models/e is not found","status":"NOT_FOUND"}}'
    with pytest.raises(UpstreamRejected, match="not found"):
        await Upstream(answering(body, 404)).provider.embed(vectors_of(input="a"), "e", context())
