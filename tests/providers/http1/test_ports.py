import httpx
import pytest

from tornado_gateway.providers.http1.ports import port_of


@pytest.mark.parametrize(
    ("url", "port"),
    [("http://a", 80), ("https://a", 443), ("https://a:8443", 8443), ("https://[::1]:1", 1), ("ftp://a", None)],
)
def test_what_it_says_or_its_scheme_means(url: str, port: int | None) -> None:
    assert port_of(httpx.URL(url)) == port
