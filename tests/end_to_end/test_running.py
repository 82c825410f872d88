"""What an operator sees: reloads under load, drains, clients that leave, mistakes in the file."""

import asyncio
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from tornado_gateway.__main__ import main

from .conftest import CONFIG, ROOT, STREAM, Double, Gateway, chunk, send_stream

BODY = {"model": "gpt-4", "messages": [{"role": "user", "content": "Hello"}]}


def ready(gateway: Gateway) -> dict[str, Any]:
    return dict(httpx.get(f"{gateway.url}/health/ready").json()["config"])


def test_a_new_price_is_live_within_a_second_and_a_bad_file_changes_nothing(gateway: Gateway) -> None:
    before = ready(gateway)
    assert re.fullmatch("[0-9a-f]{12}", before["revision"])
    gateway.config.write_text(CONFIG.replace("input: 0.03,", "input: 0.04,"))
    gateway.wait_until(lambda: ready(gateway)["revision"] != before["revision"], 1.0)
    assert httpx.post(f"{gateway.url}/v1/chat/completions", json=BODY).json()["usage"]["cost"] == 0.00198

    live = ready(gateway)
    gateway.config.write_text(CONFIG.replace("input: 0.03,", "inptu: 0.03,"))
    gateway.wait_until(lambda: ready(gateway)["last_error"] is not None, 1.0)
    after = ready(gateway)
    assert (after["revision"], after["loaded_at"]) == (live["revision"], live["loaded_at"])
    assert "inptu" in json.dumps(after["last_error"])
    assert httpx.post(f"{gateway.url}/v1/chat/completions", json=BODY).json()["usage"]["cost"] == 0.00198
    assert gateway.metric('gateway_config_reloads_total{outcome="rejected"}') == 1
    gateway.wait_until(lambda: "inptu" in gateway.log.read_text())


def test_sighup_reloads_through_a_symlink_swap_and_a_rename(start: Callable[..., Gateway], tmp_path: Path) -> None:
    gateway = start()
    first = ready(gateway)["revision"]
    new = tmp_path / "new.yaml"
    new.write_text(CONFIG.replace("input: 0.03,", "input: 0.05,"))
    new.rename(gateway.config)
    gateway.process.send_signal(signal.SIGHUP)
    gateway.wait_until(lambda: ready(gateway)["revision"] != first, 1.0)


async def test_200_reloads_under_load_fail_no_request_and_mix_no_revisions(
    start: Callable[..., Gateway], upstream: Double
) -> None:
    gateway = await asyncio.to_thread(start)
    prices = {"0.03": 0.00186, "0.04": 0.00198}
    costs: dict[str, set[float]] = {}
    stopped = False

    def reload(turn: int) -> None:
        price = list(prices)[turn % 2]
        new = gateway.config.with_suffix(".new")
        # The comment alone would be no new configuration; the timeout makes each turn a revision of its own.
        text = CONFIG.replace("input: 0.03,", f"input: {price},").replace("timeout: 5,", f"timeout: {6 + turn},")
        new.write_text(text)
        new.rename(gateway.config)
        gateway.process.send_signal(signal.SIGHUP)

    async def ask(client: httpx.AsyncClient) -> None:
        while not stopped:
            answer = await client.post("/v1/chat/completions", json=BODY)
            assert answer.status_code == 200, answer.text
            costs.setdefault(answer.headers["X-Gateway-Revision"], set()).add(answer.json()["usage"]["cost"])

    async with httpx.AsyncClient(base_url=gateway.url, timeout=30) as client:
        asking = [asyncio.ensure_future(ask(client)) for _ in range(4)]
        for turn in range(200):
            await asyncio.to_thread(reload, turn)
            wanted = turn + 1
            async with asyncio.timeout(10):
                while (await client.get("/metrics")).text.count(
                    f'gateway_config_reloads_total{{outcome="loaded"}} {float(wanted)}'
                ) == 0:
                    assert not any(task.done() for task in asking), [task for task in asking if task.done()]
        stopped = True
        await asyncio.gather(*asking)
    assert len(costs) > 20
    assert all(len(seen) == 1 for seen in costs.values()), costs
    assert {cost for seen in costs.values() for cost in seen} == set(prices.values())


def test_a_stream_ends_under_the_revision_and_price_it_began_with(gateway: Gateway, upstream: Double) -> None:
    go = threading.Event()

    async def slow(handler: Any, seen: Any) -> None:
        handler.set_header("Content-Type", "text/event-stream")
        handler.write(STREAM[1])
        await handler.flush()
        await asyncio.to_thread(go.wait, 10)
        await send_stream(handler, STREAM[2:])

    upstream.script = slow
    body = {**BODY, "stream": True}
    with httpx.stream("POST", f"{gateway.url}/v1/completions", json=body, timeout=20) as answer:
        lines = answer.iter_lines()
        assert json.loads(next(lines)[6:])["delta"] == "Hel"
        revision = answer.headers["X-Gateway-Revision"]
        gateway.config.write_text(CONFIG.replace("input: 0.03,", "input: 0.99,"))
        gateway.wait_until(lambda: ready(gateway)["revision"] != revision, 2.0)
        go.set()
        last = [line for line in lines if line][-1]
    assert json.loads(last[6:])["usage"]["cost"] == 0.00186


def test_sigterm_drains(gateway: Gateway, upstream: Double) -> None:
    go = threading.Event()

    async def slow(handler: Any, seen: Any) -> None:
        handler.set_header("Content-Type", "text/event-stream")
        handler.write(STREAM[1])
        await handler.flush()
        await asyncio.to_thread(go.wait, 10)
        await send_stream(handler, STREAM[2:])

    upstream.script = slow
    body = {**BODY, "stream": True}
    with httpx.stream("POST", f"{gateway.url}/v1/chat/completions", json=body, timeout=20) as answer:
        lines = answer.iter_lines()
        assert "Hel" in next(lines)
        gateway.process.send_signal(signal.SIGTERM)
        gateway.wait_until(lambda: httpx.get(f"{gateway.url}/health/ready").status_code == 503)
        assert httpx.get(f"{gateway.url}/health/live").status_code == 200
        refused = httpx.post(f"{gateway.url}/v1/chat/completions", json=BODY)
        assert refused.status_code == 503
        assert refused.json()["error"]["code"] == "shutting_down"
        assert refused.headers["Connection"] == "close"
        go.set()
        assert [line for line in lines if line][-1] == "data: [DONE]"
    assert gateway.process.wait(10) == 0


async def never(handler: Any, seen: Any) -> None:
    handler.set_header("Content-Type", "text/event-stream")
    handler.write(STREAM[1])
    await handler.flush()
    await asyncio.to_thread(seen.closed.wait, 20)


def test_who_is_not_done_in_time_is_told_so(start: Callable[..., Gateway], upstream: Double) -> None:
    upstream.script = never
    gateway = start(CONFIG.replace("drain_timeout: 20", "drain_timeout: 0.2"))
    with httpx.stream("POST", f"{gateway.url}/v1/chat/completions", json={**BODY, "stream": True}) as answer:
        lines = answer.iter_lines()
        assert "Hel" in next(lines)
        gateway.process.send_signal(signal.SIGTERM)
        assert '"shutting_down"' in [line for line in lines if line][-1]  # and the stream ends as one ends
    assert gateway.process.wait(10) == 0
    assert '"error":"shutting_down"' in gateway.log.read_text()


def test_a_second_sigterm_ends_at_once(gateway: Gateway, upstream: Double) -> None:
    upstream.script = never
    with httpx.stream("POST", f"{gateway.url}/v1/chat/completions", json={**BODY, "stream": True}) as answer:
        lines = answer.iter_lines()
        assert "Hel" in next(lines)
        gateway.process.send_signal(signal.SIGTERM)
        gateway.wait_until(lambda: httpx.get(f"{gateway.url}/health/ready").status_code == 503)
        gateway.process.send_signal(signal.SIGTERM)
        assert gateway.process.wait(5) != 0


def test_a_client_that_leaves_ends_the_providers_call_and_is_priced(gateway: Gateway, upstream: Double) -> None:
    async def stall(handler: Any, seen: Any) -> None:
        if seen.body.get("stream"):
            handler.set_header("Content-Type", "text/event-stream")
            handler.write(chunk({"content": "Hel"}))
            await handler.flush()
        await asyncio.to_thread(seen.closed.wait, 20)

    upstream.script = stall
    left = 'gateway_requests_total{model="gpt-4",provider="openai",route="gpt-4",status="499"}'
    host, port = gateway.url.removeprefix("http://").split(":")
    for turn, stream in enumerate((False, True)):
        body = json.dumps({**BODY, "stream": stream}).encode()
        head = "POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        head += f"Content-Length: {len(body)}\r\n\r\n"
        with socket.create_connection((host, int(port))) as client:
            client.sendall(head.encode() + body)
            gateway.wait_until(lambda turn=turn: len(upstream.seen) == turn + 1)  # type: ignore[misc]
            if stream:
                got = b""
                while b"Hel" not in got:
                    got += client.recv(65536)
        assert upstream.seen[turn].closed.wait(1.0), f"stream={stream}: the provider's call went on"
        gateway.wait_until(lambda turn=turn: gateway.metric(left) == turn + 1)  # type: ignore[misc]
    assert gateway.metric('gateway_cost_usd_total{model="gpt-4",provider="openai",route="gpt-4"}') > 0
    assert gateway.metric("gateway_in_flight") == 0


def test_a_bad_file_is_refused_at_the_start_with_every_problem(tmp_path: Path) -> None:
    file = tmp_path / "gateway.yaml"
    file.write_text(
        CONFIG.replace("gpt-4: {provider: openai}", "gpt-4: {provider: opnai}").replace("free: true", "fre: true")
    )
    command = [sys.executable, "-m", "tornado_gateway", "serve", "--config", str(file)]
    env = {**os.environ, "PYTHONPATH": str(ROOT), "OPENAI_BASE_URL": "http://127.0.0.1:9/v1"}
    done = subprocess.run(command, env=env, cwd=tmp_path, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 1
    assert re.search(r"gateway\.yaml:8:\d+: .*opnai.*openai", done.stderr), done.stderr
    assert re.search(r"gateway\.yaml:14:\d+: .*fre.*free", done.stderr), done.stderr
    assert "Traceback" not in done.stderr


def test_a_provider_without_a_key_stops_nothing_else(start: Callable[..., Gateway]) -> None:
    gateway = start(CONFIG, OPENAI_API_KEY="")
    refused = httpx.post(f"{gateway.url}/v1/chat/completions", json=BODY)
    assert refused.status_code == 503
    assert refused.json()["error"]["code"] == "provider_not_configured"
    assert httpx.post(f"{gateway.url}/v1/chat/completions", json={**BODY, "model": "echo4"}).status_code == 200
    gateway.wait_until(lambda: "has no API key" in gateway.log.read_text())
    assert gateway.log.read_text().count("provider openai has no API key: its routes answer 503") == 1


def test_a_link_that_leads_nowhere_is_no_reason_to_serve_another_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "gateway.yaml").symlink_to(tmp_path / "gone.yaml")
    monkeypatch.chdir(tmp_path)
    assert main(["serve", "--port", "0"]) == 1
    assert capsys.readouterr().err == "gateway.yaml:1:1: can't be read: No such file or directory\n"
