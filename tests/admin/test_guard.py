import pytest

from tornado_gateway.admin.guard import foreign_references, internal_addresses
from tornado_gateway.config.source import read

OLD = "providers: {a: {base_url: 'http://10.0.0.5/v1', api_key: '${A_KEY:-}'}, b: {base_url: '${B_URL}'}}"


def refused(text: str) -> list[str]:
    environ = {"B_URL": "http://vllm:8000"}
    return [str(each) for each in internal_addresses(read(text, "f", environ), read(OLD, "f", environ))]


@pytest.mark.parametrize(
    "text",
    [
        OLD,
        "providers: {x: {base_url: 'https://api.example.com/v1'}}",
        "providers: {x: {base_url: 'http://10.0.0.5/v2'}, y: {base_url: 'http://vllm:8000/v1'}}",
        "ledger: {url: 'postgresql://db/usage'}\nstate: {url: 'redis://redis:6379'}",
        "providers: {x: {base_url: 'http://[nonsense'}}",
    ],
)
def test_what_the_file_has_already_and_what_is_outside(text: str) -> None:
    assert refused(text) == []


@pytest.mark.parametrize(
    "text",
    [
        "providers: {x: {base_url: 'http://169.254.169.254/latest'}}",
        "providers: {x: {base_url: 'http://10.0.0.6/v1'}}",
        "providers: {x: {base_url: 'http://10.0.0.5:22/v1'}}",
        "providers: {x: {base_url: 'http://2130706433/v1', allow_internal: true}}",
        "providers: {x: {proxy: 'http://localhost:3128'}}",
        "providers: {x: {endpoints: [{base_url: 'http://redis:6379'}]}}",
        "webhooks: [{url: 'http://127.0.0.1/x'}]",
        "auth: {jwt: {jwks_url: 'http://keycloak/x'}}",
    ],
)
def test_what_is_inside_and_new(text: str) -> None:
    (line,) = refused(text)
    assert "is an internal address, which is new to the file" in line
    assert line.startswith("f:1:")


def test_without_a_file_before() -> None:
    assert len(list(internal_addresses(read(OLD, "f", {"B_URL": "x"}), None))) == 1


def test_references_that_could_tell_what_is_in_the_environment() -> None:
    text = "a: '${AWS_SECRET}'\nb: '${A_KEY} ${file:/etc/shadow}'\nc: {api_key: '${NEW_KEY:-}'}"
    lines = [str(each) for each in foreign_references(text, OLD, "f")]
    assert [line.split(": the file")[0] for line in lines] == ["f:1:4: a", "f:2:4: b", "f:2:4: b"]
    assert "AWS_SECRET" in lines[0]
    assert "A_KEY" in lines[1], "what is a secret in the file is not to be shown elsewhere"
    assert "file:/etc/shadow" in lines[2]


HOOK = "{h: {hook: {url: 'https://g/${PATH_TOKEN}', headers: {authorization: 'Bearer ${GUARD}'}}}}"


@pytest.mark.parametrize(
    ("text", "foreign"),
    [
        (f"guardrails: {HOOK}\nserver: {{port: '${{PORT}}'}}", 0),
        (f"guardrails: {HOOK}\nserver: {{host: '${{PORT}}'}}", 0),
        (f"guardrails: {HOOK}\nserver: {{port: '${{GUARD}}'}}", 1),
        ("auth: {keys: [{id: k, owner: '${PATH_TOKEN}'}]}", 1),
        ("guardrails: {h: {hook: {url: 'https://g/${GUARD}'}}}", 0),
        ("guardrails: {h: {hook: {url: 'https://g/', headers: {a: '${OTHER}'}}}}", 1),
    ],
)
def test_a_secret_of_the_files_is_referred_to_where_none_is_shown(text: str, foreign: int) -> None:
    current = f"guardrails: {HOOK}\nserver: {{port: '${{PORT}}'}}"
    assert len(list(foreign_references(text, current, "f"))) == foreign
