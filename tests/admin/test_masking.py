import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from tornado_gateway.admin.masking import masked_document, masked_text, restored
from tornado_gateway.config.source import read
from tornado_gateway.observability.redact import redact


def shown(text: str) -> str:
    return masked_text(text, redact).text


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("api_key: planted", 'api_key: "***1"'),
        ("api_key: 'planted'  # mine", 'api_key: "***1"  # mine'),
        ("api_key: &k planted", 'api_key: &k "***1"'),
        ("api_key: |\n  planted\nother: 1", 'api_key: "***1"\nother: 1'),
        ('api_key: "${KEY:-}"', 'api_key: "${KEY:-}"'),
        ("api_key: ${file:/run/key}", "api_key: ${file:/run/key}"),
        ('api_key: "${KEY:-planted}"', 'api_key: "${KEY:-***1}"'),
        ('api_key: "planted${KEY}"', 'api_key: "***1${KEY}"'),
        ("sha256: planted\nsecret: planted\ntoken: 1", 'sha256: "***1"\nsecret: "***2"\ntoken: "***3"'),
        ("apikey: planted\napi-key: planted", 'apikey: "***1"\napi-key: "***2"'),
        ("x-Password: planted\nmy_token: planted", 'x-Password: "***1"\nmy_token: "***2"'),
        ("max_tokens: 5\ntokens_per_minute: 6", "max_tokens: 5\ntokens_per_minute: 6"),
        ("url: redis://me:planted@host/0", 'url: "redis://***1@host/0"'),
        ("url: redis://:${PW}@host/0", "url: redis://:${PW}@host/0"),
        ("url: ${URL:-postgresql://me:planted@host/x}", 'url: "${URL:-postgresql://***1@host/x}"'),
        ("base_url: https://host/v1?key=planted", 'base_url: "https://host/v1?***1"'),
        ("base_url: ${URL:-https://host/v1}", "base_url: ${URL:-https://host/v1}"),
        ("webhooks: [{url: https://hooks.example/T0/planted}]", 'webhooks: [{url: "https://hooks.example/***1"}]'),
        ("guardrails: {x: {hook: {url: https://h/planted}}}", 'guardrails: {x: {hook: {url: "https://h/***1"}}}'),
        ("headers: {authorization: planted}", 'headers: {authorization: "***1"}'),
        ("headers: {authorization: 'Bearer ${TOKEN}'}", 'headers: {authorization: "***1${TOKEN}"}'),
        ("api_key: planted\nnote: it is planted", 'api_key: "***1"\nnote: "***2"'),
        ("api_key: planted\n# not planted again", 'api_key: "***1"\n# not *** again'),
        ("# sk-planted-in-a-comment\na: 1", "# sk-***\na: 1"),
        ('note: "a # is no comment"', 'note: "a # is no comment"'),
        ("a: &x planted\napi_key: *x", 'a: &x "***1"\napi_key: *x'),
    ],
)
def test_what_is_shown(line: str, expected: str) -> None:
    assert shown(line) == expected


@given(st.text(st.characters(codec="ascii", exclude_categories=("Cc",)), min_size=6, max_size=40).map(str.strip))
def test_a_secret_comes_back_as_it_was_and_is_nowhere_meanwhile(secret: str) -> None:
    if len(secret) < 6 or "$" in secret or "***" in secret or secret in "providers: api_key routes":
        return
    quoted = "'" + secret.replace("'", "''") + "'"
    text = f"providers: {{a: {{api_key: {quoted}}}}}\nroutes: {{}}\n"
    made = masked_text(text, redact)
    assert secret not in made.text
    assert yaml.safe_load(made.text)["providers"]["a"]["api_key"] == "***1"
    assert restored(made.text, made, "f") == (text, [])


def test_marks_move_with_their_entries() -> None:
    made = masked_text("keys: [{id: a, sha256: planted-a}, {id: b, sha256: planted-b}]", redact)
    (text, problems) = restored('keys: [{id: b, sha256: "***2"}]', made, "f")
    assert (text, problems) == ("keys: [{id: b, sha256: planted-b}]", [])


@pytest.mark.parametrize("line", ['base_url: "***1"', 'api_key: "***7"', 'api_key: "x***1"', '- "***1"', '"***1"'])
def test_a_mark_elsewhere_is_a_problem_and_no_secret(line: str) -> None:
    made = masked_text("api_key: planted-secret", redact)
    text, (problem,) = restored(line, made, "f")
    assert "planted" not in text + str(problem)
    assert str(problem).startswith("f:1:")


def test_a_block_comes_back_in_quotes() -> None:
    made = masked_text("api_key: |\n  planted\nother: 1\n", redact)
    text, problems = restored(made.text, made, "f")
    assert (yaml.safe_load(text), problems) == ({"api_key": "planted\n", "other": 1}, [])


def test_a_document_without_secrets() -> None:
    text = (
        "a: {api_key: planted-1, secret: '', base_url: 'https://h/?planted=1', cost: 0.1}\n"
        "ledger: {url: '${DB}'}\nnotes: [has planted-1 in it, $$5]\n"
    )
    source = read(text, "f", {"DB": "postgresql://me:planted@db/x"})
    assert masked_document(source) == {
        "a": {"api_key": "***", "secret": "", "base_url": "https://h/?***", "cost": source.value["a"]["cost"]},
        "ledger": {"url": "postgresql://***@db/x"},
        "notes": ["has *** in it", "$5"],
    }


def test_what_came_from_a_file_is_hidden_wherever_it_is(tmp_path) -> None:  # type: ignore[no-untyped-def]
    (tmp_path / "key").write_text("planted-in-a-file")
    source = read(f"a: '${{file:{tmp_path}/key}}'\nb: planted-in-a-file too", "f", {})
    assert masked_document(source) == {"a": "***", "b": "*** too"}
