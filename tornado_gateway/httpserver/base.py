"""BaseHandler: the context of a request, its body, and errors that are always JSON."""

import math
from asyncio import Future
from collections.abc import Awaitable
from typing import Any, ClassVar

from tornado.web import HTTPError, RequestHandler, stream_request_body

from tornado_gateway.domain.context import RequestContext, Timing
from tornado_gateway.domain.errors import (
    BodyTooLarge,
    CallTooLarge,
    GatewayError,
    InternalError,
    InvalidApiKey,
    InvalidRequest,
    MethodNotAllowed,
    NotFound,
    let_go,
)
from tornado_gateway.httpserver.dialects import anthropic_errors
from tornado_gateway.httpserver.dialects.openai_errors import encode_error
from tornado_gateway.httpserver.gates.cors import preflight_headers
from tornado_gateway.httpserver.gates.trace import is_anthropic, request_id
from tornado_gateway.httpserver.services import Services

_DISCARD_BYTES = 64 * 1024 * 1024
"""A refused body is read up to here, so that the client gets to the answer; beyond it the connection is closed."""

_MOST_DIGITS = 19
"""Python refuses to make an int of thousands of digits; beyond these the number is too large whatever it is."""


@stream_request_body
class BaseHandler(RequestHandler):
    """A refusal waits until the body is in: answering before would reset the connection under the client's writes."""

    dialect_name: ClassVar[str] = "none"

    services: Services
    context: RequestContext

    def set_default_headers(self) -> None:
        # Tornado calls this from its constructor, and again when an error clears what was set: so all that must be
        # on errors too is made here.
        if not hasattr(self, "context"):
            self.services = self.application.settings["services"]
            timing = Timing(received=self.services.clock.monotonic())
            self.context = RequestContext(request_id(self.request), self.dialect_name, timing)
            self._chunks: list[bytes] = []
            self._received = 0
            self._refusal: GatewayError | None = None
        self.clear_header("Server")
        for gate in self.services.gates:
            for name, value in gate.headers(self.request, self.context):
                self.put_header(name, value)

    def prepare(self) -> Awaitable[None] | None:
        self._limit = self.services.snapshots.current.server.max_body_bytes
        announced = _announced(self.request.headers.get("Content-Length"))
        if announced <= self._limit:
            return None
        self.refuse(self._too_large())
        if announced > _DISCARD_BYTES or "Expect" in self.request.headers:
            self._hang_up(self._too_large())
        return None

    def refuse(self, error: GatewayError) -> None:
        """Turns the request away once its body is in; the first refusal counts."""
        if self._refusal is None:
            self._refusal = error
        self._chunks.clear()

    async def identify(self, *, demanded: bool = False) -> None:
        """For what is no model call: finds out who calls. Raises ``InvalidApiKey``, see ``AuthGate``."""
        admitted = self.services.auth.admit(self.request, self.context, demanded=demanded)
        self.context = admitted if isinstance(admitted, RequestContext) else await admitted

    def data_received(self, chunk: bytes) -> None:
        self._received += len(chunk)
        if self._refusal is None and self._received > self._limit:
            self.refuse(self._too_large())
        if self._refusal is None:
            self._chunks.append(chunk)
        elif self._received > _DISCARD_BYTES and not self._finished:
            self._hang_up(self._refusal)

    def on_connection_close(self) -> None:
        if not self.request._body_future.done():
            self._chunks.clear()  # Tornado leaves who waited for the rest of it to the collector of garbage
        super().on_connection_close()

    def body(self) -> bytes:
        """The whole body. Raises what ``refuse`` was told."""
        if self._refusal is not None:
            raise self._refusal
        return self._chunks[0] if len(self._chunks) == 1 else b"".join(self._chunks)

    def options(self, *_: str, **__: str) -> None:
        policy = self.services.snapshots.current.cors
        for name, value in preflight_headers(policy, self.request.headers.get("Origin")):
            self.set_header(name, value)
        self.set_status(204)

    def finish(self, chunk: str | bytes | dict[str, Any] | None = None) -> "Future[None]":
        connection: Any = self.request.connection
        if not connection._read_finished and not self._headers_written:
            self.set_header("Connection", "close")  # Tornado closes then, and tells nobody
        if self._headers.get("Connection") == "close":
            # Tornado sends the header and leaves it to the client to act on it.
            connection._disconnect_on_finish = True
        return super().finish(chunk)

    def put_header(self, name: str, value: str) -> None:
        """``set_header`` for what is visible ASCII for certain: Tornado looks at each value when it is set, and again
        when it is written."""
        self._headers[name] = value

    def write_json(self, document: bytes, status: int = 200) -> None:
        """Ends the answer."""
        self.set_status(status)
        self.put_header("Content-Type", "application/json")
        self.finish(document)

    def send_gateway_error(self, error: GatewayError) -> None:
        """Ends the answer with ``error`` in the caller's form."""
        if error.retry_after is not None:
            self.set_header("Retry-After", str(max(0, math.ceil(error.retry_after))))
        if isinstance(error, InvalidApiKey):
            self.set_header("WWW-Authenticate", "Bearer")
        if isinstance(error, MethodNotAllowed):
            self.set_header("Allow", ", ".join(self._methods()))
        if isinstance(error, CallTooLarge):
            self.set_header("X-Should-Retry", "false")  # read by the SDKs of OpenAI and Anthropic
        self.decorate_error(error)
        let_go(error)
        self.write_json(self.encode_error(error), error.status)

    def decorate_error(self, error: GatewayError) -> None:
        """A hook for headers that only some handlers have."""

    def encode_error(self, error: GatewayError) -> bytes:
        if is_anthropic(self.request.path):
            return anthropic_errors.encode_error(error, self.context.request_id)
        return encode_error(error)

    def _methods(self) -> list[str]:
        """Those that the handler has something of its own for."""
        return [
            method
            for method in self.SUPPORTED_METHODS
            if getattr(type(self), method.lower()) is not getattr(RequestHandler, method.lower())
        ]

    def _hang_up(self, error: GatewayError) -> None:
        """Answers although the body is not in, and ends the connection with that."""
        self.set_header("Connection", "close")
        self.send_gateway_error(error)
        RequestHandler.on_connection_close(self)  # else Tornado's coroutine waits for the body's end for ever

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        error = kwargs["exc_info"][1] if "exc_info" in kwargs else None
        self.send_gateway_error(self._as_gateway_error(error, status_code))

    def _as_gateway_error(self, error: BaseException | None, status: int) -> GatewayError:
        if isinstance(error, GatewayError):
            return error
        if status == 405:
            return MethodNotAllowed(f"{self.request.method} is not allowed here.")
        if status == 404:
            return NotFound(f"There is nothing at {self.request.path}.")
        if isinstance(error, HTTPError) and 400 <= status < 500:
            return InvalidRequest("The request is malformed.")
        return InternalError("The gateway failed.")

    def log_exception(self, typ: Any, value: BaseException | None, tb: Any) -> None:
        """Tornado's own line would name no request; what nobody foresaw is reported with its traceback."""
        if isinstance(value, InternalError):
            self.services.report(value.__cause__ or value)
        elif value is not None and not isinstance(value, GatewayError | HTTPError):
            self.services.report(value)

    def _too_large(self) -> BodyTooLarge:
        return BodyTooLarge(f"The body is larger than server.max_body_bytes, {self._limit} bytes.")


def _announced(length: str | None) -> int:
    """What the header says; 0 where Tornado is about to refuse it. ``isdigit`` alone takes a superscript for one."""
    if length is None or not length.isascii() or not length.isdigit():
        return 0
    return int(length[:_MOST_DIGITS])


class UnknownPath(BaseHandler):
    """404 as JSON, for whatever the tree does not hold."""

    def _nothing_here(self, *_: str, **__: str) -> None:
        raise NotFound(f"There is nothing at {self.request.path}.")

    get = head = post = put = patch = delete = _nothing_here
