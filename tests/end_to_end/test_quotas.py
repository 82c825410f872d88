"""Limits and budgets over real sockets, real processes and a real Redis."""

import asyncio
import secrets
import threading
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import openai
import pytest
import tornado.web

from tests.redis_server import RedisServer, running
from tests.serving import Served, chat, request, serving
from tests.support import FakeClock, text_answer
from tornado_gateway.domain.counters import Counters
from tornado_gateway.domain.events import RequestFinished
from tornado_gateway.domain.quotas import Budget, Limits, Quotas, RouteQuota, TagBudget
from tornado_gateway.domain.usage import TokenUsage
from tornado_gateway.storage.memory_counters import MemoryCounters
from tornado_gateway.storage.redis_counters import RedisCounters
from tornado_gateway.storage.redis_lane import RedisLane

from .conftest import CHAT_ANSWER, CONFIG, Double, Gateway, Seen

LIMIT = 73
USED = Decimal("0.00186")
"""What an answer of 12 and 25 tokens costs."""

Start = Callable[..., Gateway]
MakeCounters = Callable[[FakeClock], Counters]


@pytest.fixture(params=["memory", "redis"])
def make_counters(request: pytest.FixtureRequest) -> Any:
    """A store whose time is a test's to say."""
    if request.param == "memory":
        yield MemoryCounters
        return
    with running() as server:

        def make(clock: FakeClock) -> Counters:
            lane = RedisLane(server.url, timeout=10)
            return RedisCounters(lane, prefix=secrets.token_hex(8), now=lambda: clock.time)

        yield make


class Answering:
    """A provider that takes a moment for each of as many calls as there are."""

    name, configured, retries = "openai", True, 0

    async def complete(self, call: Any, model: str, context: Any) -> Any:
        await asyncio.sleep(0.01)
        return text_answer(usage=TokenUsage(12, 25))


@dataclass
class Limited:
    served: Served
    clock: FakeClock

    async def ask(self, times: int, **members: Any) -> list[int]:
        return await statuses_of([self.served.port], times, chat(**members))


async def statuses_of(ports: list[int], times: int, document: Any) -> list[int]:
    """What so many clients hear who all ask at once, each over a connection of its own, of each gateway in turn."""
    connections: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []
    for number in range(times):
        connections.append(await asyncio.open_connection("127.0.0.1", ports[number % len(ports)]))
    for _, writer in connections:
        writer.write(request(document))
    lines = await asyncio.gather(*(reader.readline() for reader, _ in connections))
    for _, writer in connections:
        writer.close()
    return [int(line.split()[1]) for line in lines]


@asynccontextmanager
async def limited(make_counters: MakeCounters, quotas: Quotas) -> AsyncIterator[Limited]:
    clock = FakeClock()
    counters = make_counters(clock)
    async with serving(Answering(), quotas=quotas, counters=counters) as served:
        yield Limited(served, clock)
    await counters.close()


async def test_200_clients_at_once_are_exactly_as_many_as_are_allowed(make_counters: MakeCounters) -> None:
    async with limited(make_counters, Quotas(everyone=Limits(requests_per_minute=LIMIT))) as gateway:
        for _ in range(3):
            statuses = await gateway.ask(200)
            assert (statuses.count(200), statuses.count(429)) == (LIMIT, 200 - LIMIT)
            gateway.clock.time += 59.5
            assert await gateway.ask(3) == [429] * 3
            gateway.clock.time += 1.5


async def test_calls_at_once_are_never_more_than_allowed(make_counters: MakeCounters) -> None:
    async with limited(make_counters, Quotas(everyone=Limits(concurrent=10))) as gateway:
        statuses = await gateway.ask(100)
        assert statuses.count(200) >= 10
        assert set(statuses) <= {200, 429}
        assert await gateway.ask(10) == [200] * 10  # every place is free again


async def test_500_at_once_overspend_a_budget_by_less_than_one_call(make_counters: MakeCounters) -> None:
    amount = Decimal("0.1")
    quotas = Quotas(tag_budgets=(TagBudget({"team": "a"}, Budget(amount, "total")),))
    async with limited(make_counters, quotas) as gateway:
        team = {"metadata": {"team": "a"}}
        for bound in ({"max_tokens": 25}, {}):
            assert set(await gateway.ask(250, **team, **bound)) <= {200, 402}
        while 200 in await gateway.ask(1, **team):
            pass
        spent = sum(event.cost.amount for event in gateway.served.recorder.of(RequestFinished) if event.cost)
        assert amount <= spent < amount + USED
        assert await gateway.ask(1, metadata={"team": "b"}) == [200]
        refused = await gateway.served.client.post("/v1/chat/completions", json=chat(max_tokens=9, **team))
        assert (refused.status_code, refused.json()["error"]["code"]) == (402, "budget_exceeded")
        assert "tag team=a: of 0.1 USD in total, 0 is left" in refused.json()["error"]["message"]
        assert "retry-after" not in refused.headers


async def test_whoever_speaks_anthropics_language_is_told_in_it() -> None:
    quotas = Quotas(routes={"gpt-4": RouteQuota(budget=Budget(Decimal("0.001"), "month"))})
    async with limited(MemoryCounters, quotas) as gateway:
        refused = await gateway.served.client.post("/v1/messages", json=chat(max_tokens=100))
        assert (refused.status_code, refused.json()["error"]["type"]) == (402, "billing_error")
        assert "route gpt-4: of 0.001 USD per month" in refused.json()["error"]["message"]
        assert "It begins anew at 2024-02-01 00:00 UTC." in refused.json()["error"]["message"]
        counted = await gateway.served.client.post("/v1/messages/count_tokens", json=chat())
        assert counted.status_code == 200  # it costs no budget


async def test_two_gateways_of_two_workers_on_one_redis_admit_exactly_the_limit(
    start: Start, redis_server: RedisServer
) -> None:
    config = CONFIG.replace("port: 0", "port: 0, workers: 2")
    config += f"limits: {{requests_per_minute: {LIMIT}}}\nstate: {{url: '{redis_server.url}', timeout: 10}}\n"
    gateways = start(config), start(config)
    ports = [int(gateway.url.rpartition(":")[2]) for gateway in gateways]
    statuses = await statuses_of(ports, 200, chat("echo4"))
    assert (statuses.count(200), statuses.count(429)) == (LIMIT, 200 - LIMIT)
    assert all(gateway.metric("gateway_counters_state") == 0 for gateway in gateways)


@pytest.fixture
def redis_server() -> Any:
    with running() as server:
        yield server


async def test_with_redis_away_calls_go_on_as_the_file_says(start: Start, redis_server: RedisServer) -> None:
    state = f"state: {{url: '{redis_server.url}', fail: closed, timeout: 2}}\n"
    gateway = start(CONFIG + "limits: {requests_per_minute: 50}\n" + state)
    client = openai.OpenAI(base_url=f"{gateway.url}/v1", api_key="sk-of-the-caller", max_retries=0)
    ask = lambda: client.chat.completions.create(model="echo4", messages=[{"role": "user", "content": "Hello"}])  # noqa: E731
    ask()
    redis_server.stop()
    for _ in range(5):
        with pytest.raises(openai.InternalServerError) as refused:
            ask()
        assert refused.value.code == "state_unavailable"
    assert gateway.metric("gateway_counters_state") == 1
    gateway.wait_until(lambda: "the store of limits and budgets is away" in gateway.log.read_text())
    redis_server.start()
    gateway.wait_until(lambda: _works(ask))
    gateway.wait_until(lambda: gateway.metric("gateway_counters_state") == 0)
    gateway.wait_until(lambda: "the store of limits and budgets is back" in gateway.log.read_text())
    assert gateway.log.read_text().count("the store of limits and budgets") == 2, "each is told once"


def _works(ask: Callable[[], Any]) -> bool:
    try:
        ask()
    except openai.InternalServerError:
        return False
    return True


def test_the_sdk_reads_the_headers_and_comes_again_when_it_is_told(start: Start, upstream: Double) -> None:
    gateway = start(CONFIG + "limits: {requests_per_minute: 60, concurrent: 1}\n")
    client = openai.OpenAI(base_url=f"{gateway.url}/v1", api_key="sk-of-the-caller", max_retries=1)
    release = threading.Event()

    async def slow(handler: tornado.web.RequestHandler, seen: Seen) -> None:
        await asyncio.to_thread(release.wait, 10)
        handler.finish(CHAT_ANSWER)

    upstream.script = slow
    messages: Any = [{"role": "user", "content": "Hello"}]
    first = threading.Thread(target=lambda: client.chat.completions.create(model="gpt-4", messages=messages))
    first.start()
    gateway.wait_until(lambda: len(upstream.seen) == 1)
    timer = threading.Timer(0.2, release.set)
    timer.start()
    began = time.monotonic()
    raw = client.chat.completions.with_raw_response.create(model="gpt-4", messages=messages)
    # It would have come after half a second without a word, and it was told to come after one.
    assert 1.0 <= time.monotonic() - began < 10.0
    first.join()
    assert raw.headers["x-ratelimit-limit-requests"] == "60"
    assert raw.headers["x-ratelimit-remaining-requests"] == "58"
    assert gateway.metric('gateway_calls_refused_total{limit="concurrent",route="gpt-4",subject="everyone"}') == 1


def test_limits_and_budgets_change_at_once_and_count_on(start: Start, upstream: Double) -> None:
    gateway = start(CONFIG)
    client = openai.OpenAI(base_url=f"{gateway.url}/v1", api_key="sk-of-the-caller", max_retries=0)

    def ask() -> Any:
        return client.chat.completions.create(
            model="gpt-4", messages=[{"role": "user", "content": "Hello"}], metadata={"team": "a"}, max_tokens=25
        )

    def change(text: str) -> None:
        reloads = gateway.metric('gateway_config_reloads_total{outcome="loaded"}')
        gateway.config.write_text(CONFIG + text)
        gateway.wait_until(lambda: gateway.metric('gateway_config_reloads_total{outcome="loaded"}') > reloads)

    hooks = f"webhooks: [{{url: '{upstream.url}/hook', secret: planted-secret}}]\n"
    budget = "budgets: [{tag: {team: a}, amount: AMOUNT, period: month, warn_at: [50]}]\n"
    ask()
    change(hooks + budget.replace("AMOUNT", "0.004"))
    ask()
    ask()
    with pytest.raises(openai.APIStatusError) as refused:
        ask()
    assert (refused.value.status_code, refused.value.code) == (402, "budget_exceeded")
    gateway.wait_until(lambda: any(seen.path == "/v1/hook" for seen in upstream.seen))
    (told,) = [seen for seen in upstream.seen if seen.path == "/v1/hook"]
    assert told.body["data"]["subject"] == "tag team=a"
    assert told.body["data"]["percent"] == 50
    assert told.headers["X-Gateway-Signature"].startswith("sha256=")
    change(hooks + budget.replace("AMOUNT", "0.006"))
    ask()
    with pytest.raises(openai.APIStatusError):
        ask()
    change("limits: {requests_per_minute: 2}\n")
    ask()
    ask()
    with pytest.raises(openai.RateLimitError, match="everyone: 2 requests per minute"):
        ask()
    log = gateway.log.read_text()
    assert "budget of tag team=a by the month: 0.004 USD a month (UTC), told at 50 % -> 0.006" in log
    assert "planted-secret" not in log
    assert "/v1/hook" not in log


def test_what_was_spent_before_a_restart_is_not_forgotten(start: Start) -> None:
    config = CONFIG + (
        "budgets: [{tag: {team: a}, amount: 0.005, period: month}]\n"
        "ledger: {url: 'sqlite:///usage.db', flush_interval: 0.05}\n"
    )

    def ask(gateway: Gateway) -> Any:
        client = openai.OpenAI(base_url=f"{gateway.url}/v1", api_key="sk-of-the-caller", max_retries=0)
        messages: Any = [{"role": "user", "content": "Hello"}]
        return client.chat.completions.create(model="gpt-4", messages=messages, metadata={"team": "a"})

    first = start(config)
    ask(first)
    ask(first)
    first.process.terminate()
    first.process.wait(10)
    second = start(config)
    ask(second)  # of 0.005 are 0.00372 spent, and something is left
    with pytest.raises(openai.APIStatusError, match=r"tag team=a: of 0\.005 USD per month, 0 is left"):
        ask(second)
