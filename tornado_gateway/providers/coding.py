"""Content codings, which nobody asked for and some send all the same: opened piece by piece, however much is in one.

Wire: RFC 9110, "Content Codings"; RFC 1952 lets several members follow each other.
"""

import asyncio
import zlib
from collections.abc import AsyncIterator, Iterator

import httpx

_PIECE = 256 * 1024
"""Bytes that are opened at once: a few thousand may hold a thousand times as much."""

_HEAD = 2
"""Bytes by which the two forms of deflate are told apart."""

_PLAIN = frozenset({"", "identity", "aws-chunked", "utf-8", "utf8"})
"""The last ones are no codings, and are sent as if they were."""
_GZIP = frozenset({"gzip", "x-gzip"})
_DEFLATE = frozenset({"deflate"})


def codings_of(headers: httpx.Headers) -> list[str]:
    """What has to be opened, the outermost first."""
    named = [name.strip().lower() for name in headers.get("content-encoding", "").split(",")]
    return [name for name in reversed(named) if name not in _PLAIN]


async def opened(pieces: AsyncIterator[bytes], codings: list[str]) -> AsyncIterator[bytes]:
    """``pieces`` without their codings. Raises ``httpx.DecodingError`` for what is none, or none of ours."""
    for coding in codings:
        if coding not in _GZIP | _DEFLATE:
            raise httpx.DecodingError(f"the content coding {coding[:32]!r} was not asked for")
        pieces = _through(_Opener(zipped=coding in _GZIP), pieces)
    async for piece in pieces:
        yield piece


async def _through(opener: "_Opener", pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    async for piece in pieces:
        for inner in opener.open(piece):
            yield inner
            await asyncio.sleep(0)  # others have their turn, however long this goes on


class _Opener:
    def __init__(self, *, zipped: bool) -> None:
        self._zipped = zipped
        self._made = zlib.decompressobj(zlib.MAX_WBITS | 16) if zipped else None
        self._head = b""

    def open(self, data: bytes) -> Iterator[bytes]:
        """Pieces of bounded size. Raises ``httpx.DecodingError``."""
        if self._made is None:
            data = self._head = self._head + data
            if len(data) < _HEAD:
                return
            self._made = zlib.decompressobj(zlib.MAX_WBITS if _has_head(data) else -zlib.MAX_WBITS)
        try:
            while True:
                if self._made.eof:
                    if not self._zipped or not data.strip(b"\0"):
                        return  # some fill up what they send
                    self._made = zlib.decompressobj(zlib.MAX_WBITS | 16)
                piece = self._made.decompress(data, _PIECE)
                if piece:
                    yield piece
                data = self._made.unused_data if self._made.eof else self._made.unconsumed_tail
                if not data and len(piece) < _PIECE:
                    return
        except zlib.error as error:
            raise httpx.DecodingError(str(error)) from error


def _has_head(data: bytes) -> bool:
    """Many mean the bare form by the word that stands for the one with a head (RFC 1950)."""
    return data[0] & 0x0F == zlib.DEFLATED and int.from_bytes(data[:_HEAD]) % 31 == 0
