"""What a dialect is: request bytes to a call, an answer to response bytes, a stream to its own grammar."""

from collections.abc import Sequence
from typing import Protocol

from tornado_gateway.domain.call import Completed, ModelCall
from tornado_gateway.domain.errors import GatewayError
from tornado_gateway.domain.stream import StreamEvent


class StreamEncoder(Protocol):
    """One stream in the caller's grammar; every method returns bytes to write as they are."""

    def encode(self, events: Sequence[StreamEvent]) -> bytes:
        """One batch."""

    def close(self) -> bytes:
        """The end mark, after the last batch."""

    def fail(self, error: GatewayError, request_id: str) -> bytes:
        """The in-band error that ends a stream in place of ``close``."""


class Dialect(Protocol):
    """One protocol that callers speak. Pure: no method does I/O."""

    @property
    def name(self) -> str: ...

    def decode_request(self, body: bytes) -> ModelCall:
        """Raises ``InvalidRequest`` whose message names the field's path."""

    def encode_response(self, completed: Completed) -> bytes: ...

    def stream_encoder(self, call: ModelCall) -> StreamEncoder: ...

    def encode_error(self, error: GatewayError, request_id: str) -> bytes: ...
