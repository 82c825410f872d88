import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tornado_gateway.observability.redact import redact

SECRET = "abcDEF123456_xyz-7890"


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("key sk-abc123 refused", "key sk-*** refused"),
        ("sk-proj-A_b-9", "sk-***"),
        ("Authorization: Bearer abc.def", "Authorization: Bearer ***"),
        ("authorization=BEARER abc", "authorization=BEARER ***"),
        ("Authorization: Basic dXNlcjpwYXNzd29yZA==", "Authorization: Basic ***"),
        ("authorization: rawvalue", "authorization: ***"),
        ("x-api-key: abc", "x-api-key: ***"),
        ("X-Api-Key:abc, Host: b", "X-Api-Key:***, Host: b"),
        ("{'x-api-key': 'abc', 'a': 'b'}", "{'x-api-key': '***', 'a': 'b'}"),
        ("x-goog-api-key=abc", "x-goog-api-key=***"),
        ("[(b'api-key', b'abc')] api_key=abc", "[(b'api-key', b'***')] api_key=***"),
        ("GET https://h/v1?a=b&key=abc&c=d", "GET https://h/v1?a=b&key=***&c=d"),
        ("redis://user:pa55@host:6379/0", "redis://user:***@host:6379/0"),
        ("redis://:pa55@host", "redis://:***@host"),
        ("access_token=abc", "access_token=***"),
        ("settings.api_key=abc", "settings.api_key=***"),
        ("Password: hunter2", "Password: ***"),
    ],
)
def test_masks(text: str, masked: str) -> None:
    assert redact(text) == masked


@pytest.mark.parametrize(
    "text",
    [
        "",
        "request finished",
        "disk-usage of the task-runner is risk-free",
        "the key of the route is gpt-4, see https://example.com:8080/a@b",
        "prompt_tokens=12 completion_tokens=25",
        "a basic auth scheme",
        "gateway.yaml:3:5: providers.openai.api_key: must be a string",
        "api_key, base_url and timeout",
        "monkey=banana",
    ],
)
def test_leaves_alone(text: str) -> None:
    assert redact(text) == text


@pytest.mark.parametrize(
    "shape", ["sk-{}", "Bearer {}", "x-api-key: {}", "x-api-key={}", "gsk_{}", "AIza{}", "?key={}"]
)
@given(before=st.text(alphabet=" \t\n\x1f{([,;\"'", max_size=5), after=st.text(alphabet=" \n\"')},;", max_size=5))
def test_no_secret_survives_whatever_stands_around_it(shape: str, before: str, after: str) -> None:
    text = before + shape.format(SECRET) + after
    assert SECRET not in redact(text)
    assert SECRET not in redact(json.dumps({"a": text}))


@given(st.text() | st.from_regex(r'.*(sk-|Bearer |x-api-key: "|api_key=\\|://a:).*', fullmatch=True))
def test_json_stays_json(text: str) -> None:
    line = json.dumps({"a": text, "b": [text, {"x-api-key": text}]})
    assert set(json.loads(redact(line))) == {"a", "b"}


@given(st.text())
def test_redacting_twice_changes_nothing_more(text: str) -> None:
    assert redact(redact(text)) == redact(text)
