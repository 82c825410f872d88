"""Who may call, as callers and operators see it: each client's own header, a key that goes, an identity provider."""

import hashlib
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import anthropic
import httpx
import openai
import pytest
from langchain_anthropic import ChatAnthropic
from langchain_openai import ChatOpenAI
from pydantic import SecretStr

from tests import issuer
from tests.databases import Postgres
from tornado_gateway.__main__ import main

from .conftest import CONFIG, Double, Gateway, chunk, send_stream

KEY, OTHER = "sk-planted-gateway-key", "sk-planted-other-key"
HELLO: Any = [{"role": "user", "content": "Hello"}]
BODY = {"model": "gpt-4", "messages": HELLO}


def entry(name: str, secret: str, members: str = "") -> str:
    return f"    - {{id: {name}, sha256: {hashlib.sha256(secret.encode()).hexdigest()}{members}}}\n"


AUTH = (
    "auth:\n  required: true\n  keys:\n"
    + entry("team-a", KEY, ", models: ['gpt-*', echo4], tags: {team: a}")
    + entry("team-b", OTHER, ", models: [echo4]")
)


def bearer(secret: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {secret}"}


def status(gateway: Gateway, secret: str, **body: Any) -> int:
    answer = httpx.post(f"{gateway.url}/v1/chat/completions", json={**BODY, **body}, headers=bearer(secret))
    return answer.status_code


def test_each_client_brings_its_key_in_its_own_header_and_no_provider_sees_it(
    start: Callable[..., Gateway], upstream: Double
) -> None:
    gateway = start(CONFIG + AUTH)
    base = f"{gateway.url}/v1"
    plain = openai.OpenAI(base_url=base, api_key=KEY, max_retries=0)
    assert plain.chat.completions.create(model="gpt-4", messages=HELLO).choices[0].message.content == "Hello!"
    assert [model.id for model in plain.models.list()] == ["echo4", "gpt-4", "gpt-*"]
    for members in ({"api_key": KEY}, {"auth_token": KEY}):
        claude = anthropic.Anthropic(base_url=gateway.url, max_retries=0, **members)
        assert claude.messages.create(model="gpt-4", messages=HELLO, max_tokens=9).content[0].type == "text"
    ChatOpenAI(model="gpt-4", base_url=base, api_key=SecretStr(KEY), max_retries=0).invoke("Hello")
    ChatAnthropic(model_name="gpt-4", base_url=gateway.url, api_key=SecretStr(KEY), max_retries=0).invoke("Hello")
    for name in ("api-key", "x-goog-api-key"):  # Azure's and Google's clients have addresses of their own
        assert httpx.post(f"{base}/chat/completions", json=BODY, headers={name: KEY}).status_code == 200

    assert len(upstream.seen) == 7
    for seen in upstream.seen:
        assert seen.headers["Authorization"] == "Bearer sk-planted-provider-key"
        assert KEY not in repr(seen.headers) + repr(seen.body)
        assert not {"X-Api-Key", "Api-Key", "X-Goog-Api-Key"} & set(seen.headers)

    for client_error, call in (
        (openai.AuthenticationError, openai.OpenAI(base_url=base, api_key="sk-planted-bad").models.list),
        (
            anthropic.AuthenticationError,
            lambda: anthropic.Anthropic(base_url=gateway.url, api_key="sk-planted-bad").messages.create(
                model="gpt-4", messages=HELLO, max_tokens=9
            ),
        ),
        (
            openai.PermissionDeniedError,
            lambda: openai.OpenAI(base_url=base, api_key=OTHER).chat.completions.create(model="gpt-4", messages=HELLO),
        ),
    ):
        with pytest.raises(client_error):
            call()
    assert len(upstream.seen) == 7
    assert gateway.metric('gateway_auth_refusals_total{reason="unknown"}') == 2
    gateway.wait_until(lambda: '"principal":"team-a"' in gateway.log.read_text())
    metrics = httpx.get(f"{gateway.url}/metrics").text
    for secret in ("sk-planted", hashlib.sha256(KEY.encode()).hexdigest()):
        assert secret not in gateway.log.read_text() + metrics


def test_a_revoked_key_is_refused_within_a_second_and_its_calls_under_way_end_well(
    start: Callable[..., Gateway], upstream: Double
) -> None:
    gateway = start(CONFIG + AUTH)
    let_go = threading.Event()

    async def slowly(handler: Any, seen: Any) -> None:
        import asyncio

        await send_part(handler)
        await asyncio.get_running_loop().run_in_executor(None, let_go.wait, 10)
        await send_stream(handler, [chunk({"content": "lo!"}), chunk({}, "stop"), "data: [DONE]\n\n"])

    async def send_part(handler: Any) -> None:
        handler.set_header("Content-Type", "text/event-stream")
        handler.write(chunk({"role": "assistant", "content": "Hel"}))
        await handler.flush()

    upstream.script = slowly
    with httpx.stream(
        "POST", f"{gateway.url}/v1/chat/completions", json={**BODY, "stream": True}, headers=bearer(KEY)
    ) as s:
        pieces = s.iter_text()
        first = next(pieces)
        assert "Hel" in first
        gateway.config.write_text((CONFIG + AUTH).replace("models: ['gpt-*', echo4]", "disabled: true"))
        written = time.monotonic()
        while status(gateway, KEY, model="echo4") != 401:
            assert time.monotonic() - written < 5, gateway.log.read_text()
            time.sleep(0.02)
        assert status(gateway, OTHER, model="echo4") == 200
        let_go.set()
        assert "[DONE]" in "".join(pieces)
    gateway.wait_until(lambda: "key team-a: disabled false -> true" in gateway.log.read_text())
    assert hashlib.sha256(KEY.encode()).hexdigest() not in gateway.log.read_text()


@pytest.fixture
def identity() -> Iterator[issuer.IssuerServer]:
    server = issuer.IssuerServer(issuer.key_set("rsa", "p256"))
    yield server
    server.stop()


def jwt_section(identity: issuer.IssuerServer) -> str:
    return f"""\
auth:
  required: true
  keys:
{entry("team-a", KEY)}
  jwt:
    issuer: {issuer.ISSUER}
    audience: gateway
    jwks_url: {identity.url}
    algorithms: [RS256, ES256]
    cooldown: 0.3
    claims: {{tags: {{team: department}}, models: models}}
    models: [gpt-4]
"""


def test_tokens_of_an_identity_provider(
    start: Callable[..., Gateway], upstream: Double, identity: issuer.IssuerServer
) -> None:
    gateway = start(CONFIG + jwt_section(identity))
    now = int(time.time())

    def token(name: str = "rsa", algorithm: str = "RS256", headers: Any = None, **claims: Any) -> str:
        return issuer.token(name, algorithm, headers, **{"exp": now + 600, "department": "sales", **claims})

    good = token()
    client = openai.OpenAI(base_url=f"{gateway.url}/v1", api_key=good, max_retries=0)
    assert client.chat.completions.create(model="gpt-4", messages=HELLO).choices[0].message.content == "Hello!"
    assert [model.id for model in client.models.list()] == ["gpt-4"]
    claude = anthropic.Anthropic(base_url=gateway.url, api_key=token("p256", "ES256"), max_retries=0)
    assert claude.messages.create(model="gpt-4", messages=HELLO, max_tokens=9).content[0].type == "text"
    assert status(gateway, KEY) == 200
    assert status(gateway, good, model="echo4") == 403
    assert status(gateway, token(models=["echo4"]), model="echo4") == 200
    assert all(good not in repr(seen.headers) for seen in upstream.seen)

    claims = {"iss": issuer.ISSUER, "aud": "gateway", "sub": "admin", "exp": now + 600}
    head, _, signature = good.split(".")
    for bad in (
        token(iss="https://evil.example"),
        token(aud="other"),
        token(exp=now - 60),
        token(exp=None),
        token(nbf=now + 120),
        token("rsa-2", headers={"kid": "rsa"}),
        token(headers={"kid": None}),
        token(algorithm="RS512"),
        issuer.forged({"alg": "none", "kid": "rsa"}, claims),
        issuer.forged({"alg": "HS256", "kid": "rsa"}, claims, issuer.public_pem("rsa")),
        f"{head}.{issuer.forged({}, claims).split('.')[1]}.{signature}",
        "a.b.c",
    ):
        assert status(gateway, bad) == 401, bad
    asked = identity.asked

    identity.document = issuer.key_set("p256", "rsa-2")
    rotated = token("rsa-2")
    gateway.wait_until(lambda: status(gateway, rotated) == 200)
    assert status(gateway, good) == 401
    assert identity.asked <= asked + 2

    identity.stop()
    assert status(gateway, rotated) == 200
    assert status(gateway, token("p256", "ES256", sub="new")) == 200
    stranger = token("rsa", headers={"kid": "nobody"})
    gateway.wait_until(lambda: status(gateway, stranger) == 401 and "keys can't be fetched" in gateway.log.read_text())
    log = gateway.log.read_text()
    assert '"principal":"user-1"' in log
    assert good not in log
    assert rotated.split(".")[2] not in log


def test_nobody_opens_a_gateway_to_others_by_accident(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "gateway.yaml"
    text = CONFIG.replace("${OPENAI_BASE_URL}", "http://127.0.0.1:9")
    file.write_text(text)
    assert main(["serve", "--config", str(file), "--host", "0.0.0.0"]) == 1
    told = capsys.readouterr().err
    assert "'0.0.0.0' can be reached from outside: list auth.keys, or write auth.required: false" in told
    file.write_text(text.replace("host: 127.0.0.1", "host: 0.0.0.0"))
    assert main(["check", str(file)]) == 1
    assert capsys.readouterr().out.startswith(f"{file}:2:16: server.host: '0.0.0.0' can be reached from outside")


def test_keys_that_are_listed_are_required_where_others_can_come(start: Callable[..., Gateway]) -> None:
    gateway = start(CONFIG + AUTH.replace("  required: true\n", ""), "--host", "0.0.0.0")
    gateway.url = gateway.url.replace("0.0.0.0", "127.0.0.1")
    assert status(gateway, "unused") == 401
    assert status(gateway, KEY) == 200
    # The file alone would open it: what the gateway listens on has the last word.
    gateway.config.write_text(CONFIG)
    gateway.wait_until(lambda: status(gateway, KEY) == 401)
    assert httpx.get(f"{gateway.url}/health").status_code == 200


def test_stored_keys_follow_the_store_and_outlive_its_absence(
    start: Callable[..., Gateway],
    upstream: Double,
    postgres: Postgres,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", upstream.url)
    stored = f'auth: {{required: true, store: true}}\nledger: {{url: "{postgres.database()}"}}\n'
    gateway = start(CONFIG + stored)

    def keys(*arguments: str) -> str:
        assert main(["keys", *arguments, "--config", str(gateway.config)]) == 0
        return capsys.readouterr().out.strip()

    first = keys("new", "--id", "team-a", "--model", "gpt-*")
    gateway.wait_until(lambda: status(gateway, first) == 200)
    assert status(gateway, first, model="echo4") == 403
    second = keys("rotate", "team-a", "--overlap", "1h")
    gateway.wait_until(lambda: status(gateway, second) == 200)
    assert status(gateway, first) == 200

    postgres.stop()
    try:
        gateway.wait_until(lambda: "keys can't be fetched" in gateway.log.read_text())
        assert (status(gateway, first), status(gateway, second), status(gateway, "sk-planted-bad")) == (200, 200, 401)
    finally:
        postgres.start()
    keys("revoke", "team-a")
    revoked = time.monotonic()
    gateway.wait_until(lambda: status(gateway, second) == 401)
    assert time.monotonic() - revoked < 5
    assert status(gateway, first) == 401
    for secret in (first, second):
        assert secret not in gateway.log.read_text()
        assert hashlib.sha256(secret.encode()).hexdigest() not in gateway.log.read_text()
