"""Who is not known gets nothing: whatever is sent in whichever header, no provider hears of it."""

import base64
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from .documents import requests
from .house import CONFIG, House, house
from .profile import fuzzing
from .test_wire import headers, pieces

KEY = "tgw-planted-key-of-team-a"
OLD = "tgw-planted-key-that-has-expired"
NARROW = "tgw-planted-key-of-one-model"


def _entry(key: str, **members: object) -> str:
    return json.dumps({"id": f"k{len(key)}", "sha256": hashlib.sha256(key.encode()).hexdigest(), **members})


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    folder: Path = tmp_path_factory.mktemp("guarded")
    entries = [_entry(KEY), _entry(OLD, expires="2020-01-01"), _entry(NARROW, models=["echo4"])]
    auth = f"auth: {{required: true, metrics: true, keys: [{', '.join(entries)}]}}\n"
    with house(folder, CONFIG + auth) as served:
        yield served


def token(algorithm: str, claims: dict[str, object], signature: bytes = b"") -> str:
    parts = [json.dumps({"alg": algorithm, "typ": "JWT"}).encode(), json.dumps(claims).encode(), signature]
    return ".".join(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in parts)


GUESSES = [
    *("", " ", KEY[:-1], KEY + "x", KEY.upper(), KEY.replace("-", "_"), f"{KEY},{KEY}", f'"{KEY}"', "\xe9" + KEY, OLD),
    *(
        hashlib.sha256(KEY.encode()).hexdigest(),
        base64.b64encode(KEY.encode()).decode(),
        "null",
        "*",
        "team-a",
        "sk-planted-o",
    ),
    *(token("none", {"sub": "a"}), token("HS256", {"sub": "a"}, b"x" * 32), token("", {}), "a.b.c", "..", "x" * 5000),
]
SCHEMES = ["Bearer ", "bearer ", "Basic ", "Bearer\t", "Token ", ""]
credentials = st.dictionaries(
    st.sampled_from(["Authorization", "X-Api-Key", "Api-Key", "X-Goog-Api-Key", "Cookie", "Proxy-Authorization"]),
    st.builds(str.__add__, st.sampled_from(SCHEMES), st.sampled_from(GUESSES)),
    max_size=3,
)


@fuzzing(80)
@given(requests(), credentials, headers)
def test_nobody_gets_in(guarded: House, asked: tuple[str, bytes], shown: dict[str, str], more: dict[str, str]) -> None:
    path, body = asked
    sent = {name: value.encode("latin-1") for name, value in {**more, **shown}.items() if name != "Expect"}
    before = guarded.providers.asked
    status, answer = guarded.post(path, body, sent)
    assert status in (400, 401, 415), (status, answer)  # 400: a header that no other could carry
    assert guarded.providers.asked == before
    assert b"planted" not in answer


@fuzzing(30)
@given(
    st.sampled_from(["GET", "POST", "PUT", "DELETE", "HEAD"]),
    st.sampled_from(["/v1/models", "/v1/models/o", "/metrics", "/v1/messages/", "/v1//messages", "/V1/messages"]),
    credentials,
)
def test_nothing_is_told_to_nobody(guarded: House, method: str, path: str, shown: dict[str, str]) -> None:
    sent = {name: value.encode("latin-1") for name, value in shown.items()}
    status, answer = guarded.ask(method, path, None, sent)
    assert status in (401, 404, 405), (status, answer)


@fuzzing(30)
@given(pieces)
def test_bytes_that_are_nearly_http_let_nobody_in(guarded: House, rest: bytes) -> None:
    before = guarded.providers.asked
    answer = guarded.raw(b"POST /v1/messages HTTP/1.1\r\nHost: g\r\n" + rest + b"\r\n\r\n")
    assert guarded.providers.asked == before
    assert b" 200 OK" not in answer or b'{"status":"healthy"}' in answer


@pytest.mark.parametrize("headers", [{"Authorization": f"Bearer {KEY}"}, {"x-api-key": KEY}, {"API-KEY": f" {KEY} "}])
def test_and_who_is_known_gets_in(guarded: House, headers: dict[str, str]) -> None:
    body = b'{"model":"o","max_tokens":1,"messages":[{"role":"user","content":"hi"}]}'
    before = guarded.providers.asked
    assert guarded.post("/v1/messages", body, headers)[0] == 200
    assert guarded.providers.asked == before + 1


@fuzzing(40)
@given(requests())
def test_a_key_of_one_model_reaches_no_other_whatever_the_body_says(guarded: House, asked: tuple[str, bytes]) -> None:
    path, body = asked
    before = guarded.providers.asked
    status, answer = guarded.post(path, body, {"Authorization": f"Bearer {NARROW}"})
    assert status in (200, 400, 403, 404), (status, answer)
    assert guarded.providers.asked == before, "the one model is the gateway's own echo"
