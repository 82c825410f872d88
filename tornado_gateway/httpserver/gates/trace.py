"""Who is who: the request id, the trace, and the caller's headers that a provider may see."""

import random
import re
import time

from msgspec.structs import replace
from tornado.httputil import HTTPServerRequest

from tornado_gateway.domain.context import RequestContext
from tornado_gateway.domain.errors import InvalidRequest
from tornado_gateway.httpserver.gates.base import Headers

_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,128}\Z")
# W3C Trace Context, "traceparent Header Field Values".
_TRACEPARENT = re.compile(
    r"(?!ff)(?!00.{53}.)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(?:-.*)?\Z"
)
_FORWARDED = ("anthropic-beta", "anthropic-version", "idempotency-key", "openai-beta")
"""None of these can hold a credential."""


def is_anthropic(path: str) -> bool:
    """Whether what is asked for is of Anthropic's API."""
    return path.startswith("/v1/messages")


def request_id(request: HTTPServerRequest) -> str:
    """The caller's id where it is 1 to 128 of ``[A-Za-z0-9._-]``, else a new one."""
    given = request.headers.get("X-Request-ID")
    if given is not None and _REQUEST_ID.match(given):
        return given
    # An id is no secret, and asking the kernel for each costs more than all the rest of a gate. It begins with the
    # milliseconds: to find the place of a wholly random one costs an index of the ledger as much as all the row.
    return f"req_{time.time_ns() // 1_000_000:011x}{random.getrandbits(52):013x}"


class TraceGate:
    """Takes a well-formed trace as it is. Where the call is traced its spans become children of the caller's, and else
    the provider gets it unchanged."""

    def headers(self, request: HTTPServerRequest, context: RequestContext) -> Headers:
        if is_anthropic(request.path):  # its SDK reads no other
            return (("X-Request-ID", context.request_id), ("Request-Id", context.request_id))
        return (("X-Request-ID", context.request_id),)

    def admit(self, request: HTTPServerRequest, context: RequestContext) -> RequestContext:
        headers = request.headers
        traceparent = headers.get("Traceparent")
        forward = {name: headers[name] for name in _FORWARDED if name in headers}
        for name, value in forward.items():
            if not value.isascii():
                raise InvalidRequest(f"The header {name} holds a character that no header can carry.", param=name)
        if traceparent is None or not traceparent.isascii() or not _TRACEPARENT.match(traceparent):
            return replace(context, forward=forward) if forward else context
        state = headers.get("Tracestate")
        if state is not None and not state.isascii():
            state = None  # as W3C has it: what can't be read goes, the trace stays
        return replace(context, forward=forward, traceparent=traceparent, tracestate=state)
