"""Every endpoint that calls a model: dialect in, service, dialect out."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from urllib.parse import quote

from msgspec.structs import replace

from tornado_gateway.domain.call import ModelCall
from tornado_gateway.domain.context import UNKNOWN, RequestContext
from tornado_gateway.domain.errors import GatewayError, InvalidRequest, UnsupportedMediaType
from tornado_gateway.domain.money import Cost
from tornado_gateway.domain.streaming import ActiveStream
from tornado_gateway.httpserver import receipts
from tornado_gateway.httpserver.base import BaseHandler
from tornado_gateway.httpserver.dialects.base import Dialect
from tornado_gateway.httpserver.gates.base import Gate
from tornado_gateway.httpserver.pump import Pump
from tornado_gateway.httpserver.rate_headers import rate_headers

Picker = Callable[[bytes], Dialect]
"""Which dialect a body is in; most endpoints have only one."""


class ModelCallHandler(BaseHandler):
    """``dialect`` gives the form of errors until ``pick`` has seen the body."""

    def initialize(self, dialect: Dialect, pick: Picker | None = None) -> None:
        self._dialect = dialect
        self._pick = pick
        self._task: asyncio.Task[None] | None = None
        self._gone = False
        self._streaming: ActiveStream | None = None

    def prepare(self) -> Awaitable[None] | None:
        super().prepare()
        self.context = replace(self.context, dialect=self._dialect.name)
        self._admitted = self.context.timing.received
        # Whatever else it is, it calls no model: a browser's preflight brings no key.
        if self.request.method != "POST" or self._finished:
            return None
        self.services.lifecycle.enter(self)
        return self._pass(iter(self.services.gates))

    def _pass(self, gates: Iterator[Gate]) -> Awaitable[None] | None:
        """Goes through the gates, and waits only where one of them has to."""
        try:
            for gate in gates:
                admitted = gate.admit(self.request, self.context)
                if not isinstance(admitted, RequestContext):
                    return self._wait(admitted, gates)
                self.context = admitted
            _require_json(self.request.headers.get("Content-Type", ""))
        except GatewayError as error:
            self.refuse(error)
        self._admitted = self.services.clock.monotonic()
        return None

    async def _wait(self, admitted: Awaitable[RequestContext], gates: Iterator[Gate]) -> None:
        try:
            self.context = await admitted
        except GatewayError as error:
            self.refuse(error)
            self._admitted = self.services.clock.monotonic()
            return
        following = self._pass(gates)
        if following is not None:
            await following

    async def post(self) -> None:
        self._task = asyncio.current_task()
        timing = self.context.timing
        timing.received += self.services.clock.monotonic() - self._admitted
        try:
            await self._answer()
        except asyncio.CancelledError:
            if self._gone:
                return
            ended = self.context.trail.ended
            if ended is None:
                raise
            if not self._finished:
                self.set_header("Connection", "close")
                self.send_gateway_error(ended)
        finally:
            self.services.lifecycle.leave(self)

    def end(self, error: GatewayError) -> None:
        """Ends the call and tells its client ``error``, wherever it has got to."""
        self.context.trail.ended = error
        if self._task is not None:
            self._task.cancel()
        elif not self._finished:
            self._hang_up(error)

    def on_connection_close(self) -> None:
        # Called outside the handler's coroutine, also while the provider is silent.
        super().on_connection_close()  # ends the wait for a body that will never be whole
        self._gone = True
        if self._task is not None:
            self._task.cancel()
        else:
            self.services.lifecycle.leave(self)

    def on_finish(self) -> None:
        if self._task is None:  # answered before it was whole
            self.services.lifecycle.leave(self)

    async def _answer(self) -> None:
        call = self._read()
        if call.stream:
            await self._stream(call)
            return
        completed = await self.services.gateway.complete(call, self.context)
        self._call_headers()
        if completed.cost is not None:
            self.put_header("X-Gateway-Cost", completed.cost.digits)
            self._receipt_header(completed.cost)
        self.write_json(self._dialect.encode_response(completed))

    def _read(self) -> ModelCall:
        try:
            body = self.body()
            if self._pick is not None:
                self._dialect = self._pick(body)
                self.context = replace(self.context, dialect=self._dialect.name)
            return self._dialect.decode_request(body)
        except GatewayError as error:
            coding = self.request.headers.get("Content-Encoding", "identity")
            if isinstance(error, InvalidRequest) and coding.lower() != "identity":
                error = UnsupportedMediaType(f"A body with Content-Encoding {coding!r} is not read: send it as it is.")
            self.services.gateway.refused(error, self.context)
            raise error from None

    async def _stream(self, call: ModelCall) -> None:
        stream = self._streaming = self.services.gateway.stream(call, self.context)
        pump = Pump(
            handler=self,
            stream=stream,
            encoder=self._dialect.stream_encoder(call),
            request_id=self.context.request_id,
            commit=self._stream_headers,
            keep_alive=self.services.snapshots.current.server.keep_alive,
            receipt=self._receipt_comment if receipts.wanted(self.request) else None,
        )
        await pump.run()

    def _stream_headers(self) -> None:
        self._call_headers()
        self.put_header("Content-Type", "text/event-stream")
        self.put_header("Cache-Control", "no-cache")
        self.put_header("X-Accel-Buffering", "no")  # nginx would hold events back

    def _call_headers(self) -> None:
        trail, timing = self.context.trail, self.context.timing
        if trail.provider != UNKNOWN:
            self.put_header("X-Gateway-Provider", _header_text(trail.provider))
            self.put_header("X-Gateway-Model", _header_text(trail.model))
        self.put_header("X-Gateway-Attempts", str(trail.attempts))
        self.put_header("X-Gateway-Revision", trail.revision or self.services.snapshots.current.revision)
        total = self.services.clock.monotonic() - timing.received
        own = max(0.0, total - timing.upstream)
        self.put_header("Server-Timing", f"upstream;dur={timing.upstream * 1000:.3f}, gateway;dur={own * 1000:.3f}")
        if trail.cache is not None:
            self.put_header("X-Gateway-Cache", trail.cache.outcome)
            if trail.cache.age is not None:
                self.put_header("Age", str(trail.cache.age))
        for name, value in rate_headers(trail.rates):
            self.put_header(name, value)
        if self.context.dropped:
            self.put_header("X-Gateway-Dropped", _header_text(", ".join(dict.fromkeys(self.context.dropped))))

    def _receipt_header(self, cost: Cost) -> None:
        if receipts.wanted(self.request):
            self.set_header(receipts.HEADER, receipts.as_header(cost, self.context.trail.revision))

    def _receipt_comment(self) -> bytes:
        cost = None if self._streaming is None else self._streaming.cost
        return receipts.as_comment(cost, self.context.trail.revision)

    def decorate_error(self, error: GatewayError) -> None:
        self._call_headers()
        if self._streaming is not None and self._streaming.cost is not None:
            # It broke before it said anything, and was worked on all the same.
            self._receipt_header(self._streaming.cost)

    def encode_error(self, error: GatewayError) -> bytes:
        return self._dialect.encode_error(error, self.context.request_id)


def _require_json(content_type: str) -> None:
    kind = content_type.partition(";")[0].strip().lower()
    if kind != "application/json" and not (kind.startswith("application/") and kind.endswith("+json")):
        raise UnsupportedMediaType(f"Content-Type must be application/json, not {kind or 'missing'!r}.")


def _header_text(text: str) -> str:
    """A model's name may be a caller's text, and a header holds visible ASCII alone."""
    return text if text.isascii() and text.isprintable() else quote(text)
