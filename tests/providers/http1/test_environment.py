from collections.abc import Callable

import httpx
import pytest

from tornado_gateway.providers.http1.environment import environments_proxy

Beside = Callable[[str, str], str | None]

NAMES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")


@pytest.fixture(autouse=True)
def _bare(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


def found(url: str) -> str | None:
    proxy = environments_proxy(httpx.URL(url))
    return None if proxy is None else str(proxy)


@pytest.fixture
def beside(monkeypatch: pytest.MonkeyPatch) -> Beside:
    """The proxy on the way to an address where ``NO_PROXY`` lists others."""

    def asked(listed: str, url: str) -> str | None:
        monkeypatch.setenv("HTTPS_PROXY", "http://proxy:3128")
        monkeypatch.setenv("NO_PROXY", listed)
        return found(url)

    return asked


def test_none_is_named() -> None:
    assert found("https://api.example/v1") is None


@pytest.mark.parametrize("name", ["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"])
@pytest.mark.parametrize("value", ["http://proxy:3128", "proxy:3128"])
def test_one_is_named(name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, value)
    assert found("https://api.example/v1") == "http://proxy:3128"


def test_each_scheme_may_have_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://s:1")
    monkeypatch.setenv("ALL_PROXY", "http://all:1")
    assert (found("https://api.example"), found("http://api.example")) == ("http://s:1", "http://all:1")


@pytest.mark.parametrize(
    ("listed", "url"),
    [
        ("api.example", "https://api.example/v1"),
        ("example", "https://api.example/v1"),
        (".example", "https://api.example/v1"),
        ("a, api.example:443", "https://api.example/v1"),
        ("api.example:8080", "https://api.example:8080/v1"),
        ("*", "https://api.example"),
        ("*", "https://10.0.0.1"),
        ("10.0.0.0/8", "https://10.1.2.3"),
        ("10.1.2.3", "https://10.1.2.3:9"),
        ("10.1.2.3:9", "https://10.1.2.3:9"),
        ("::1", "https://[::1]"),
        ("[::1]", "https://[::1]:8443"),
        ("[::1]:8443", "https://[::1]:8443"),
        ("fd00::/8", "https://[fd00::7]"),
    ],
)
def test_who_is_reached_without(beside: Beside, listed: str, url: str) -> None:
    assert beside(listed, url) is None


@pytest.mark.parametrize(
    ("listed", "url"),
    [
        ("api.example:8080", "https://api.example/v1"),
        ("other.example", "https://api.example/v1"),
        ("10.0.0.0/8, word", "https://11.1.2.3"),
        ("10.1.2.3:80", "https://10.1.2.3"),
        ("[::1]:80", "https://[::1]"),
        ("fd00::/8", "https://10.0.0.1"),
    ],
)
def test_who_is_not(beside: Beside, listed: str, url: str) -> None:
    assert beside(listed, url) == "http://proxy:3128"


def test_what_is_no_address_is_the_proxys_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy:abc")
    with pytest.raises(httpx.ProxyError):
        found("https://api.example")
