import asyncio
import gzip
import tracemalloc
import zlib
from collections.abc import AsyncIterator

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tornado_gateway.providers.coding import codings_of, opened


async def in_pieces(data: bytes, size: int) -> AsyncIterator[bytes]:
    for at in range(0, len(data), size):
        yield data[at : at + size]


async def read(data: bytes, *codings: str, size: int = 1_000_000) -> bytes:
    return b"".join([piece async for piece in opened(in_pieces(data, size), list(codings))])


def bare(data: bytes) -> bytes:
    made = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return made.compress(data) + made.flush()


@pytest.mark.parametrize(
    ("headers", "found"),
    [
        ([], []),
        ([("content-encoding", "identity")], []),
        ([("Content-Encoding", "GZIP")], ["gzip"]),
        ([("content-encoding", "deflate, gzip")], ["gzip", "deflate"]),
        ([("content-encoding", "deflate"), ("content-encoding", "x-gzip")], ["x-gzip", "deflate"]),
        ([("content-encoding", "utf-8")], []),
    ],
)
def test_which_there_are(headers: list[tuple[str, str]], found: list[str]) -> None:
    assert codings_of(httpx.Headers(headers)) == found


@given(st.binary(max_size=2000), st.integers(1, 2000))
def test_each_is_opened_however_it_is_cut(data: bytes, size: int) -> None:
    for sent, coding in (
        (gzip.compress(data), "gzip"),
        (gzip.compress(data), "x-gzip"),
        (zlib.compress(data), "deflate"),
        (bare(data), "deflate"),
        (gzip.compress(data[:5]) + gzip.compress(data[5:]), "gzip"),
        (gzip.compress(data) + bytes(7), "gzip"),
    ):
        assert asyncio.run(read(sent, coding, size=size)) == data
    assert asyncio.run(read(gzip.compress(zlib.compress(data)), "gzip", "deflate", size=size)) == data


@pytest.mark.parametrize(
    ("data", "coding"),
    [(b"{}", "gzip"), (b"\xff\xff", "deflate"), (gzip.compress(b"x", mtime=0)[:-8] + bytes(8), "gzip"), (b"", "br")],
)
async def test_what_is_none(data: bytes, coding: str) -> None:
    with pytest.raises(httpx.DecodingError):
        await read(data, coding)


async def test_a_little_that_holds_much_is_opened_a_piece_at_a_time() -> None:
    bomb = gzip.compress(bytes(100_000_000))
    tracemalloc.start()
    try:
        total = 0
        async for piece in opened(in_pieces(bomb, len(bomb)), ["gzip"]):
            total += len(piece)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert total == 100_000_000
    assert most < 10_000_000
