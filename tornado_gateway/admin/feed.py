"""Feed: what happens, told to those who watch, as frames of server-sent events. No prompt, no answer, no key."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from typing import Any

import msgspec

from tornado_gateway.domain.errors import RateLimitExceeded
from tornado_gateway.domain.events import (
    AttemptFailed,
    CircuitChanged,
    ConfigRejected,
    ConfigReloaded,
    Event,
    RequestFinished,
    RequestStarted,
)
from tornado_gateway.reports.numbers import number

_MOST = 16
"""Who may watch at once."""

_QUEUE = 512
"""Frames that wait for one who is slow; what comes beyond is left out and counted for it."""

_TICK = 1.0


class Feed:
    """Used from the event loop's thread alone."""

    def __init__(self) -> None:
        self._watchers: list[Watcher] = []

    @property
    def watched(self) -> bool:
        return bool(self._watchers)

    def watch(self) -> "Watcher":
        """Raises ``RateLimitExceeded`` where too many do."""
        if len(self._watchers) >= _MOST:
            raise RateLimitExceeded(f"{_MOST} watch already, at this worker.", retry_after=10)
        made = Watcher(self._watchers)
        self._watchers.append(made)
        return made

    def tell(self, event: Event) -> None:
        if not self._watchers:
            return
        frame = frame_of(event)
        if frame is not None:
            for watcher in self._watchers:
                watcher.put(frame)


class Watcher:
    """A ``domain.administration.Watching``."""

    def __init__(self, watchers: list["Watcher"]) -> None:
        self._watchers = watchers
        self._frames: deque[bytes] = deque()
        self._left_out = 0
        self._wake = asyncio.Event()

    def put(self, frame: bytes) -> None:
        if len(self._frames) >= _QUEUE:
            self._left_out += 1
            return
        self._frames.append(frame)
        self._wake.set()

    async def messages(self) -> AsyncIterator[bytes]:
        while True:
            if not self._frames:
                try:
                    async with asyncio.timeout(_TICK):
                        await self._wake.wait()
                except TimeoutError:
                    yield b""
                    continue
            frames = b"".join(self._frames)
            self._frames.clear()
            self._wake.clear()
            if self._left_out:
                frames += _frame("left_out", {"count": self._left_out})
                self._left_out = 0
            yield frames

    def close(self) -> None:
        if self in self._watchers:
            self._watchers.remove(self)


def frame_of(event: Event) -> bytes | None:
    """None for what is not told."""
    match event:
        case RequestStarted():
            return _frame("started", msgspec.structs.asdict(event))
        case AttemptFailed():
            members = msgspec.structs.asdict(event)
            del members["message"]  # a provider's words may quote what it was sent
            return _frame("attempt_failed", members)
        case RequestFinished():
            return _frame("finished", _finished(event))
        case CircuitChanged():
            return _frame("circuit", msgspec.structs.asdict(event))
        case ConfigReloaded():
            return _frame("config", {"outcome": "loaded", "revision": event.revision, "at": event.loaded_at})
        case ConfigRejected():
            return _frame("config", {"outcome": "rejected", "revision": event.revision, "at": event.at})
    return None


def _finished(event: RequestFinished) -> dict[str, Any]:
    usage = event.usage
    return {
        "request_id": event.request_id,
        "finished_at": event.finished_at,
        "key": event.principal,
        "dialect": event.dialect,
        "streaming": event.streaming,
        "requested_model": event.requested_model[:256],
        "route": event.route,
        "provider": event.provider,
        "model": event.model[:256],
        "status": event.status,
        "error": event.error,
        "attempts": event.attempts,
        "prompt_tokens": None if usage is None else usage.prompt_tokens,
        "completion_tokens": None if usage is None else usage.completion_tokens,
        "cost": number(None if event.cost is None else event.cost.amount),
        "duration": event.duration,
        "overhead": event.overhead,
        "time_to_first_token": event.time_to_first_token,
        "cache": event.cache,
        "revision": event.revision,
    }


def _frame(name: str, document: Any) -> bytes:
    return b"event: " + name.encode() + b"\ndata: " + msgspec.json.encode(document) + b"\n\n"
