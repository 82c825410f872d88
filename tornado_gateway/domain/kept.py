"""Kept: an answer as it is kept, and the provider that gives it again."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from decimal import Decimal

import msgspec

from tornado_gateway.domain.call import Answer, Embedding, ModelCall
from tornado_gateway.domain.chat import ChatResponse
from tornado_gateway.domain.context import RequestContext
from tornado_gateway.domain.stream import StreamBatch, StreamEvent
from tornado_gateway.domain.usage import TokenUsage
from tornado_gateway.domain.wire import Wire

_fields = msgspec.json.Decoder(dict[str, msgspec.Raw])


class KeptAnswer(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A whole answer: ``document`` of ``protocol`` where it was relayed, ``untouched`` where its bytes are the
    provider's own."""

    usage: TokenUsage
    chat: ChatResponse | None = None
    embeddings: tuple[Embedding, ...] = ()
    finish_reason: str | None = None
    counted: int | None = None
    protocol: str = ""
    document: bytes | None = None
    untouched: bool = False

    @classmethod
    def of(cls, answer: Answer, usage: TokenUsage) -> "KeptAnswer":
        """``usage`` is what the call was priced by: estimated where the provider reported none."""
        wire = answer.relayed
        document = None
        if wire is not None:
            document = msgspec.json.encode(wire.fields) if wire.body is None else wire.body
        return cls(
            usage=usage,
            chat=answer.chat,
            embeddings=answer.embeddings,
            finish_reason=answer.finish_reason,
            counted=answer.counted,
            protocol="" if wire is None else wire.protocol,
            document=document,
            untouched=wire is not None and wire.body is not None,
        )

    def again(self) -> Answer:
        wire = None
        if self.document is not None:
            body = self.document if self.untouched else None
            wire = Wire(self.protocol, _fields.decode(self.document), body)
        return Answer(
            usage=self.usage,
            relayed=wire,
            chat=self.chat,
            embeddings=self.embeddings,
            finish_reason=self.finish_reason,
            counted=self.counted,
        )


class Origin(msgspec.Struct, frozen=True, kw_only=True):
    """Whose answer it was. ``at``: when it ended, in seconds of the epoch. ``cost`` is USD, None where the model had no
    price; ``dropped`` are the hints that its translation left out."""

    at: float
    route: str
    provider: str
    model: str
    model_label: str
    cost: Decimal | None = None
    dropped: tuple[str, ...] = ()


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """An answer: whole, or a stream's events batch by batch."""

    origin: Origin
    answer: KeptAnswer | None = None
    batches: tuple[tuple[StreamEvent, ...], ...] = ()


class _Sealed(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A ``Kept`` whose parts are encoded already."""

    origin: Origin
    answer: msgspec.Raw | None = None
    batches: Sequence[msgspec.Raw] = ()


_pack = msgspec.msgpack.Encoder().encode
_kept = msgspec.msgpack.Decoder(Kept)


def pack(part: KeptAnswer | Sequence[StreamEvent]) -> bytes:
    """One part of a ``Kept``. Raises ``OverflowError`` for a number that has no room in 64 bits."""
    return _pack(part)


def seal(origin: Origin, *, answer: bytes | None = None, batches: Sequence[bytes] = ()) -> bytes:
    """The bytes of a ``Kept`` whose parts come packed."""
    whole = None if answer is None else msgspec.Raw(answer)
    return _pack(_Sealed(origin=origin, answer=whole, batches=[msgspec.Raw(batch) for batch in batches]))


def unseal(data: bytes) -> Kept | None:
    """None for bytes that are nothing of ours."""
    try:
        return _kept.decode(data)
    except (msgspec.DecodeError, RecursionError):
        return None


class Replay:
    """A kept answer in the place of the provider that gave it."""

    configured = True
    retries = 0

    def __init__(self, kept: Kept) -> None:
        self.name = kept.origin.provider
        self._kept = kept

    async def complete(self, call: ModelCall, model: str, context: RequestContext) -> Answer:
        assert self._kept.answer is not None, "a whole answer is kept under a key of its own"
        return self._kept.answer.again()

    count_tokens = embed = complete

    async def stream(self, call: ModelCall, model: str, context: RequestContext) -> AsyncIterator[StreamBatch]:
        """The same batches as the first time, as quickly as they are taken."""
        last = len(self._kept.batches) - 1
        for number, events in enumerate(self._kept.batches):
            yield StreamBatch(events, last=number == last)
            await asyncio.sleep(0)  # nothing here waits for a network: the other calls are to have their turn
