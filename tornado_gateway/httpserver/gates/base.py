"""A gate: what every request passes before its handler, in the order that ``application.py`` shows."""

from collections.abc import Awaitable, Iterable
from typing import Protocol

from tornado.httputil import HTTPServerRequest

from tornado_gateway.domain.context import RequestContext

Headers = Iterable[tuple[str, str]]


class Gate(Protocol):
    def headers(self, request: HTTPServerRequest, context: RequestContext) -> Headers:
        """Headers of every answer to this request, an error's too: whatever is set later vanishes on errors."""

    def admit(self, request: HTTPServerRequest, context: RequestContext) -> RequestContext | Awaitable[RequestContext]:
        """Lets a model call pass, its context completed; raises ``GatewayError`` to turn it away.

        Awaitable where that can't be told at once: the request's body waits meanwhile.
        """
