"""A provider's stream read to its end: bytes through a pure reader, batches out. The same for every protocol."""

from collections.abc import AsyncIterator
from typing import Protocol

from tornado_gateway.domain.stream import StreamBatch
from tornado_gateway.providers.upstream import OpenReply


class Reader(Protocol):
    """Half events in, whole ones out; ``flush`` takes the end of the bytes for the end of the answer or complains."""

    def decode(self, chunk: bytes) -> StreamBatch: ...

    def flush(self) -> StreamBatch: ...


async def batches(reply: OpenReply, reader: Reader) -> AsyncIterator[StreamBatch]:
    """What each read brought, until the protocol's own end mark or the end of the bytes."""
    while chunk := await reply.chunk():
        batch = reader.decode(chunk)
        if batch.error is not None:
            reply.blot(batch.error)
        if batch.last:
            reply.answered()
            yield batch
            return
        if batch.events or batch.error is not None:
            yield batch
    batch = reader.flush()
    if batch.error is not None:
        reply.blot(batch.error)
    yield batch
