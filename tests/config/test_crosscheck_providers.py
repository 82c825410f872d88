from collections.abc import Callable
from pathlib import Path

import certifi
import pytest

Complaints = Callable[[str], list[str]]


def errors(lines: list[str]) -> list[str]:
    return [line for line in lines if ": warning: " not in line]


def test_a_provider_that_nobody_uses_is_odd(complaints: Complaints) -> None:
    assert complaints("providers: {a: {kind: echo}}") == ["f:1:13: warning: providers.a: no route uses this provider"]


def test_kinds_that_need_a_place_to_go(complaints: Complaints) -> None:
    found = complaints(
        "providers: {a: {kind: azure_openai}, b: {kind: openai_compatible}, c: {kind: openai_compatible, vendor: groq}}"
    )
    assert [line.split(": ", 1)[1] for line in found if "needs" in line] == [
        "providers.a: kind azure_openai needs a base_url",
        "providers.b: kind openai_compatible needs a base_url or a vendor",
    ]


def test_a_key_of_another_kind(complaints: Complaints) -> None:
    found = errors(complaints("providers: {a: {kind: openai, pause: 1}}"))
    assert found == ["f:1:31: providers.a.pause: a provider of kind openai has no such key"]


@pytest.mark.parametrize(
    ("url", "complaint"),
    [
        ("http://x:99999/v1", "a port is 1 to 65535"),
        ("http://x:0/v1", "is no address"),
        ("http://x:y/v1", "a port is a number"),
        ("http://[::1/v1", "its host is malformed"),
        ("http://:80/v1", "is no address"),
        ("http://me:planted@x/v1", "use api_key"),
    ],
)
def test_addresses_that_lead_nowhere_are_refused_unseen(complaints: Complaints, url: str, complaint: str) -> None:
    (line,) = errors(complaints(f"providers: {{a: {{kind: openai, base_url: '{url}'}}}}"))
    assert complaint in line
    assert line.startswith("f:1:41: providers.a.base_url: ")
    assert "planted" not in line


def test_addresses_that_are_good(complaints: Complaints) -> None:
    for url in ("http://x", "https://api.openai.com/v1", "http://[::1]:8080/v1/", "http://127.0.0.1:65535"):
        assert errors(complaints(f"providers: {{a: {{kind: openai, base_url: '{url}'}}}}")) == []


@pytest.mark.parametrize("key", ["sk plan", "sk-\\u2019", "sk-\\nx", "\\x01"])
def test_a_key_that_no_header_can_carry(complaints: Complaints, key: str) -> None:
    (line,) = errors(complaints(f'providers: {{a: {{kind: openai, api_key: "{key}"}}}}'))
    assert "api_key: holds a character" in line
    assert "sk" not in line


def test_a_line_break_at_a_keys_end_is_forgiven(complaints: Complaints) -> None:
    assert errors(complaints('providers: {a: {kind: openai, api_key: "sk-x\\n"}}')) == []


def test_an_address_at_every_endpoint_is_a_place_to_go(complaints: Complaints) -> None:
    text = "providers: {a: {kind: azure_openai, endpoints: [{base_url: 'https://a'}, {base_url: 'https://b'}]}}"
    assert errors(complaints(text)) == []
    text = "providers: {a: {kind: azure_openai, base_url: 'https://a', endpoints: [{api_key: k}, {api_key: l}]}}"
    assert errors(complaints(text)) == []


def test_an_endpoint_whose_key_is_not_set_is_no_double(complaints: Complaints) -> None:
    text = "providers: {a: {kind: openai, endpoints: [{api_key: ''}, {api_key: ' '}, {api_key: k}]}}"
    assert errors(complaints(text)) == []
    assert errors(complaints("providers: {a: {kind: openai, endpoints: [1, {api_key: k}], ca_file: 5}}")) == []


def test_a_file_of_certificates_holds_some(complaints: Complaints, tmp_path: Path) -> None:
    def found(file: Path) -> list[str]:
        return errors(complaints(f"providers: {{a: {{kind: openai, ca_file: '{file}'}}}}"))

    assert found(Path(certifi.where())) == []
    (tmp_path / "key.pem").write_text("sk-planted")
    assert found(tmp_path / "key.pem") == [
        f"f:1:40: providers.a.ca_file: '{tmp_path}/key.pem' holds no certificates: write a PEM file"
    ]
    assert found(tmp_path / "none")[0].endswith("can't be read: No such file or directory")
    assert errors(complaints('providers: {a: {kind: openai, ca_file: ""}}')) == []
    (line,) = errors(complaints('providers: {a: {kind: openai, ca_file: "a\\0b"}}'))
    assert line.endswith("can't be read: no name of a file")


@pytest.mark.parametrize("proxy", ["", "http://proxy:3128", "https://me:planted@proxy:443/"])
def test_proxies_that_are_good(complaints: Complaints, proxy: str) -> None:
    assert errors(complaints(f"providers: {{a: {{kind: openai, proxy: '{proxy}'}}}}")) == []


@pytest.mark.parametrize("host", ["xn--", "xn--a", "\u2603.example", "a\u200db.example"])
def test_a_host_that_can_be_no_name(complaints: Complaints, host: str) -> None:
    (line,) = errors(complaints(f"providers: {{a: {{kind: openai, base_url: 'https://{host}/v1'}}}}"))
    assert line == "f:1:41: providers.a.base_url: is no address: its host can be no name (IDNA)"


@pytest.mark.parametrize("host", ["m\u00fcnchen.example", "xn--mnchen-3ya.de", "a_b.example", "127.0.0.1", "[::1]"])
def test_a_host_that_can(complaints: Complaints, host: str) -> None:
    assert errors(complaints(f"providers: {{a: {{kind: openai, base_url: 'https://{host}/v1'}}}}")) == []
