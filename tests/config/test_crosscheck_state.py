from collections.abc import Callable

import pytest

Complaints = Callable[[str], list[str]]


@pytest.mark.parametrize(
    "url",
    ["memory://", "redis://host", "redis://host:6379", "redis://:password@host:6379/3", "rediss://[::1]:6379/0?a=b"],
)
def test_stores(complaints: Complaints, url: str) -> None:
    assert complaints(f"state: {{url: '{url}'}}") == []


@pytest.mark.parametrize(
    ("url", "complaint"),
    [
        ("redis://:planted@host:0/0", "a port is 1 to 65535"),
        ("redis://:planted@host:x/0", "a port is 1 to 65535"),
        ("redis://:planted@/0", "it names no host"),
        ("redis://:planted@host/a", "what follows the host is the number of a database"),
    ],
)
def test_addresses_that_are_none(complaints: Complaints, url: str, complaint: str) -> None:
    assert complaints(f"state: {{url: '{url}'}}") == [f"f:1:14: state.url: is no address: {complaint}"]


def test_what_means_nothing(complaints: Complaints) -> None:
    assert complaints("state: {fail: open}") == ["f:1:9: warning: state.fail: means nothing without the url of a Redis"]
    assert complaints("state: {url: memory://, fail: open}") == []


def test_webhooks(complaints: Complaints) -> None:
    assert complaints("webhooks: [{url: 'https://hooks.example/T0/B1?x=y', secret: abc}]") == []
    (line,) = complaints("webhooks: [{url: 'https://hooks.example/x', secret: ''}]")
    assert line == "f:1:53: warning: webhooks[0].secret: came out empty: what is sent is not signed"


@pytest.mark.parametrize("text", ["state: 3", "webhooks: 3", "webhooks: [3]", "server: {trusted_proxies: 3}", "[]"])
def test_of_a_wrong_shape_the_schema_has_its_say(complaints: Complaints, text: str) -> None:
    assert complaints(text) == []


def test_proxies(complaints: Complaints) -> None:
    assert complaints("server: {trusted_proxies: [10.0.0.1, 10.0.0.1/8, '::1', 'fd00::/8']}") == []
    (line,) = complaints("server: {trusted_proxies: [10.0.0.256]}")
    assert line.startswith("f:1:28: server.trusted_proxies[0]: '10.0.0.256' is neither an address nor a network")
