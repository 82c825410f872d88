"""The one flush loop: a batch is written, one flush is awaited, and only then is more read from the provider.

So a client that reads slowly bounds what the gateway holds and slows the upstream read. While the provider is silent,
comments keep proxies from closing the connection. An error after the first byte goes in-band: the status is sent.
"""

import asyncio
from collections.abc import Callable
from contextlib import aclosing

from tornado.iostream import StreamClosedError
from tornado.web import RequestHandler

from tornado_gateway.domain.errors import GatewayError, InternalError, let_go
from tornado_gateway.domain.streaming import ActiveStream
from tornado_gateway.httpserver.dialects.base import StreamEncoder
from tornado_gateway.httpserver.receipts import before_last_event

KEEP_ALIVE_COMMENT = b": keep-alive\n\n"


class Pump:
    """Carries one stream to one client. ``commit`` sets the headers of a stream; it is called once, before any byte.

    ``keep_alive`` is in seconds of silence. ``receipt`` is asked for a comment when the call has ended.
    """

    def __init__(
        self,
        *,
        handler: RequestHandler,
        stream: ActiveStream,
        encoder: StreamEncoder,
        request_id: str,
        commit: Callable[[], None],
        keep_alive: float,
        receipt: Callable[[], bytes] | None = None,
    ) -> None:
        self._handler = handler
        self._stream = stream
        self._encoder = encoder
        self._request_id = request_id
        self._commit = commit
        self._keep_alive = keep_alive
        self._receipt = receipt
        self._committed = False
        self._flushing = False
        self._spoke = False
        self._timer: asyncio.TimerHandle | None = None

    async def run(self) -> None:
        """Raises ``GatewayError`` only where nothing has been sent yet."""
        self._rearm()
        try:
            await self._stream.open()
            await self._carry()
        except GatewayError as error:
            if not self._committed:
                raise
            self._fail(error)
        except asyncio.CancelledError:
            if self._stream.ended is None or not self._committed or self._handler._finished:
                raise
            self._fail(self._stream.ended)
        except StreamClosedError:
            pass  # the client is gone, and ``close`` settles what it used
        except Exception as error:
            failure = InternalError("The gateway failed.")
            failure.__cause__ = error
            self._stream.fail(failure)
            if not self._committed:
                raise failure  # noqa: B904 - its cause is set
            self._fail(failure)
        finally:
            if self._timer is not None:
                self._timer.cancel()
            await self._stream.close()

    async def _carry(self) -> None:
        async with aclosing(self._stream.batches()) as batches:  # type: ignore[type-var] # it is an async generator
            async for batch in batches:
                data = self._encoder.encode(batch.events)
                if batch.last:
                    self._begin()
                    data += self._encoder.close()
                    self._handler.finish(data if self._receipt is None else before_last_event(data, self._receipt()))
                    return
                if data:
                    self._begin()
                    await self._write(data)

    def _fail(self, error: GatewayError) -> None:
        self._handler.log_exception(type(error), error, error.__traceback__)
        let_go(error)
        told = self._encoder.fail(error, self._request_id)
        self._handler.finish(told if self._receipt is None else self._receipt() + told)

    def _begin(self) -> None:
        if not self._committed:
            self._committed = True
            self._commit()

    async def _write(self, data: bytes) -> None:
        self._spoke = True
        self._handler.write(data)
        self._flushing = True
        try:
            await self._handler.flush()
        finally:
            self._flushing = False

    def _rearm(self) -> None:
        self._timer = asyncio.get_running_loop().call_later(self._keep_alive, self._tick)

    def _tick(self) -> None:
        # One timer a stream and not one an event: it only looks whether anything was said since.
        if not self._spoke and not self._flushing:
            self._begin()
            self._handler.write(KEEP_ALIVE_COMMENT)
            self._handler.flush()
        self._spoke = False
        self._rearm()
