"""Whether the caller takes an answer from the cache: ``Cache-Control`` of the request.

Standard: RFC 9111, "Request Directives". ``no-cache``, and ``max-age=0`` as browsers say it for a reload, want an
answer made now; ``no-store`` wants none from the cache and leaves none in it.
"""

from msgspec.structs import replace
from tornado.httputil import HTTPServerRequest

from tornado_gateway.domain.caching import Wish
from tornado_gateway.domain.context import RequestContext
from tornado_gateway.domain.snapshot import SnapshotHolder
from tornado_gateway.httpserver.gates.base import Headers

HEADER = "Cache-Control"


class FreshnessGate:
    """Looks at the header only where some route has a cache."""

    def __init__(self, snapshots: SnapshotHolder) -> None:
        self._snapshots = snapshots

    def headers(self, request: HTTPServerRequest, context: RequestContext) -> Headers:
        return ()

    def admit(self, request: HTTPServerRequest, context: RequestContext) -> RequestContext:
        if not self._snapshots.current.routes.caching:
            return context
        given = request.headers.get(HEADER)
        return context if given is None else replace(context, caching=wish(given))


def wish(header: str) -> Wish:
    """What the header asks for; words that the cache has no use for change nothing."""
    said = {directive.strip().lower() for directive in header.split(",")}
    if "no-store" in said:
        return "never"
    return "usual" if said.isdisjoint(("no-cache", "max-age=0")) else "fresh"
