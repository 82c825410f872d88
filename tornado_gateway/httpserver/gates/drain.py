"""Turns new calls away while the server drains, and ends connections while it drains or retires."""

from tornado.httputil import HTTPServerRequest

from tornado_gateway.domain.context import RequestContext
from tornado_gateway.httpserver.gates.base import Headers
from tornado_gateway.httpserver.lifecycle import Lifecycle, shutting_down


class DrainGate:
    """Every answer of a draining or retiring server closes its connection: the next call goes to another."""

    def __init__(self, lifecycle: Lifecycle) -> None:
        self._lifecycle = lifecycle

    def headers(self, request: HTTPServerRequest, context: RequestContext) -> Headers:
        return (("Connection", "close"),) if self._lifecycle.draining or self._lifecycle.retiring else ()

    def admit(self, request: HTTPServerRequest, context: RequestContext) -> RequestContext:
        if self._lifecycle.draining:
            raise shutting_down()
        return context
