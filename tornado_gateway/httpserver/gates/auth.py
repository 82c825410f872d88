"""Who calls: the key or token in the place where each client library puts it."""

from collections.abc import Awaitable

from msgspec.structs import replace
from tornado.httputil import HTTPHeaders, HTTPServerRequest

from tornado_gateway.domain.authentication import Authenticator
from tornado_gateway.domain.context import RequestContext
from tornado_gateway.domain.principal import Principal
from tornado_gateway.httpserver.gates.base import Headers

_HEADERS = ("X-Api-Key", "Api-Key", "X-Goog-Api-Key")
"""Anthropic's, Azure's and Gemini's, after the usual ``Authorization: Bearer``."""


def credential(headers: HTTPHeaders) -> str | None:
    """What the caller shows, None where it shows nothing.

    Of several the first counts: ``Authorization: Bearer``, ``x-api-key``, ``api-key``, ``x-goog-api-key``. An address
    is no place for a key, since addresses are written down on the way.
    """
    scheme, _, rest = headers.get("Authorization", "").partition(" ")
    bearer = rest.strip()
    if bearer and scheme.lower() == "bearer":
        return bearer
    for name in _HEADERS:
        given = headers.get(name, "").strip()
        if given:
            return given
    return None


class AuthGate:
    """What it was shown goes no further than this: the context has the principal alone."""

    def __init__(self, authenticator: Authenticator) -> None:
        self._authenticator = authenticator

    def headers(self, request: HTTPServerRequest, context: RequestContext) -> Headers:
        return ()

    def admit(
        self, request: HTTPServerRequest, context: RequestContext, *, demanded: bool = False
    ) -> RequestContext | Awaitable[RequestContext]:
        """``demanded``: nobody is admitted unknown here, whatever the file says of calls."""
        if self._authenticator.idle and not demanded:
            return context
        shown = credential(request.headers)
        found = self._authenticator.authenticate(shown, context.request_id, demanded=demanded)
        if found is None or isinstance(found, Principal):
            return context if found is None else replace(context, principal=found)
        return _awaited(found, context)


async def _awaited(found: Awaitable[Principal | None], context: RequestContext) -> RequestContext:
    return replace(context, principal=await found)
