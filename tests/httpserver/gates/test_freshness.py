import pytest
from tornado.httputil import HTTPHeaders, HTTPServerRequest, RequestStartLine

from tests.support import ScriptedProvider, context, snapshot
from tornado_gateway.domain.caching import CachePolicy
from tornado_gateway.domain.routes import Route, RouteTarget
from tornado_gateway.domain.snapshot import SnapshotHolder
from tornado_gateway.httpserver.gates.freshness import FreshnessGate


def gate(cache: CachePolicy | None) -> FreshnessGate:
    routes = [Route("a", (RouteTarget("openai"),)), Route("b", (RouteTarget("openai"),), cache=cache)]
    return FreshnessGate(SnapshotHolder(snapshot(ScriptedProvider(), routes=routes)))


def request(*values: str) -> HTTPServerRequest:
    headers = HTTPHeaders({"Host": "x"})
    for value in values:
        headers.add("cache-control", value)
    return HTTPServerRequest(start_line=RequestStartLine("POST", "/", "HTTP/1.1"), headers=headers)


@pytest.mark.parametrize(
    ("values", "wish"),
    [
        ((), "usual"),
        (("",), "usual"),
        (("max-age=60",), "usual"),
        (("x-no-cache, only-if-cached",), "usual"),
        (("no-cache",), "fresh"),
        (("No-Cache",), "fresh"),
        (("max-age=0",), "fresh"),
        (("max-age=5 ,  no-cache",), "fresh"),
        (("no-store",), "never"),
        (("no-cache, no-store",), "never"),
        (("no-cache", "no-store"), "never"),
    ],
)
def test_what_the_caller_wants(values: tuple[str, ...], wish: str) -> None:
    assert gate(CachePolicy(5)).admit(request(*values), context()).caching == wish
    assert gate(CachePolicy(5)).headers(request(*values), context()) == ()


def test_where_no_route_has_a_cache_nobody_looks() -> None:
    asked = context()
    assert gate(None).admit(request("no-store"), asked) is asked
