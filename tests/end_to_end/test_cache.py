"""The answer cache as the official SDKs see it, in a gateway of its own process."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import anthropic
import openai
import pytest
import tornado.web

from tests.redis_server import running

from .conftest import CHAT_ANSWER, STREAM, Double, Gateway, Seen, send_stream
from .test_anthropic_sdk import MESSAGE
from .test_anthropic_sdk import STREAM as MESSAGE_STREAM
from .test_responses_sdk import RESPONSE

CONFIG = """\
version: 1
server: {host: 127.0.0.1, port: 0}
providers:
  openai: {kind: openai, base_url: "${OPENAI_BASE_URL}", api_key: "${OPENAI_API_KEY:-}", timeout: 5, max_retries: 0}
  claude: {kind: anthropic, base_url: "${OPENAI_BASE_URL}", api_key: "${OPENAI_API_KEY:-}", timeout: 5, max_retries: 0}
routes:
  gpt-4: {provider: openai, cache: {ttl: 60, scope: shared}}
  claude: {provider: claude, cache: {ttl: 60, scope: shared}}
pricing:
  unit: per_1k_tokens
  currency: USD
  models:
    openai/gpt-4: {input: 0.03, output: 0.06}
    claude/claude: {input: 0.005, output: 0.025}
"""
MESSAGES: Any = [{"role": "user", "content": "Hello"}]


@pytest.fixture
def gateway(start: Callable[..., Gateway]) -> Gateway:
    return start(CONFIG)


@pytest.fixture
def client(gateway: Gateway) -> openai.OpenAI:
    return openai.OpenAI(base_url=f"{gateway.url}/v1", api_key="sk-of-the-caller", max_retries=0)


@pytest.fixture
def claude(gateway: Gateway) -> anthropic.Anthropic:
    return anthropic.Anthropic(base_url=gateway.url, api_key="sk-of-the-caller", max_retries=0)


def cached(gateway: Gateway, route: str, outcome: str) -> float:
    return gateway.metric(f'gateway_cache_requests_total{{outcome="{outcome}",route="{route}"}}')


def test_openais_sdk(client: openai.OpenAI, upstream: Double, gateway: Gateway) -> None:
    chats_whole_and_streamed(client, upstream)
    responses_and_embeddings(client, upstream)
    who_wants_a_new_answer_gets_one(client, upstream)
    many_that_ask_the_same_at_once(client, upstream, gateway)
    gateway.wait_until(lambda: cached(gateway, "gpt-4", "hit") == 2 + 2 + 1 + 19)
    assert cached(gateway, "gpt-4", "miss") == 2 + 2 + 2 + 1
    assert cached(gateway, "gpt-4", "bypass") == 1


def chats_whole_and_streamed(client: openai.OpenAI, upstream: Double) -> None:
    create = client.chat.completions.with_raw_response.create
    first, second = (create(model="gpt-4", messages=MESSAGES) for _ in range(2))
    assert [raw.headers["X-Gateway-Cache"] for raw in (first, second)] == ["miss", "hit"]
    expected = json.loads(CHAT_ANSWER)
    expected["usage"]["cost"] = 0
    assert second.parse().to_dict() == expected
    assert second.headers["X-Gateway-Cost"] == "0"

    upstream.script = lambda handler, seen: send_stream(handler)
    options: Any = {"include_usage": True}
    streams: list[list[Any]] = []
    for _ in range(2):
        stream = client.chat.completions.create(model="gpt-4", messages=MESSAGES, stream=True, stream_options=options)
        streams.append([chunk.to_dict() for chunk in stream])
    assert len(streams[0]) == len(STREAM) - 1
    assert [chunks[-1]["usage"].pop("cost") for chunks in streams] == [0.00186, 0]
    assert streams[0] == streams[1]
    assert len(upstream.seen) == 2


def responses_and_embeddings(client: openai.OpenAI, upstream: Double) -> None:
    before = len(upstream.seen)
    upstream.script = lambda handler, seen: handler.finish(RESPONSE)
    texts = [client.responses.create(model="gpt-4", input="Hi").output_text for _ in range(2)]
    assert texts == ["Hello!"] * 2
    vector = {"object": "embedding", "index": 0, "embedding": [0.5, -0.25]}
    answer = {"object": "list", "model": "m", "data": [vector], "usage": {"prompt_tokens": 1, "total_tokens": 1}}
    upstream.script = lambda handler, seen: handler.finish(answer)
    vectors = [client.embeddings.create(model="gpt-4", input="Hi", encoding_format="float") for _ in range(2)]
    assert [made.data[0].embedding for made in vectors] == [[0.5, -0.25]] * 2
    assert len(upstream.seen) == before + 2


def who_wants_a_new_answer_gets_one(client: openai.OpenAI, upstream: Double) -> None:
    before = len(upstream.seen)
    upstream.script = lambda handler, seen: handler.finish(CHAT_ANSWER)
    create = client.chat.completions.with_raw_response.create
    told = [
        create(model="gpt-4", messages=MESSAGES, seed=1, extra_headers=headers).headers["X-Gateway-Cache"]
        for headers in ({}, {"Cache-Control": "no-cache"}, {"Cache-Control": "no-store"}, {})
    ]
    assert told == ["miss", "miss", "bypass", "hit"]
    assert len(upstream.seen) == before + 3


def many_that_ask_the_same_at_once(client: openai.OpenAI, upstream: Double, gateway: Gateway) -> None:
    before = len(upstream.seen)

    def answer(handler: tornado.web.RequestHandler, seen: Seen) -> None:
        # In the double's own thread: the gateway goes on taking calls meanwhile.
        gateway.wait_until(lambda: gateway.metric("gateway_in_flight") == 20)
        handler.finish(CHAT_ANSWER)

    upstream.script = answer
    create = client.chat.completions.with_raw_response.create
    with ThreadPoolExecutor(20) as pool:
        asked = [pool.submit(create, model="gpt-4", messages=MESSAGES, seed=2) for _ in range(20)]
        told = sorted(each.result().headers["X-Gateway-Cache"] for each in asked)
    assert told == ["hit"] * 19 + ["miss"]
    assert len(upstream.seen) == before + 1


def test_anthropics_sdk_and_a_new_price(claude: anthropic.Anthropic, upstream: Double, gateway: Gateway) -> None:
    upstream.script = lambda handler, seen: handler.finish(MESSAGE)
    create = claude.messages.with_raw_response.create
    whole = [create(model="claude", messages=MESSAGES, max_tokens=9) for _ in range(2)]
    assert [raw.headers["X-Gateway-Cache"] for raw in whole] == ["miss", "hit"]
    assert whole[0].text() == whole[1].text()
    assert whole[1].parse().content[-1].type == "tool_use"

    upstream.script = lambda handler, seen: send_stream(handler, MESSAGE_STREAM)
    finals = []
    for _ in range(2):
        with claude.messages.stream(model="claude", messages=MESSAGES, max_tokens=9) as stream:
            kinds = [event.type for event in stream]
            finals.append((kinds, stream.get_final_message().to_dict()))
    assert finals[0] == finals[1]
    assert len(upstream.seen) == 2

    upstream.script = lambda handler, seen: handler.finish(MESSAGE)
    gateway.config.write_text(f"# moved by a line\n{CONFIG}".replace("input: 0.005", "input: 0.006"))

    def told() -> str:
        return str(create(model="claude", messages=MESSAGES, max_tokens=9).headers["X-Gateway-Cache"])

    gateway.wait_until(lambda: told() == "miss", 3)
    assert told() == "hit"
    assert len(upstream.seen) == 3


def test_two_gateways_with_one_redis(start: Callable[..., Gateway], upstream: Double) -> None:
    def told(gateway: Gateway, **members: Any) -> str:
        client = openai.OpenAI(base_url=f"{gateway.url}/v1", api_key="sk-of-the-caller", max_retries=0)
        create = client.chat.completions.with_raw_response.create
        return str(create(model="gpt-4", messages=MESSAGES, **members).headers["X-Gateway-Cache"])

    with running() as redis:
        config = f"state: {{url: '{redis.url}', timeout: 2}}\n{CONFIG}"
        one, other = start(config), start(config)
        assert told(one) == "miss"
        one.wait_until(lambda: told(other) == "hit")
        assert len(upstream.seen) <= 2
        redis.stop()
        assert [told(one), told(one)] == ["bypass", "bypass"]
        assert one.log.read_text().count("the answer cache can't be reached") == 1
