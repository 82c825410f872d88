"""A gateway as a user runs it: a process of its own, real sockets, a real upstream double behind it."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
import tornado.httpserver
import tornado.netutil
import tornado.web

ROOT = Path(__file__).resolve().parents[2]


@dataclass
class Seen:
    """One request as the provider saw it. ``closed`` is set when the gateway hung up before the answer's end."""

    path: str
    headers: dict[str, str]
    body: Any
    closed: threading.Event = field(default_factory=threading.Event)


Script = Callable[[tornado.web.RequestHandler, Seen], Any]


class Double:
    """An upstream on the loopback, in a thread with a loop of its own. ``script`` answers; ``seen`` remembers."""

    def __init__(self) -> None:
        self.seen: list[Seen] = []
        self.script: Script = lambda handler, seen: handler.finish(CHAT_ANSWER)
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), daemon=True)
        self._thread.start()
        assert self._ready.wait(10)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(10)

    async def _serve(self) -> None:
        double = self

        class Handler(tornado.web.RequestHandler):
            async def post(self) -> None:
                self.seen = Seen(self.request.path, dict(self.request.headers), json.loads(self.request.body))
                double.seen.append(self.seen)
                self.set_header("Content-Type", "application/json")
                result = double.script(self, self.seen)
                if asyncio.iscoroutine(result):
                    await result

            def on_connection_close(self) -> None:
                self.seen.closed.set()

        application = tornado.web.Application([(r"/.*", Handler)], log_function=lambda handler: None)
        server = tornado.httpserver.HTTPServer(application)
        sockets = tornado.netutil.bind_sockets(0, "127.0.0.1")
        server.add_sockets(sockets)
        self.port = sockets[0].getsockname()[1]
        self._loop = asyncio.get_running_loop()
        self._stop = asyncio.Event()
        self._ready.set()
        await self._stop.wait()
        server.stop()
        await server.close_all_connections()


CHAT_ANSWER = json.dumps(
    {
        "id": "chatcmpl-abc",
        "object": "chat.completion",
        "created": 1700000000,
        "model": "gpt-4-0613",
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": "Hello!", "refusal": None, "annotations": []},
                "logprobs": None,
                "finish_reason": "stop",
            }
        ],
        "usage": {
            "prompt_tokens": 12,
            "completion_tokens": 25,
            "total_tokens": 37,
            "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
            "completion_tokens_details": {"reasoning_tokens": 0, "audio_tokens": 0},
        },
        "service_tier": "default",
        "system_fingerprint": "fp_1",
        "x_of_tomorrow": {"kept": [1.50, 2]},
    }
)


def chunk(delta: dict[str, Any], finish: str | None = None, **more: Any) -> str:
    """One event of a chat stream."""
    body = {
        "id": "chatcmpl-abc",
        "object": "chat.completion.chunk",
        "created": 1700000000,
        "model": "gpt-4-0613",
        "choices": [{"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}],
        "usage": None,
        **more,
    }
    return f"data: {json.dumps(body, separators=(',', ':'))}\n\n"


USAGE_CHUNK = chunk({}, choices=[], usage={"prompt_tokens": 12, "completion_tokens": 25, "total_tokens": 37})
STREAM = [
    chunk({"role": "assistant", "content": ""}),
    chunk({"content": "Hel"}),
    chunk({"content": "lo!"}),
    chunk({}, "stop"),
    USAGE_CHUNK,
    "data: [DONE]\n\n",
]


async def send_stream(handler: tornado.web.RequestHandler, events: list[str] = STREAM) -> None:
    handler.set_header("Content-Type", "text/event-stream")
    for event in events:
        handler.write(event)
        await handler.flush()
    handler.finish()


@dataclass
class Gateway:
    """A running gateway. ``log`` is the file that its stderr goes to."""

    process: subprocess.Popen[bytes]
    url: str
    config: Path
    log: Path

    def wait_until(self, condition: Callable[[], bool], seconds: float = 10.0, step: float = 0.01) -> None:
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline, f"not within {seconds} seconds; log:\n{self.log.read_text()}"
            assert self.process.poll() is None, self.log.read_text()
            time.sleep(step)

    def metric(self, line: str) -> float:
        """The sample whose name and labels are ``line``, 0 where it is not there."""
        text = httpx.get(f"{self.url}/metrics").text
        return sum(float(row.rsplit(" ", 1)[1]) for row in text.splitlines() if row.startswith(line + " "))


CONFIG = """\
version: 1
server: {host: 127.0.0.1, port: 0, drain_timeout: 20}
providers:
  echo: {kind: echo, pause: 0}
  openai: {kind: openai, base_url: "${OPENAI_BASE_URL}", api_key: "${OPENAI_API_KEY:-}", timeout: 5, max_retries: 0}
routes:
  echo4: {provider: echo}
  gpt-4: {provider: openai}
  "gpt-*": {provider: openai}
pricing:
  unit: per_1k_tokens
  currency: USD
  models:
    echo/echo4: {free: true}
    openai/gpt-4: {input: 0.03, output: 0.06}
    openai/gpt-4o*: {input: 0.0025, output: 0.01}
"""


@pytest.fixture
def upstream() -> Iterator[Double]:
    double = Double()
    yield double
    double.stop()


def launch(folder: Path, config: str, *arguments: str, name: str = "gateway", **environment: str) -> Gateway:
    """Starts a gateway on a free port, its file and log in ``folder``; ``wait_for`` it and ``finish`` it."""
    file, log = folder / f"{name}.yaml", folder / f"{name}.log"
    file.write_text(config)
    command = [sys.executable, "-m", "tornado_gateway", "serve", "--config", str(file), *arguments]
    with log.open("wb") as sink:
        process = subprocess.Popen(
            command, cwd=folder, stderr=sink, env={**os.environ, "PYTHONPATH": str(ROOT), **environment}
        )
    return Gateway(process, "", file, log)


def wait_for(gateway: Gateway) -> None:
    """Until it is ready."""
    gateway.wait_until(lambda: "listening on" in gateway.log.read_text(), 60)
    gateway.url = gateway.log.read_text().split("listening on ")[1].split()[0]
    gateway.wait_until(lambda: httpx.get(f"{gateway.url}/health/ready").status_code == 200)


def finish(gateway: Gateway) -> None:
    """Ends it where it still runs; its log must be clean."""
    if gateway.process.poll() is None:
        gateway.process.send_signal(signal.SIGTERM)
        try:
            gateway.process.wait(5)
        except subprocess.TimeoutExpired:
            gateway.process.kill()
            gateway.process.wait(5)
    assert "Traceback" not in gateway.log.read_text(), gateway.log.read_text()
    assert "sk-planted" not in gateway.log.read_text()


@pytest.fixture
def start(tmp_path: Path, upstream: Double) -> Iterator[Callable[..., Gateway]]:
    """Starts a gateway on a free port and waits until it is ready."""
    running: list[Gateway] = []

    def start_one(config: str = CONFIG, *arguments: str, **environment: str) -> Gateway:
        env = {"OPENAI_API_KEY": "sk-planted-provider-key", "OPENAI_BASE_URL": upstream.url, **environment}
        gateway = launch(tmp_path, config, *arguments, name=f"gateway{len(running)}", **env)
        running.append(gateway)
        wait_for(gateway)
        return gateway

    yield start_one
    for gateway in running:
        finish(gateway)


@pytest.fixture
def gateway(start: Callable[..., Gateway]) -> Gateway:
    return start()
