from collections.abc import Callable

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
