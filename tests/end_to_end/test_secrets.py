"""A secret planted in each place that may hold one, errors of every kind: and nothing that the gateway writes has any.

None looks like a key of a known vendor, so that what keeps them back is not the log's own last sieve.
"""

import base64
import contextlib
import hashlib
import json
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
import tornado.web

from tornado_gateway.__main__ import main

from .conftest import Double, Gateway, Seen, send_stream

KEY = "q7planted-gateway-key"
REFUSED = "q7planted-key-that-nobody-knows"
JWT = ".".join(
    base64.urlsafe_b64encode(part).decode().rstrip("=")
    for part in (b'{"alg":"RS256","kid":"q"}', b'{"iss":"q7planted","sub":"q7planted"}', b"q7planted-signature")
)

CONFIG = """\
version: 1
server: {host: 127.0.0.1, port: 0, read_timeout: 1}
log: {level: DEBUG}
ledger: {url: "LEDGER"}
state: {url: "redis://:q7planted-redis@127.0.0.1:1/0", timeout: 0.05}
auth:
  required: true
  keys: [{id: team-a, sha256: HASH, budget: {amount: 0.001, period: month, warn_at: [50]}}]
  jwt: {issuer: q, audience: q, jwks_url: "http://127.0.0.1:1/q7planted-jwks", algorithms: [RS256]}
webhooks: [{url: "http://127.0.0.1:1/q7planted-hook-path", secret: q7planted-hook-secret}]
providers:
  openai: {kind: openai, base_url: "${OPENAI_BASE_URL}", api_key: q7planted-provider, max_retries: 0, breaker: false}
  filed: {kind: openai, base_url: "${OPENAI_BASE_URL}", api_key: "${file:FOLDER/secret}", max_retries: 0}
  environ: {kind: anthropic, base_url: "${OPENAI_BASE_URL}", api_key: "${PLANTED}", max_retries: 0, breaker: false}
  proxied: {kind: openai, base_url: "http://nobody.invalid/v1", api_key: q7planted-third, max_retries: 0,
            proxy: "http://u:q7planted-proxy@127.0.0.1:1"}
routes:
  "openai-*": {provider: openai}
  "filed-*": {provider: filed}
  "environ-*": {provider: environ}
  "proxied-*": {provider: proxied}
limits: {requests_per_minute: 100000}
pricing:
  {unit: per_1k_tokens, currency: USD, allow_unpriced: true, models: {openai/openai-fine: {input: 0.03, output: 0.06}}}
"""

KINDS = ["fine", "quoting", "refusing", "broken", "garbled", "stream", "breaking", "leaving"]


async def behave(handler: tornado.web.RequestHandler, seen: Seen) -> None:
    """As the model's name ends. What is sent is quoted wherever a provider might quote it."""
    quoted = " ".join(seen.headers.get(name, "") for name in ("Authorization", "X-Api-Key")) + " refused"
    error = {"error": {"message": quoted, "type": quoted, "code": quoted, "param": quoted}}
    match str(seen.body["model"]).partition("-")[2]:
        case "refusing":
            handler.set_status(401)
            handler.finish(error)
        case "quoting":
            handler.set_status(400)
            handler.finish(error)
        case "broken":
            handler.set_status(500)
            handler.set_header("X-Request-Id", "r1")
            handler.finish(error)
        case "garbled":
            handler.finish(quoted)
        case "stream":
            await send_stream(handler, [f"data: {json.dumps(error)}\n\n"])
        case "breaking":
            await send_stream(handler, [f"data: {quoted}\n\n"])
        case "leaving":
            handler.request.connection.stream.close()  # type: ignore[union-attr]
        case _:
            handler.finish(json.dumps(FINE))


FINE = {
    "id": "c",
    "object": "chat.completion",
    "created": 1,
    "model": "m",
    "choices": [{"index": 0, "message": {"role": "assistant", "content": "Hi"}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 9, "completion_tokens": 9, "total_tokens": 18},
}


def wire(gateway: Gateway, raw: bytes) -> str:
    host, port = gateway.url.removeprefix("http://").split(":")
    answer = b""
    with socket.create_connection((host, int(port)), timeout=3) as client, contextlib.suppress(OSError):
        client.sendall(raw)
        while part := client.recv(65536):
            answer += part
    return answer.decode("latin-1")


def heard(answer: httpx.Response) -> str:
    return f"{answer.status_code} {answer.headers.multi_items()} {answer.text}"


@pytest.mark.parametrize("ledger", ["sqlite:///FOLDER/usage.db", "postgresql://u:q7planted-database@127.0.0.1:1/db"])
def test_no_secret_is_written_anywhere(  # noqa: PLR0915 - one gateway, asked everything
    start: Callable[..., Gateway],
    upstream: Double,
    tmp_path: Path,
    ledger: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def command(*words: str) -> str:
        capsys.readouterr()
        main(words)
        return "".join(capsys.readouterr())

    monkeypatch.setenv("PLANTED", "q7planted-environment")
    monkeypatch.setenv("OPENAI_BASE_URL", upstream.url)
    upstream.script = behave
    (tmp_path / "secret").write_text("q7planted-file\n")
    hashed = hashlib.sha256(KEY.encode()).hexdigest()
    text = CONFIG.replace("LEDGER", ledger).replace("FOLDER", str(tmp_path)).replace("HASH", hashed)
    gateway = start(text)
    said: list[str] = []
    thorough = ("openai", "environ") if ledger.startswith("sqlite") else ()

    def ask(model: str, path: str = "/v1/chat/completions", key: str = KEY, **more: Any) -> None:
        document = {
            "model": model,
            "max_tokens": 5,
            "messages": [{"role": "user", "content": "q7planted-prompt"}],
            **more,
        }
        headers = {"Authorization": f"Bearer {key}", "X-Api-Key": KEY, "Cookie": f"k={KEY}"}
        said.append(heard(client.post(path + f"?key={KEY}", json=document, headers=headers)))

    with httpx.Client(base_url=gateway.url, timeout=10) as client:
        for provider in ("openai", "filed", "environ", "proxied"):
            for kind in KINDS if provider in thorough else KINDS[1:3]:
                ask(f"{provider}-{kind}", stream=kind in ("stream", "breaking"))
            ask(f"{provider}-refusing", "/v1/messages")
        for _ in range(3):
            ask("openai-fine")
        ask("openai-fine", temperature=[KEY])
        ask("nobody")
        for key in (REFUSED, JWT):
            headers = {"Authorization": f"Bearer {key}"}
            said.append(heard(client.post("/v1/messages", json={}, headers=headers)))
            said.append(heard(client.get("/v1/models", headers=headers)))
        for line in (f"Authorization: Bearer {KEY}\0", f"X-Api-Key {KEY}", f"Host: {KEY} x", f"Content-Length: {KEY}"):
            said.append(wire(gateway, f"POST /v1/messages?key={KEY} HTTP/1.1\r\nHost: g\r\n{line}\r\n\r\n".encode()))
        said.append(wire(gateway, f"{KEY}\r\n\r\n".encode()))

        good = gateway.config.read_text()
        other = tmp_path / "other.yaml"
        other.write_text(good.replace("q7planted", "q7planted-anew"))
        for spoilt in (
            "api_key: [q7planted]",
            "api_key: 'q7planted x'",
            "base_url: http://u:q7planted@h/",
            "api_key: 'q7planted",
        ):
            bad = tmp_path / "bad.yaml"
            bad.write_text(good.replace("api_key: q7planted-provider", spoilt))
            said.append(command("check", str(bad)))
            assert "bad.yaml:" in said[-1]
        said.append(command("check", str(other)))
        said.append(command("diff", str(gateway.config), str(other)))
        assert "changed" in said[-1]
        said.append(command("explain", "openai-fine", "--config", str(gateway.config)))
        for content in (bad.read_text(), other.read_text()):
            before = gateway.log.read_text().count("configuration")
            gateway.config.write_text(content)
            gateway.wait_until(lambda before=before: gateway.log.read_text().count("configuration") > before)  # type: ignore[misc]
            said.append(heard(client.get("/health/ready")))
        ask("filed-quoting")
        said.append(heard(client.get("/metrics")))
    gateway.process.terminate()
    gateway.process.wait(30)

    log = gateway.log.read_text()
    for sign in (
        '"attempt failed"',
        "upstream_auth_failed",
        "budget_exceeded",
        "configuration rejected",
        "configuration loaded",
    ):
        assert sign in log, f"the log tells nothing of {sign}: {log[-3000:]}"
    holding = [text for text in said if "q7planted" in text]
    assert not holding, holding[0][:2000]
    assert "q7planted" not in log, [line for line in log.splitlines() if "q7planted" in line][:5]
    written = [
        file for file in tmp_path.rglob("*") if file.is_file() and file.suffix != ".yaml" and file.name != "secret"
    ]
    assert any(file.suffix != ".log" for file in written)
    for file in written:
        assert b"q7planted" not in file.read_bytes(), file
