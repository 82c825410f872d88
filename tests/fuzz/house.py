"""A whole gateway in a thread of its own, as it is put together for service; its providers answer at once."""

import asyncio
import http.client
import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Thread
from typing import Any

import httpx
from injector import Binder, Module
from tornado.netutil import bind_sockets

from tornado_gateway.bootstrap import make_runtime
from tornado_gateway.config.build import load

CONFIG = """\
version: 1
server: {read_timeout: 0.5}
log: {level: DEBUG}
ledger: {url: none}
providers:
  echo: {kind: echo, pause: 0}
  o: {kind: openai, base_url: "http://o.test/v1", api_key: sk-planted-o, max_retries: 0, breaker: false}
  a: {kind: anthropic, base_url: "http://a.test", api_key: sk-planted-a, max_retries: 0, breaker: false}
  g: {kind: gemini, base_url: "http://g.test", api_key: sk-planted-g, max_retries: 0, breaker: false}
  c: {kind: openai_compatible, base_url: "http://c.test/v1", api_key: sk-planted-c, max_retries: 0, breaker: false}
routes:
  echo4: {provider: echo}
  o: {provider: o}
  a: {provider: a}
  g: {provider: g}
  c: {provider: c}
pricing: {unit: per_1k_tokens, currency: USD, allow_unpriced: true, models: {echo/echo4: {free: true}}}
"""

_USAGE = {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5}
_CHAT = {
    "id": "c1",
    "object": "chat.completion",
    "created": 1,
    "model": "m",
    "choices": [{"index": 0, "message": {"role": "assistant", "content": "Hi"}, "finish_reason": "stop"}],
    "usage": _USAGE,
}
_CHUNK = {
    **_CHAT,
    "object": "chat.completion.chunk",
    "choices": [{"index": 0, "delta": {"content": "Hi"}, "finish_reason": "stop"}],
}
_MESSAGE = {
    "id": "msg_1",
    "type": "message",
    "role": "assistant",
    "model": "m",
    "content": [{"type": "text", "text": "Hi"}],
    "stop_reason": "end_turn",
    "stop_sequence": None,
    "usage": {"input_tokens": 3, "output_tokens": 2},
}
_EVENTS = [
    {"type": "message_start", "message": {**_MESSAGE, "content": [], "stop_reason": None}},
    {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
    {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "Hi"}},
    {"type": "content_block_stop", "index": 0},
    {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 2}},
    {"type": "message_stop"},
]
_GEMINI = {
    "candidates": [{"content": {"role": "model", "parts": [{"text": "Hi"}]}, "finishReason": "STOP", "index": 0}],
    "usageMetadata": {"promptTokenCount": 3, "candidatesTokenCount": 2, "totalTokenCount": 5},
}
_RESPONSE = {
    "id": "resp_1",
    "object": "response",
    "created_at": 1,
    "status": "completed",
    "model": "m",
    "output": [
        {
            "type": "message",
            "id": "m1",
            "role": "assistant",
            "status": "completed",
            "content": [{"type": "output_text", "text": "Hi", "annotations": []}],
        }
    ],
    "usage": {"input_tokens": 3, "output_tokens": 2, "total_tokens": 5},
}


def _sse(*documents: Any, end: bytes = b"") -> httpx.Response:
    data = b"".join(
        (b"event: " + document["type"].encode() + b"\n" if "type" in document else b"")
        + b"data: "
        + json.dumps(document).encode()
        + b"\n\n"
        for document in documents
    )
    return httpx.Response(200, content=data + end, headers={"content-type": "text/event-stream"})


class Providers(httpx.AsyncBaseTransport):
    """Whatever a gateway may ask, answered; what it sent must be JSON, with headers that a wire can carry."""

    def __init__(self) -> None:
        self.asked = 0
        self.secrets: list[str] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.asked += 1
        body = json.loads(await request.aread())
        assert all(b"\r" not in value and b"\n" not in value for _, value in request.headers.raw)
        path, streaming = request.url.path, bool(body.get("stream"))
        if path.endswith("/chat/completions"):
            return _sse(_CHUNK, end=b"data: [DONE]\n\n") if streaming else httpx.Response(200, json=_CHAT)
        if path.endswith("/completions"):
            document = {
                **_CHAT,
                "object": "text_completion",
                "choices": [{"index": 0, "text": "Hi", "finish_reason": "stop"}],
            }
            return _sse(document, end=b"data: [DONE]\n\n") if streaming else httpx.Response(200, json=document)
        if path.endswith("/embeddings"):
            data = [{"object": "embedding", "index": 0, "embedding": [0.5]}]
            return httpx.Response(200, json={"object": "list", "data": data, "model": "m", "usage": _USAGE})
        if path.endswith("/count_tokens"):
            return httpx.Response(200, json={"input_tokens": 3})
        if path.endswith("/messages"):
            return _sse(*_EVENTS) if streaming else httpx.Response(200, json=_MESSAGE)
        if path.endswith("/responses"):
            done = {"type": "response.completed", "sequence_number": 1, "response": _RESPONSE}
            return _sse(done) if streaming else httpx.Response(200, json=_RESPONSE)
        if "mbedContent" in path:
            return httpx.Response(200, json={"embeddings": [{"values": [0.5]}]})
        return _sse(_GEMINI) if "stream" in path else httpx.Response(200, json=_GEMINI)


@dataclass
class House:
    port: int
    providers: Providers
    connection: http.client.HTTPConnection = field(init=False)

    def __post_init__(self) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)

    def post(self, path: str, body: bytes, headers: dict[str, Any] | None = None) -> tuple[int, bytes]:
        return self.ask("POST", path, body, {"Content-Type": "application/json", **(headers or {})})

    def ask(
        self, method: str, path: str, body: bytes | None = None, headers: dict[str, Any] | None = None
    ) -> tuple[int, bytes]:
        try:
            self.connection.request(method, path, body, headers or {})
            answer = self.connection.getresponse()
            return answer.status, answer.read()
        except http.client.HTTPException:
            self.connection.close()
            raise
        except OSError:
            self.connection.close()
            raise

    def raw(self, data: bytes) -> bytes:
        """All that comes back for ``data``; the connection is given up where nothing does any more."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=5) as client:
            client.sendall(data)
            client.settimeout(0.05)
            parts = []
            try:
                while part := client.recv(65536):
                    parts.append(part)
            except (TimeoutError, ConnectionError):
                pass
        return b"".join(parts)


@contextmanager
def house(folder: Path, config: str = CONFIG) -> Iterator[House]:
    path = folder / "gateway.yaml"
    path.write_text(config)
    providers, ready, stop = Providers(), Event(), asyncio.Event()
    found: dict[str, Any] = {}

    class Replaced(Module):
        def configure(self, binder: Binder) -> None:
            binder.bind(httpx.AsyncBaseTransport, to=providers)

    async def serve() -> None:
        runtime = make_runtime(load(path, {}), Replaced())
        sockets = bind_sockets(0, "127.0.0.1")
        found.update(port=sockets[0].getsockname()[1], loop=asyncio.get_running_loop())
        await runtime.start(sockets)
        ready.set()
        await stop.wait()
        await runtime.close()

    thread = Thread(target=asyncio.run, args=(serve(),))
    thread.start()
    assert ready.wait(10)
    try:
        yield House(found["port"], providers)
    finally:
        found["loop"].call_soon_threadsafe(stop.set)
        thread.join(10)
        assert not thread.is_alive()
