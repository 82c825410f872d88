import gzip
from collections.abc import AsyncIterator

import httpx
import pytest

from tornado_gateway.providers.bounded import TooLong, read_at_most


class Parts(httpx.AsyncByteStream):
    def __init__(self, *parts: bytes) -> None:
        self.left = list(parts)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while self.left:
            yield self.left.pop(0)


async def test_a_body_of_just_the_bound_is_whole() -> None:
    assert await read_at_most(5, httpx.Response(200, stream=Parts(b"abc", b"de"))) == b"abcde"
    assert await read_at_most(0, httpx.Response(200, stream=Parts())) == b""


async def test_of_a_longer_one_no_more_is_read() -> None:
    parts = Parts(b"abc", b"def", b"ghi")
    with pytest.raises(TooLong):
        await read_at_most(5, httpx.Response(200, stream=parts))
    assert parts.left == [b"ghi"]


async def test_the_bound_is_of_what_was_packed() -> None:
    packed = gzip.compress(b"x" * 100)
    for most, length in ((100, 100), (99, None)):
        response = httpx.Response(200, headers={"content-encoding": "gzip"}, stream=Parts(packed))
        if length is None:
            with pytest.raises(TooLong):
                await read_at_most(most, response)
        else:
            assert len(await read_at_most(most, response)) == length
