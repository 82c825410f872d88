"""Cross-origin requests from browsers.

Standard: WHATWG Fetch, "CORS protocol". With any origin allowed the answer is a literal ``*`` and never credentials:
browsers refuse the pair, and echoing every origin with credentials would be a hole.
"""

from tornado.httputil import HTTPServerRequest

from tornado_gateway.domain.context import RequestContext
from tornado_gateway.domain.snapshot import CorsPolicy, SnapshotHolder
from tornado_gateway.httpserver.gates.base import Headers
from tornado_gateway.httpserver.rate_headers import NAMES

_EXPOSED = ", ".join(
    (
        "X-Request-ID",
        "Request-Id",
        "X-Gateway-Provider",
        "X-Gateway-Model",
        "X-Gateway-Attempts",
        "X-Gateway-Revision",
        "X-Gateway-Cost",
        "X-Gateway-Receipt",
        "X-Gateway-Dropped",
        "X-Gateway-Cache",
        "Age",
        "Server-Timing",
        "Retry-After",
        *NAMES,
    )
)


_ANY: Headers = (("Access-Control-Allow-Origin", "*"),)
_ANY_EXPOSED: Headers = (("Access-Control-Allow-Origin", "*"), ("Access-Control-Expose-Headers", _EXPOSED))


class CorsGate:
    """Admits everybody: it is the browser that holds a page back, by what the headers say."""

    def __init__(self, snapshots: SnapshotHolder) -> None:
        self._snapshots = snapshots

    def headers(self, request: HTTPServerRequest, context: RequestContext) -> Headers:
        return cors_headers(self._snapshots.current.cors, request.headers.get("Origin"))

    def admit(self, request: HTTPServerRequest, context: RequestContext) -> RequestContext:
        return context


def cors_headers(policy: CorsPolicy, origin: str | None) -> Headers:
    """Headers of an ordinary answer."""
    if "*" in policy.origins:
        return _ANY if origin is None else _ANY_EXPOSED
    headers = [("Vary", "Origin")]
    if origin is None or origin not in policy.origins:
        return headers
    headers += [("Access-Control-Allow-Origin", origin), ("Access-Control-Expose-Headers", _EXPOSED)]
    if policy.credentials:
        headers.append(("Access-Control-Allow-Credentials", "true"))
    return headers


def preflight_headers(policy: CorsPolicy, origin: str | None) -> list[tuple[str, str]]:
    """Headers of the answer to a preflight, beside the ordinary ones."""
    if "*" not in policy.origins and origin not in policy.origins:
        return []
    return [
        ("Access-Control-Allow-Methods", ",".join(policy.methods)),
        ("Access-Control-Allow-Headers", ",".join(policy.headers)),
        ("Access-Control-Max-Age", str(policy.max_age)),
    ]
