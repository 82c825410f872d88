import httpx
import pytest

from tornado_gateway.domain.errors import GatewayError, UpstreamFailed, UpstreamTimeout, UpstreamUnreachable
from tornado_gateway.providers.transport_errors import gateway_error


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (httpx.ReadTimeout("x"), UpstreamTimeout),
        (httpx.ConnectTimeout("x"), UpstreamTimeout),
        (httpx.ConnectError("x"), UpstreamUnreachable),
        (httpx.UnsupportedProtocol("x"), UpstreamUnreachable),
        (httpx.RemoteProtocolError("x"), UpstreamFailed),
        (httpx.ReadError("x"), UpstreamFailed),
        (ConnectionResetError("x"), UpstreamFailed),
        (TimeoutError("x"), UpstreamTimeout),
    ],
)
def test_the_table(error: Exception, kind: type[GatewayError]) -> None:
    assert type(gateway_error(error, "p")) is kind


def test_a_connection_that_takes_too_long_is_told_as_such() -> None:
    error = httpx.ConnectTimeout("x")
    assert gateway_error(error, "p", 5.0).message == "Provider 'p' could not be connected to within 5 seconds."
