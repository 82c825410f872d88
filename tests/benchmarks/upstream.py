"""An OpenAI-speaking upstream double in a process of its own, on raw protocols so that it is never the bottleneck.

``POST`` answers a chat completion, streamed or whole; ``GET /stats`` tells what is open. A request may ask for a number
of events by the field ``double_events``. Prints its port when ready; ends with its parent or after ``--limit`` seconds.

Wire: OpenAI API reference, "Create chat completion" and "Chat completion chunk object".
"""

import argparse
import asyncio
import json
import re
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from hosting import announce, end_with_parent, listening_socket

PROMPT_TOKENS = 12
COMPLETION_TOKENS = 25

_USAGE = {
    "prompt_tokens": PROMPT_TOKENS,
    "completion_tokens": COMPLETION_TOKENS,
    "total_tokens": PROMPT_TOKENS + COMPLETION_TOKENS,
    "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
    "completion_tokens_details": {"reasoning_tokens": 0, "audio_tokens": 0, "accepted_prediction_tokens": 0},
}
_COMMON = {
    "created": 1705314600,
    "model": "gpt-4-0613",
    "service_tier": "default",
    "system_fingerprint": "fp_44709d6fcb",
}
_STREAMED = re.compile(rb'"stream"\s*:\s*true')
_EVENTS = re.compile(rb'"double_events"\s*:\s*(\d+)')
_LENGTH = re.compile(rb"\r\ncontent-length:\s*(\d+)", re.IGNORECASE)


def completion() -> bytes:
    """The whole answer to a call that is not streamed, head and all."""
    content = "Hello! I can help with many things: writing, code, questions about the world. What would you like to do?"
    message: dict[str, object] = {"role": "assistant", "content": content, "refusal": None, "annotations": []}
    document = {
        "id": "chatcmpl-AbCdEfGhIjKlMnOpQrStUvWxYz012",
        "object": "chat.completion",
        **_COMMON,
        "choices": [{"index": 0, "message": message, "logprobs": None, "finish_reason": "stop"}],
        "usage": _USAGE,
    }
    return _json_answer(document)


def _json_answer(document: object) -> bytes:
    body = json.dumps(document, separators=(",", ":")).encode()
    head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n"
    return f"{head}openai-processing-ms: 1\r\nx-request-id: req_5d3a0f1e7c\r\n\r\n".encode() + body


def events(count: int) -> Iterator[bytes]:
    """``count`` events of content after the one with the role, then finish, usage and ``[DONE]``."""
    yield _chunk([{"index": 0, "delta": {"role": "assistant", "content": "", "refusal": None}, "finish_reason": None}])
    for number in range(count):
        delta = {"content": f" word{number % 10}"}
        yield _chunk([{"index": 0, "delta": delta, "logprobs": None, "finish_reason": None}])
    yield _chunk([{"index": 0, "delta": {}, "logprobs": None, "finish_reason": "stop"}])
    yield _chunk([], usage=_USAGE)
    yield b"data: [DONE]\n\n"


def _chunk(choices: list[object], usage: object = None) -> bytes:
    document = {
        "id": "chatcmpl-AbCdEfGhIjKlMnOpQrStUvWxYz012",
        "object": "chat.completion.chunk",
        **_COMMON,
        "choices": choices,
        "usage": usage,
        "obfuscation": "x7Qp2",
    }
    return b"data: " + json.dumps(document, separators=(",", ":")).encode() + b"\n\n"


@lru_cache(maxsize=16)
def stream_writes(count: int, batch: int, late_end: bool = False) -> tuple[bytes, ...]:
    """What is written one after the other: the head with the first ``batch`` events, then ``batch`` a write.

    With ``late_end`` the chunk that ends the body has a write of its own, as behind many a real front end.
    """
    all_events = list(events(count))
    batches = [b"".join(all_events[at : at + batch]) for at in range(0, len(all_events), batch)]
    writes = [f"{len(data):x}\r\n".encode() + data + b"\r\n" for data in batches]
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\nTransfer-Encoding: chunked\r\n"
    writes[0] = head + b"openai-processing-ms: 1\r\nx-request-id: req_5d3a0f1e7c\r\n\r\n" + writes[0]
    if late_end:
        return (*writes, b"0\r\n\r\n")
    writes[-1] += b"0\r\n\r\n"
    return tuple(writes)


@dataclass(slots=True)
class Stats:
    """``calls``: begun and not wholly written; ``broken``: those whose caller went away before that; ``accepted``:
    connections ever, ``connections``: those open."""

    connections: int = 0
    accepted: int = 0
    calls: int = 0
    requests: int = 0
    broken: int = 0


@dataclass(frozen=True, slots=True)
class Manner:
    """How the double answers: ``events`` a stream, ``batch`` events a write, ``pause`` seconds between two writes and
    ``think`` seconds before an answer that is not streamed."""

    events: int
    batch: int
    pause: float
    think: float
    late_end: bool


class UpstreamConnection(asyncio.Protocol):
    """One caller's connection: requests are answered one after the other."""

    def __init__(self, stats: Stats, manner: Manner) -> None:
        self._stats = stats
        self._manner = manner
        self._whole = completion()
        self._received = b""
        self._writes: tuple[bytes, ...] | None = None
        self._written = 0
        self._busy = False
        self._paused = False
        self._loop = asyncio.get_running_loop()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        # asyncio sets this only on sockets that name their protocol, and accepted ones do not: without it the kernel
        # holds every second write back for 40 ms.
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._stats.connections += 1
        self._stats.accepted += 1

    def connection_lost(self, exc: Exception | None) -> None:
        self._stats.connections -= 1
        self._writes = None
        if self._busy:
            self._busy = False
            self._stats.calls -= 1
            self._stats.broken += 1

    def data_received(self, data: bytes) -> None:
        received = self._received + data if self._received else data
        head_end = received.find(b"\r\n\r\n")
        if head_end < 0:
            self._received = received
            return
        length = _LENGTH.search(received, 0, head_end)
        end = head_end + 4 + (int(length[1]) if length else 0)
        if len(received) < end:
            self._received = received
            return
        self._received = received[end:]
        self._answer(received[:head_end], received[head_end + 4 : end])

    def _answer(self, head: bytes, body: bytes) -> None:
        if head.startswith(b"GET "):
            stats = self._stats
            self._transport.write(
                _json_answer(
                    {
                        "connections": stats.connections - 1,  # the asker's own is left out
                        "accepted": stats.accepted,
                        "calls": stats.calls,
                        "requests": stats.requests,
                        "broken": stats.broken,
                    }
                )
            )
            return
        self._stats.requests += 1
        self._stats.calls += 1
        self._busy = True
        if _STREAMED.search(body):
            wanted = _EVENTS.search(body)
            count = int(wanted[1]) if wanted else self._manner.events
            self._writes = stream_writes(count, self._manner.batch, self._manner.late_end)
            self._written = 0
            self._next()
        elif self._manner.think:
            self._loop.call_later(self._manner.think, self._finish_whole)
        else:
            self._finish_whole()

    def _finish_whole(self) -> None:
        if self._busy:
            self._done()
            self._transport.write(self._whole)

    def _next(self) -> None:
        if self._writes is None or self._paused:
            return
        data = self._writes[self._written]
        self._written += 1
        last = self._written == len(self._writes)
        if last:
            self._done()  # before the write: its caller may ask again at once
        self._transport.write(data)
        if last:
            return
        if self._manner.pause:
            self._loop.call_later(self._manner.pause, self._next)
        else:
            self._loop.call_soon(self._next)

    def _done(self) -> None:
        self._writes = None
        self._busy = False
        self._stats.calls -= 1

    def pause_writing(self) -> None:
        self._paused = True

    def resume_writing(self) -> None:
        self._paused = False
        self._next()


async def serve(manner: Manner, limit: float) -> None:
    """Answers until the parent dies or ``limit`` seconds have gone by."""
    stats = Stats()
    listener = listening_socket()
    server = await asyncio.get_running_loop().create_server(lambda: UpstreamConnection(stats, manner), sock=listener)
    announce(listener)
    await end_with_parent(limit)
    server.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=100, help="events of content a stream")
    parser.add_argument("--batch", type=int, default=20, help="events a write")
    parser.add_argument("--pause", type=float, default=0.0, help="seconds between two writes")
    parser.add_argument("--think", type=float, default=0.0, help="seconds before an answer that is not streamed")
    parser.add_argument("--limit", type=float, default=3600.0, help="seconds to live")
    parser.add_argument("--late-end", action="store_true", help="the end of a stream's body comes by itself")
    options = parser.parse_args()
    manner = Manner(options.events, options.batch, options.pause, options.think, options.late_end)
    asyncio.run(serve(manner, options.limit))


if __name__ == "__main__":
    main()
