from collections.abc import Callable

import pytest

Complaints = Callable[[str], list[str]]


@pytest.mark.parametrize(
    "origin", ["*", "null", "https://a.example", "http://localhost:3000", "https://[::1]:8443", "app+x://host"]
)
def test_origins_as_browsers_send_them(complaints: Complaints, origin: str) -> None:
    assert complaints(f"cors: {{allowed_origins: ['{origin}']}}") == []


@pytest.mark.parametrize(
    ("origin", "advice"),
    [
        ("a.example", "write https://host"),
        ("https://a.example/", "write https://host"),
        ("https://*.example", "write https://host"),
        ("https://u@a.example", "write https://host"),
        ("https://a.example?x", "write https://host"),
        ("https://", "write https://host"),
        ("HTTPS://A.example", "write 'https://a.example'"),
        ("https://a.example:443", "write 'https://a.example'"),
        ("http://a.example:80", "write 'http://a.example'"),
    ],
)
def test_origins_that_would_never_match(complaints: Complaints, origin: str, advice: str) -> None:
    (line,) = complaints(f"cors: {{allowed_origins: ['{origin}']}}")
    assert line.startswith("f:1:26: cors.allowed_origins[0]: ")
    assert line.endswith(advice) or f"{advice} or" in line


def test_http_on_443_is_no_default_port(complaints: Complaints) -> None:
    assert complaints("cors: {allowed_origins: ['http://a.example:443', 'https://a.example:80']}") == []
