from typing import Any

from tornado_gateway.domain.errors import GatewayError, UpstreamFailed
from tornado_gateway.domain.stream import StreamBatch, TextDelta
from tornado_gateway.providers.reading import batches

LAST = StreamBatch((TextDelta("b"),), last=True)


class Reply:
    def __init__(self, *chunks: bytes) -> None:
        self.left = list(chunks)
        self.complete = False

    async def chunk(self) -> bytes:
        return self.left.pop(0) if self.left else b""

    def answered(self) -> None:
        self.complete = True

    def blot(self, error: GatewayError) -> None:
        error.message = error.message.replace("sk-planted", "***")


class Reader:
    def decode(self, chunk: bytes) -> StreamBatch:
        return {
            b"half": StreamBatch(()),
            b"a": StreamBatch((TextDelta("a"),)),
            b"last": LAST,
            b"error": StreamBatch((), error=UpstreamFailed("no")),
            b"secret": StreamBatch((TextDelta("a"),), error=UpstreamFailed("bad key sk-planted")),
        }[chunk]

    def flush(self) -> StreamBatch:
        return StreamBatch((), error=UpstreamFailed("broke off"))


async def read(reply: Any) -> list[StreamBatch]:
    return [batch async for batch in batches(reply, Reader())]


async def test_nothing_is_read_behind_the_end_mark() -> None:
    reply = Reply(b"a", b"half", b"last", b"a")
    assert await read(reply) == [StreamBatch((TextDelta("a"),)), LAST]
    assert reply.complete
    assert reply.left == [b"a"]


async def test_the_end_of_the_bytes_is_the_readers_to_judge() -> None:
    reply = Reply(b"a")
    assert (await read(reply))[-1].error is not None
    assert not reply.complete


async def test_an_error_alone_is_passed_on() -> None:
    assert (await read(Reply(b"error")))[0].error is not None


async def test_an_error_in_a_stream_tells_no_key() -> None:
    (told,) = [batch async for batch in batches(Reply(b"secret"), Reader()) if batch.events]  # type: ignore[arg-type]
    assert told.error is not None
    assert told.error.message == "bad key ***"
