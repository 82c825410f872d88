from collections.abc import Callable

import pytest

Complaints = Callable[[str], list[str]]


@pytest.mark.parametrize("url", ["http://127.0.0.1:4318", "https://otel.example/otlp/", "http://[::1]:4318", ""])
def test_receivers(complaints: Complaints, url: str) -> None:
    assert complaints(f"otel: {{endpoint: '{url}', headers: {{authorization: 'Bearer x'}}}}") == []


def test_a_password_in_the_address_is_never_shown(complaints: Complaints) -> None:
    (line,) = complaints("otel: {endpoint: 'http://me:sk-planted@c'}")
    assert line == "f:1:18: otel.endpoint: holds a name or password, which is never sent: use headers"


def test_the_port_of_the_other_protocol_and_what_needs_traces_draw_warnings(complaints: Complaints) -> None:
    (line,) = complaints("otel: {endpoint: 'http://c:4317'}")
    assert "warning" in line and "4318" in line
    lines = complaints("otel: {endpoint: 'http://c', traces: false, capture_content: true, sample_ratio: 0.5}")
    assert [line.count("is of no use without traces") for line in lines] == [1, 1]


def test_other_shapes_are_the_schemas_affair(complaints: Complaints) -> None:
    assert complaints("otel: 5") == complaints("otel: {endpoint: 5, headers: 5}") == complaints("otel: {}") == []
