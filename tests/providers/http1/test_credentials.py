import httpx

from tornado_gateway.providers.http1.credentials import credentials


def test_a_name_and_a_password_as_they_were_before_they_stood_in_an_address() -> None:
    url = httpx.URL("http://user:pass%20word@host")
    assert credentials("Proxy-Authorization", url) == b"Proxy-Authorization: Basic dXNlcjpwYXNzIHdvcmQ=\r\n"


def test_an_address_without_them() -> None:
    assert credentials("Authorization", httpx.URL("http://host")) == b""
