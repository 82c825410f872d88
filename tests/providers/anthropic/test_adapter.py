import json
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime

import httpx
import pytest

from tornado_gateway.domain.call import ModelCall
from tornado_gateway.domain.context import RequestContext, Timing
from tornado_gateway.domain.counting import TokenCounter
from tornado_gateway.domain.errors import UpstreamFailed, UpstreamRateLimited, UpstreamRejected
from tornado_gateway.domain.stream import Relayed, Started, StreamBatch, TextDelta
from tornado_gateway.httpserver.dialects.anthropic_messages import AnthropicCountTokens, AnthropicMessages
from tornado_gateway.httpserver.dialects.openai_chat import OpenAIChat
from tornado_gateway.providers.anthropic.adapter import AnthropicProvider
from tornado_gateway.providers.registry import ProviderRegistry, ProviderSpec

ASK = b'{"model":"m","max_tokens":5,"messages":[{"role":"user","content":"hi"}],"new_member":1}'
ASK_STREAM = ASK.replace(b'"new_member":1', b'"stream":true')
OPENAI_ASK = b'{"model":"m","seed":3,"messages":[{"role":"user","content":"hi"}]}'
ANSWER = (
    b'{"type": "message", "id": "msg_1", "model": "claude-1", "content": [{"type":"text","text":"hello"}],'
    b' "stop_reason": "end_turn", "usage": {"input_tokens": 1, "output_tokens": 2}}'
)
STREAM = (
    b'event: message_start\ndata: {"type":"message_start","message":{"id":"msg_1","model":"claude-1"}}\n\n'
    b'event: content_block_start\ndata: {"type":"content_block_start","index":0,"content_block":{"type":"text"}}\n\n'
    b"event: content_block_delta\n"
    b'data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"hello"}}\n\n'
    b'event: message_delta\ndata: {"type":"message_delta","delta":{"stop_reason":"end_turn"}}\n\n'
    b'event: message_stop\ndata: {"type":"message_stop"}\n\n'
)


class Clock:
    def monotonic(self) -> float:
        return 0.0

    def now(self) -> datetime:
        return datetime(2026, 1, 1, tzinfo=UTC)

    async def sleep(self, seconds: float) -> None:
        raise AssertionError("an adapter does not wait")


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

    def __init__(self, reply: Callable[[], httpx.Response], **options: object) -> None:
        self.requests: list[httpx.Request] = []

        def handle(request: httpx.Request) -> httpx.Response:
            self.requests.append(request)
            return reply()

        spec = ProviderSpec(
            name="claude", kind="anthropic", base_url="http://claude.test/", api_key="sk-ant-1", options=options
        )
        provider = ProviderRegistry(httpx.MockTransport(handle), Clock()).make(spec)
        assert isinstance(provider, AnthropicProvider)
        self.provider = provider

    @property
    def sent(self) -> httpx.Request:
        return self.requests[-1]


def a_context(**forward: str) -> RequestContext:
    names = {name.replace("_", "-"): value for name, value in forward.items()}
    return RequestContext("req_1", "anthropic.messages", Timing(received=0.0), forward=names)


def answering(body: bytes, status: int = 200, kind: str = "application/json") -> Callable[[], httpx.Response]:
    return lambda: httpx.Response(status, content=body, headers={"content-type": kind})


def streaming(body: bytes = STREAM, size: int = 50) -> Callable[[], httpx.Response]:
    return lambda: httpx.Response(200, stream=Chunks(body, size), headers={"content-type": "text/event-stream"})


async def collect(upstream: Upstream, call: ModelCall) -> list[StreamBatch]:
    return [batch async for batch in upstream.provider.stream(call, "claude-1", a_context())]


async def test_messages_are_relayed_with_key_version_and_model() -> None:
    upstream = Upstream(answering(ANSWER))
    call = AnthropicMessages().decode_request(ASK)
    answer = await upstream.provider.complete(call, "claude-1", a_context())
    assert upstream.sent.url == "http://claude.test/v1/messages"
    assert upstream.sent.headers["x-api-key"] == "sk-ant-1"
    assert upstream.sent.headers["anthropic-version"] == "2023-06-01"
    assert "authorization" not in upstream.sent.headers
    assert json.loads(upstream.sent.content) == {**json.loads(ASK), "model": "claude-1"}
    assert answer.relayed is not None
    assert answer.relayed.body == ANSWER


async def test_the_caller_s_version_and_betas_go_on() -> None:
    upstream = Upstream(answering(ANSWER))
    context = a_context(anthropic_version="2024-01-01", anthropic_beta="a,b", idempotency_key="i", openai_beta="x")
    await upstream.provider.complete(AnthropicMessages().decode_request(ASK), "claude-1", context)
    assert upstream.sent.headers["anthropic-version"] == "2024-01-01"
    assert upstream.sent.headers["anthropic-beta"] == "a,b"
    assert upstream.sent.headers["idempotency-key"] == "i"
    assert "openai-beta" not in upstream.sent.headers


async def test_the_version_can_be_configured() -> None:
    upstream = Upstream(answering(ANSWER), version="2025-02-02")
    await upstream.provider.complete(AnthropicMessages().decode_request(ASK), "claude-1", a_context())
    assert upstream.sent.headers["anthropic-version"] == "2025-02-02"


async def test_another_dialect_is_translated() -> None:
    upstream = Upstream(answering(ANSWER))
    context = a_context()
    answer = await upstream.provider.complete(OpenAIChat().decode_request(OPENAI_ASK), "claude-1", context)
    assert json.loads(upstream.sent.content) == {
        "model": "claude-1",
        "max_tokens": 4096,
        "messages": [{"role": "user", "content": "hi"}],
    }
    assert context.dropped == ["seed"]
    assert answer.chat is not None
    assert answer.chat.choices[0].message.text == "hello"


async def test_tokens_are_counted_where_anthropic_does_it() -> None:
    upstream = Upstream(answering(b'{"input_tokens":12}'))
    assert isinstance(upstream.provider, TokenCounter)
    call = AnthropicCountTokens().decode_request(b'{"model":"m","messages":[{"role":"user","content":"hi"}]}')
    answer = await upstream.provider.count_tokens(call, "claude-1", a_context())
    assert upstream.sent.url == "http://claude.test/v1/messages/count_tokens"
    assert json.loads(upstream.sent.content)["model"] == "claude-1"
    assert answer.counted == 12


async def test_a_base_url_with_v1_is_understood() -> None:
    upstream = Upstream(answering(ANSWER))
    provider = AnthropicProvider(
        name="x", base_url="http://claude.test/v1", configured=True, retries=0, upstream=upstream.provider._upstream
    )
    await provider.complete(AnthropicMessages().decode_request(ASK), "claude-1", a_context())
    assert upstream.sent.url == "http://claude.test/v1/messages"


async def test_an_error_is_the_domain_s() -> None:
    body = b'{"type":"error","error":{"type":"invalid_request_error","message":"bad"}}'
    upstream = Upstream(answering(body, 400))
    with pytest.raises(UpstreamRejected, match="bad"):
        await upstream.provider.complete(AnthropicMessages().decode_request(ASK), "claude-1", a_context())
    with pytest.raises(UpstreamRejected, match="bad"):
        await collect(upstream, AnthropicMessages().decode_request(ASK_STREAM))


async def test_a_relayed_stream_is_forwarded_to_its_end() -> None:
    upstream = Upstream(streaming())
    batches = await collect(upstream, AnthropicMessages().decode_request(ASK_STREAM))
    assert json.loads(upstream.sent.content)["stream"] is True
    assert b"".join(e.data for b in batches for e in b.events if isinstance(e, Relayed)) == STREAM
    assert [batch.last for batch in batches] == [False] * (len(batches) - 1) + [True]


async def test_a_translated_stream_is_opened() -> None:
    upstream = Upstream(streaming())
    call = OpenAIChat().decode_request(OPENAI_ASK.replace(b'"seed":3', b'"stream":true'))
    events = [event for batch in await collect(upstream, call) for event in batch.events]
    assert json.loads(upstream.sent.content)["stream"] is True
    assert events[:2] == [Started("msg_1", "claude-1"), TextDelta("hello")]


async def test_a_stream_that_breaks_off_is_a_failure() -> None:
    upstream = Upstream(streaming(STREAM[:200]))
    last = (await collect(upstream, AnthropicMessages().decode_request(ASK_STREAM)))[-1]
    assert isinstance(last.error, UpstreamFailed)
    assert "broke off" in last.error.message


async def test_json_in_place_of_a_stream_is_an_error() -> None:
    upstream = Upstream(answering(b'{"type":"error","error":{"type":"rate_limit_error","message":"slow"}}'))
    with pytest.raises(UpstreamRateLimited, match="slow"):
        await collect(upstream, AnthropicMessages().decode_request(ASK_STREAM))


async def test_leaving_a_stream_ends_the_call() -> None:
    body = Chunks(STREAM, 50)
    upstream = Upstream(lambda: httpx.Response(200, stream=body, headers={"content-type": "text/event-stream"}))
    stream = upstream.provider.stream(AnthropicMessages().decode_request(ASK_STREAM), "claude-1", a_context())
    await anext(stream)
    assert not body.closed
    await stream.aclose()  # type: ignore[attr-defined] # it is an async generator
    assert body.closed


def test_without_a_key_it_is_not_configured() -> None:
    registry = ProviderRegistry(httpx.MockTransport(lambda request: httpx.Response(500)), Clock())
    assert not registry.make(ProviderSpec(name="claude", kind="anthropic")).configured
    assert "anthropic" in registry.kinds
