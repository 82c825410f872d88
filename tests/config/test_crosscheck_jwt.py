from collections.abc import Callable
from pathlib import Path

import pytest

from tornado_gateway.config import crosscheck_jwt

Complaints = Callable[[str], list[str]]


def told(complaints: Complaints, where: str) -> list[str]:
    text = f"auth: {{required: true, jwt: {{issuer: i, audience: [a], algorithms: [RS256], {where}}}}}"
    return [line.split(": ", 1)[1] for line in complaints(text)]


@pytest.mark.parametrize(
    "url", ["https://id.example/keys", "https://id.example:8443", "http://127.0.0.1:9/k", "http://localhost/k"]
)
def test_addresses_that_can_be_trusted(complaints: Complaints, url: str) -> None:
    assert told(complaints, f"jwks_url: '{url}'") == []


def test_an_address_that_anybody_on_the_way_can_answer_for(complaints: Complaints) -> None:
    (line,) = told(complaints, "jwks_url: 'http://id.example/keys'")
    assert line == "warning: auth.jwt.jwks_url: who sits on the way can put keys of its own there: write https"


@pytest.mark.parametrize(
    "url", ["https://:443/k", "https://id.example:0/k", "https://id.example:x/k", "https://[::1/k"]
)
def test_addresses_that_are_none(complaints: Complaints, url: str) -> None:
    assert told(complaints, f"jwks_url: '{url}'") == ["auth.jwt.jwks_url: is no address: write https://host/path"]


def test_one_place_for_the_keys(complaints: Complaints) -> None:
    assert told(complaints, "leeway: 5") == ["auth.jwt: the key 'jwks_url' (or 'jwks_file') is missing"]
    assert told(complaints, "jwks_url: 'https://x', jwks_file: y") == [
        "auth.jwt.jwks_file: either jwks_url or jwks_file, not both"
    ]


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ('{"keys": [{"kty": "RSA"}]}', None),
        ("not json", "holds no JSON"),
        ("[" * 100_000, "holds no JSON"),
        ("[]", "is no JSON Web Key Set: it has no list 'keys'"),
        ('{"keys": []}', "is no JSON Web Key Set: it has no list 'keys'"),
        ('{"keys": {}}', "is no JSON Web Key Set: it has no list 'keys'"),
        (None, "can't be read: No such file or directory"),
    ],
)
def test_files(complaints: Complaints, tmp_path: Path, content: str | None, complaint: str | None) -> None:
    file = tmp_path / "keys.json"
    if content is not None:
        file.write_text(content)
    expected = [] if complaint is None else [f"auth.jwt.jwks_file: '{file}' {complaint}"]
    assert told(complaints, f"jwks_file: '{file}'") == expected


def test_what_a_bearer_may_name_is_looked_up_too(complaints: Complaints) -> None:
    (line,) = told(complaints, "jwks_url: 'https://x', models: [nothing]")
    assert line == "auth.jwt.models[0]: no route serves 'nothing'"


def test_the_extra_is_named_where_it_is_not_installed(complaints: Complaints, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crosscheck_jwt, "find_spec", lambda name: None)
    (line,) = told(complaints, "jwks_url: 'https://x'")
    assert line == "auth.jwt: needs PyJWT: pip install 'tornado-gateway[jwt]'"
