"""An upstream that does whatever may go wrong, by a seeded die: raw sockets, for HTTP libraries behave too well."""

import asyncio
import json
import random
import re
import threading
from collections import Counter

from .conftest import CHAT_ANSWER, STREAM

_LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)
_STREAMED = re.compile(rb'"stream" *: *true')

STALL = 3.0
"""Seconds of silence: longer than the gateway is told to wait."""


def head(status: int = 200, *, kind: str = "application/json", length: int | None = None, more: str = "") -> bytes:
    framing = "Transfer-Encoding: chunked" if length is None else f"Content-Length: {length}"
    return f"HTTP/1.1 {status} x\r\nContent-Type: {kind}\r\n{framing}\r\n{more}\r\n".encode()


def chunked(*parts: bytes, end: bool = True) -> bytes:
    body = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts)
    return body + b"0\r\n\r\n" if end else body


def error(status: int, message: str, more: str = "") -> bytes:
    body = json.dumps({"error": {"message": message, "type": "server_error", "code": None}}).encode()
    return head(status, length=len(body), more=more) + body


EVENTS = [event.encode() for event in STREAM]
ANSWER = CHAT_ANSWER.encode()

# What is sent, piece by piece: a number is a silence in seconds, None resets the connection.
Script = list[bytes | float | None]


def _well(*, stream: bool) -> Script:
    if stream:
        return [head(kind="text/event-stream"), *(chunked(event, end=False) for event in EVENTS), b"0\r\n\r\n"]
    return [head(length=len(ANSWER)) + ANSWER]


def _faults(*, stream: bool) -> dict[str, Script]:
    start = head(kind="text/event-stream")
    faults: dict[str, Script] = {
        "reset": [None],
        "closed": [],
        "stalled": [STALL],
        "half a head": [b"HTTP/1.1 200 OK\r\nContent-", STALL],
        "reset in the head": [b"HTTP/1.1 200 OK\r\n", None],
        "no HTTP": [b"hello, who is there?\r\n\r\n"],
        "429": [error(429, "slow down", "Retry-After: 0\r\n")],
        "429 for long": [error(429, "come back tomorrow", "Retry-After: 3600\r\n")],
        "500": [error(500, "oh")],
        "529": [error(529, "overloaded")],
        "503 of a proxy": [head(503, kind="text/html", length=6) + b"<html>"],
    }
    if not stream:
        return faults | {
            "stalled in the body": [head(length=len(ANSWER)) + ANSWER[:50], STALL],
            "reset in the body": [head(length=len(ANSWER)) + ANSWER[:50], None],
            "garbled": [head(length=7) + b'{"id": '],
            "too long a length": [head(length=len(ANSWER) + 100) + ANSWER],
            "too short a length": [head(length=len(ANSWER) - 100) + ANSWER],
            "no object": [head(length=4) + b"null"],
        }
    return faults | {
        "stalled before content": [start + chunked(EVENTS[0], end=False), STALL],
        "stalled in the stream": [start + chunked(*EVENTS[:2], end=False), STALL],
        "reset in the stream": [start + chunked(*EVENTS[:2], end=False), None],
        "cut": [start + chunked(*EVENTS[:2])],
        "half an event": [start + chunked(EVENTS[0], EVENTS[1][:20])],
        "garbled event": [start + chunked(EVENTS[0], b'data: {"usage":{\n\n', b"data: [DONE]\n\n")],
        "error in the stream": [start + chunked(*EVENTS[:2], b'data: {"error":{"message":"oh","code":500}}\n\n')],
        "error at once": [start + chunked(b'data: {"error":{"message":"oh","code":500}}\n\n')],
        "JSON for a stream": [error(200, "overloaded")],
    }


class ChaosUpstream:
    """On a port of its own, in a thread with a loop of its own. ``share`` of the calls (0 to 1) go wrong."""

    def __init__(self, seed: int, share: float) -> None:
        self._dice = random.Random(seed)
        self.share = share
        self.done: Counter[str] = Counter()
        """How each call was answered."""
        self.connections = 0
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), daemon=True)
        self._thread.start()
        assert self._ready.wait(10)

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._ended.set)
        self._thread.join(10)

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._ended = asyncio.Event()
        server = await asyncio.start_server(self._connection, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        await self._ended.wait()
        server.close()

    async def _connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while await self._call(reader, writer):
                pass
        except (OSError, asyncio.IncompleteReadError):
            pass  # the gateway hung up
        finally:
            self.connections -= 1
            writer.close()

    async def _call(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Answers one call; False where the connection is of no use after it."""
        received = await reader.readuntil(b"\r\n\r\n")
        length = _LENGTH.search(received)
        body = await reader.readexactly(int(length[1]) if length else 0)
        stream = _STREAMED.search(body) is not None
        name, script = "well", _well(stream=stream)
        if self._dice.random() < self.share:
            name, script = self._dice.choice(sorted(_faults(stream=stream).items(), key=lambda fault: fault[0]))
        self.done[name] += 1
        for piece in script:
            if piece is None:
                writer.transport.abort()
                return False
            if isinstance(piece, float):
                await asyncio.sleep(piece)
            else:
                writer.write(piece)
                await writer.drain()
        return name == "well"
