"""How long the caller means to wait: ``X-Gateway-Timeout``, in seconds from the request's arrival."""

from math import isfinite

from tornado.httputil import HTTPServerRequest

from tornado_gateway.domain.context import RequestContext
from tornado_gateway.domain.errors import InvalidRequest
from tornado_gateway.httpserver.gates.base import Headers

HEADER = "X-Gateway-Timeout"


class DeadlineGate:
    """Bounds the whole call, every try and a stream to its end included."""

    def headers(self, request: HTTPServerRequest, context: RequestContext) -> Headers:
        return ()

    def admit(self, request: HTTPServerRequest, context: RequestContext) -> RequestContext:
        given = request.headers.get(HEADER)
        if given is not None:
            context.limits.bound(context.timing.received, _seconds(given))
        return context


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not (isfinite(seconds) and seconds > 0):
        raise InvalidRequest(f"{HEADER}: expected a number of seconds above 0.", param=HEADER)
    return seconds
