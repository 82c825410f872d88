"""Three providers on a bad day, the file reloading, clients leaving: every call ends, and every end is counted."""

import asyncio
import json
import random
from collections import Counter
from collections.abc import Callable, Iterator

import httpx
import pytest

from .chaos import ChaosUpstream
from .conftest import Gateway

CONFIG = """\
version: 1
server: {{host: 127.0.0.1, port: 0, drain_timeout: 5}}
providers:
  a: {{kind: openai, base_url: "http://127.0.0.1:{a}/v1", api_key: k, timeout: 1, max_retries: 1}}
  b: {{kind: openai, base_url: "http://127.0.0.1:{b}/v1", api_key: k, timeout: 1, max_retries: 1}}
  c: {{kind: openai, base_url: "http://127.0.0.1:{c}/v1", api_key: k, timeout: 1, max_retries: 1, max_concurrency: 50}}
routes:
  mixed:
    strategy: {strategy}
    targets: [{{provider: a, model: m}}, {{provider: b, model: m}}, {{provider: c, model: m}}]
  hedged:
    targets: [{{provider: a, model: m}}, {{provider: b, model: m}}]
    fallbacks: [last]
    hedge: {{after: 0.2}}
  last: {{provider: c, model: m, mirror: {{route: mixed, percent: 5}}}}
pricing:
  unit: per_1k_tokens
  currency: USD
  models:
    a/m: {{input: {price}, output: 0.06}}
    b/m: {{input: 0.03, output: 0.06}}
    c/m: {{input: 0.03, output: 0.06}}
"""
CODES = {
    "upstream_failed",
    "upstream_unreachable",
    "upstream_timeout",
    "upstream_rate_limited",
    "upstream_rejected",
    "circuit_open",
    "provider_busy",
}


@pytest.fixture
def doubles() -> Iterator[list[ChaosUpstream]]:
    made = [ChaosUpstream(seed, share=0.3) for seed in range(3)]
    yield made
    for double in made:
        double.stop()


def config(doubles: list[ChaosUpstream], *, strategy: str = "least_busy", price: str = "0.03") -> str:
    a, b, c = (double.port for double in doubles)
    return CONFIG.format(a=a, b=b, c=c, strategy=strategy, price=price)


class Caller:
    """Calls one after the other, by a seeded die, and says how each ended."""

    def __init__(self, url: str, seed: int, ends: Counter[str]) -> None:
        self._client = httpx.AsyncClient(base_url=url, timeout=20)
        self._dice = random.Random(seed)
        self._ends = ends

    async def run(self, calls: int) -> None:
        async with self._client:
            for _ in range(calls):
                stream = self._dice.random() < 0.5
                leaves = self._dice.uniform(0.001, 0.1) if self._dice.random() < 0.1 else None
                model = self._dice.choice(["mixed", "mixed", "hedged", "last"])
                try:
                    async with asyncio.timeout(leaves):
                        end = await (self._streamed(model) if stream else self._whole(model))
                except TimeoutError:
                    end = "left"
                self._ends[end] += 1

    async def _whole(self, model: str) -> str:
        answer = await self._client.post("/v1/chat/completions", json=asked(model))
        document = answer.json()
        if answer.status_code == 200:
            assert document["choices"][0]["message"]["content"] == "Hello!"
            assert document["usage"]["cost"] in (0.00186, 0.0021)
            return "answered"
        return refused(answer.status_code, document)

    async def _streamed(self, model: str) -> str:
        said = ""
        async with self._client.stream("POST", "/v1/chat/completions", json={**asked(model), "stream": True}) as answer:
            if answer.status_code != 200:
                return refused(answer.status_code, json.loads(await answer.aread()))
            assert answer.headers["Content-Type"] == "text/event-stream"
            body = "".join([text async for text in answer.aiter_text()])
        for frame in body.split("\n\n"):
            if frame.startswith("event: error"):
                assert json.loads(frame.partition("data: ")[2])["error"]["code"]
                assert "[DONE]" not in body
                return "failed in the stream"
            if frame.startswith("data: {"):
                said += "".join(c["delta"].get("content") or "" for c in json.loads(frame[6:])["choices"])
        assert body.endswith("data: [DONE]\n\n"), body
        assert said == "Hello!"
        return "answered"


def asked(model: str) -> dict[str, object]:
    return {"model": model, "messages": [{"role": "user", "content": "Hello"}]}


def refused(status: int, document: dict[str, dict[str, str]]) -> str:
    assert document["error"]["code"] in CODES, (status, document)
    assert status in (400, 429, 502, 503, 504)
    return f"refused: {document['error']['code']}"


def total(gateway: Gateway, name: str, **labels: str) -> float:
    rows = httpx.get(f"{gateway.url}/metrics").text.splitlines()
    wanted = [f'{label}="{value}"' for label, value in labels.items()]
    found = [row for row in rows if row.startswith(name) and all(label in row for label in wanted)]
    return sum(float(row.rsplit(" ", 1)[1]) for row in found)


async def test_every_call_ends_and_every_end_is_accounted_for(
    start: Callable[..., Gateway], doubles: list[ChaosUpstream]
) -> None:
    gateway = start(config(doubles))
    ends: Counter[str] = Counter()
    callers = asyncio.gather(*(Caller(gateway.url, seed, ends).run(30) for seed in range(40)))

    async def reload() -> None:
        prices = ["0.03", "0.05"]
        strategies = ["least_busy", "weighted", "least_latency", "priority", "cheapest"]
        for number in range(10_000):
            await asyncio.sleep(0.3)
            text = config(doubles, strategy=strategies[number % 5], price=prices[number % 2])
            gateway.config.write_text(text)

    reloading = asyncio.ensure_future(reload())
    await callers
    reloading.cancel()
    assert sum(ends.values()) == 1200
    assert ends["answered"] > 700, ends
    assert ends["left"] > 0
    assert ends["failed in the stream"] > 0

    def settled() -> bool:
        return gateway.metric("gateway_in_flight") == 0

    await asyncio.to_thread(gateway.wait_until, settled)
    # A client may have left before its request was read: that is no request.
    mirrored = total(gateway, "gateway_requests_total") - sum(ends.values())
    assert -ends["left"] <= mirrored < 100
    # Each success is metered once: what its client did not stay for may have been one too, or a mirror's.
    succeeded = total(gateway, "gateway_requests_total", status="200")
    assert ends["answered"] <= succeeded <= ends["answered"] + ends["left"] + mirrored
    assert total(gateway, "gateway_config_reloads_total", outcome="loaded") > 3
    faults = {name for double in doubles for name in double.done}
    assert len(faults) > 20
    ready = await asyncio.to_thread(lambda: httpx.get(f"{gateway.url}/health/ready").json())
    assert set(ready["providers"]) == {"a", "b", "c"}
    assert ready["providers"]["c"]["in_flight"] == 0


@pytest.mark.parametrize("strategy", ["priority", "least_latency", "weighted", "least_busy"])
async def test_with_one_target_dead_nobody_notices(start: Callable[..., Gateway], strategy: str) -> None:
    doubles = [ChaosUpstream(seed, share=0.0) for seed in range(3)]
    doubles[0].stop()
    gateway = start(config(doubles, strategy=strategy))
    limits = httpx.Limits(max_connections=20)
    async with httpx.AsyncClient(base_url=gateway.url, timeout=20, limits=limits) as client:
        answers = await asyncio.gather(*(client.post("/v1/chat/completions", json=asked("mixed")) for _ in range(250)))
    for double in doubles[1:]:
        double.stop()
    assert [answer.status_code for answer in answers] == [200] * 250
    assert total(gateway, "gateway_requests_total", status="200") == 250


async def test_a_probe_finds_out_before_any_caller_does(start: Callable[..., Gateway]) -> None:
    dead, well = ChaosUpstream(0, share=0.0), ChaosUpstream(1, share=0.0)
    dead.stop()
    text = config([dead, well, well]).replace("max_retries: 1", "breaker: {consecutive: 1}, health: {interval: 0.1}")
    gateway = start(text)

    def circuits() -> list[str]:
        providers = httpx.get(f"{gateway.url}/health/ready").json()["providers"]
        return [providers[name]["endpoints"][0]["circuit"] for name in ("a", "b")]

    await asyncio.to_thread(gateway.wait_until, lambda: circuits() == ["open", "closed"])
    well.stop()
    assert total(gateway, "gateway_circuit_state", provider="a") == 2
