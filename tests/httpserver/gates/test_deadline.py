import pytest
from tornado.httputil import HTTPHeaders, HTTPServerRequest, RequestStartLine

from tests.support import context
from tornado_gateway.domain.errors import InvalidRequest
from tornado_gateway.httpserver.gates.deadline import DeadlineGate


def request(value: str | None = None) -> HTTPServerRequest:
    headers = HTTPHeaders({"Host": "x"} if value is None else {"Host": "x", "X-Gateway-Timeout": value})
    return HTTPServerRequest(start_line=RequestStartLine("POST", "/", "HTTP/1.1"), headers=headers)


def test_it_bounds_the_whole_call() -> None:
    admitted = DeadlineGate().admit(request("2.5"), context())
    assert admitted.limits.deadline == admitted.timing.received + 2.5
    assert DeadlineGate().admit(request(), context()).limits.deadline is None
    assert DeadlineGate().headers(request(), context()) == ()


@pytest.mark.parametrize("value", ["", "soon", "0", "-1", "nan", "inf"])
def test_anything_else_is_named(value: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        DeadlineGate().admit(request(value), context())
    assert refused.value.param == "X-Gateway-Timeout"
