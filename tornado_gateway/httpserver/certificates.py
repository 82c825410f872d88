"""Follows the files of TLS: a renewed certificate is shown to whoever connects from then on."""

import asyncio
import ssl
from collections.abc import Callable
from pathlib import Path

from tornado_gateway.domain.tls import KeyLocked, TlsPolicy, server_context

LOOK_SECONDS = 0.25

_Signature = tuple[tuple[int, int, int] | None, ...]
"""What tells one content of each file from another; None while it is not there."""


class Certificates:
    """``take`` gets each new context; files that are no good leave the last one in force and are warned of once."""

    def __init__(
        self,
        policy: TlsPolicy,
        *,
        take: Callable[[ssl.SSLContext], None],
        announce: Callable[[str], None],
        warn: Callable[[str], None],
    ) -> None:
        self._policy = policy
        self._take = take
        self._announce = announce
        self._warn = warn
        self._known = _signature(policy)  # before the reading: what changes under it shows as a change
        self._task: asyncio.Task[None] | None = None
        take(server_context(policy))

    def start(self) -> None:
        """Begins to follow the files; on the running loop."""
        self._task = asyncio.get_running_loop().create_task(self._follow())

    def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            self._task = None

    async def _follow(self) -> None:
        seen = self._known
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            now = await asyncio.to_thread(_signature, self._policy)
            # A certificate and its key are two writes: only what two looks found the same is read.
            if now == seen and now != self._known:
                self._known = now
                await self._read()
            seen = now

    async def _read(self) -> None:
        try:
            context = await asyncio.to_thread(server_context, self._policy)
        except (OSError, ValueError, KeyLocked) as error:
            self._warn(f"server.tls: the new files are no good, the last certificate stays: {_reason(error)}")
            return
        self._take(context)
        self._announce("server.tls: the certificate was read anew")


def _signature(policy: TlsPolicy) -> _Signature:
    return tuple(_of(file) for file in policy.files)


def _of(file: str) -> tuple[int, int, int] | None:
    try:
        stat = Path(file).stat()
    except (OSError, ValueError):
        return None
    return stat.st_ino, stat.st_mtime_ns, stat.st_size


def _reason(error: Exception) -> str:
    if isinstance(error, ssl.SSLError):
        return (error.reason or "no PEM").lower().replace("_", " ")
    return (error.strerror if isinstance(error, OSError) else None) or str(error) or type(error).__name__
