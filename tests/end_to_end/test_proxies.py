"""nginx and Caddy for real before two gateways: an event passes when it is sent, and a POST is never repeated."""

import asyncio
import json
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
import tornado.web

from tests.end_to_end.conftest import STREAM, Double, Gateway, Seen

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"
ASK = {"model": "gpt-4", "messages": [{"role": "user", "content": "Hello"}]}


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        return port


def nginx(folder: Path, port: int, gateways: list[Gateway]) -> list[str]:
    tool = shutil.which("nginx") or shutil.which("/usr/sbin/nginx")
    if tool is None:
        pytest.skip("nginx is not here")
    text = (DEPLOY / "nginx" / "tornado-gateway.conf").read_text()
    for number, gateway in enumerate(gateways):
        text = text.replace(f"127.0.0.1:808{number}", gateway.url.removeprefix("http://"))
    text = text.replace("listen 80;", f"listen 127.0.0.1:{port};")
    paths = "".join(
        f"{kind}_temp_path {folder}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    file = folder / "nginx.conf"
    file.write_text(
        f"daemon off; master_process off; pid {folder}/pid; error_log {folder}/error.log;\n"
        f"events {{}}\nhttp {{ access_log off; {paths}\n{text}\n}}\n"
    )
    return [tool, "-c", str(file), "-p", str(folder)]


def caddy(folder: Path, port: int, gateways: list[Gateway]) -> list[str]:
    tool = shutil.which("caddyserver", path=str(Path(sys.executable).parent)) or shutil.which("caddy")
    if tool is None:
        pytest.skip("caddy is not here")
    text = (DEPLOY / "caddy" / "Caddyfile").read_text()
    for number, gateway in enumerate(gateways):
        text = text.replace(f"127.0.0.1:808{number}", gateway.url.removeprefix("http://"))
    text = text.replace("gateway.example.com {", f"http://127.0.0.1:{port} {{")
    file = folder / "Caddyfile"
    file.write_text(f"{{\n\tadmin off\n\tauto_https off\n\tstorage file_system {folder}\n}}\n{text}")
    return [tool, "run", "--config", str(file), "--adapter", "caddyfile"]


Command = Callable[[Path, int, list[Gateway]], list[str]]


@pytest.fixture(params=[nginx, caddy], ids=["nginx", "caddy"])
def proxied(request: pytest.FixtureRequest, tmp_path: Path, start: Callable[..., Gateway]) -> Iterator[str]:
    command: Command = request.param
    port = free_port()
    gateways: list[Gateway] = []
    # Whoever is not installed is not worth two gateways.
    command(tmp_path, port, gateways)
    gateways += [start(), start()]
    with (tmp_path / "proxy.log").open("wb") as log:
        process = subprocess.Popen(command(tmp_path, port, gateways), stdout=log, stderr=log, cwd=tmp_path)
    url = f"http://127.0.0.1:{port}"
    try:
        deadline = time.monotonic() + 10
        while True:
            assert process.poll() is None and time.monotonic() < deadline, (tmp_path / "proxy.log").read_text()
            try:
                if httpx.get(f"{url}/health").status_code == 200:
                    break
            except httpx.TransportError:
                time.sleep(0.05)
        yield url
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(5)


def test_a_proxy_changes_nothing_holds_nothing_back_and_repeats_nothing(proxied: str, upstream: Double) -> None:
    _answers_errors_and_headers_pass_unchanged(proxied)
    _what_is_for_operators_stays_inside(proxied)
    _each_event_passes_when_it_is_sent(proxied, upstream)
    _a_call_that_was_sent_is_never_sent_again(proxied, upstream)


def _each_event_passes_when_it_is_sent(proxied: str, upstream: Double) -> None:
    go_on = threading.Event()

    async def script(handler: tornado.web.RequestHandler, seen: Seen) -> None:
        handler.set_header("Content-Type", "text/event-stream")
        for event in STREAM:
            handler.write(event)
            await handler.flush()
            if '"Hel"' in event:
                # The rest is sent only once the caller has this one: through a buffer it would never come.
                while not go_on.is_set():
                    await asyncio.sleep(0.005)
        handler.finish()

    upstream.script = script
    body = b""
    with httpx.stream("POST", f"{proxied}/v1/chat/completions", json={**ASK, "stream": True}, timeout=10) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        for piece in answer.iter_raw():
            body += piece
            if b'"Hel"' in body:
                go_on.set()
    assert body.rstrip().endswith(b"data: [DONE]")


def _answers_errors_and_headers_pass_unchanged(proxied: str) -> None:
    answer = httpx.post(f"{proxied}/v1/chat/completions", json=ASK, headers={"X-Request-ID": "mine-1"})
    assert answer.json()["usage"]["cost"] == 0.00186
    assert (answer.headers["x-request-id"], answer.headers["x-gateway-cost"]) == ("mine-1", "0.00186")
    missing = httpx.post(f"{proxied}/v1/chat/completions", json={**ASK, "model": "nobody"})
    assert (missing.status_code, missing.json()["error"]["code"]) == (404, "model_not_found")


def _a_call_that_was_sent_is_never_sent_again(proxied: str, upstream: Double) -> None:
    def refuse(handler: tornado.web.RequestHandler, seen: Seen) -> None:
        handler.set_status(503)
        handler.finish(json.dumps({"error": {"message": "Overloaded.", "type": "server_error"}}))

    upstream.script = refuse
    upstream.seen.clear()
    answer = httpx.post(f"{proxied}/v1/chat/completions", json=ASK)
    assert answer.status_code == 502
    assert len(upstream.seen) == 1


def _what_is_for_operators_stays_inside(proxied: str) -> None:
    assert httpx.get(f"{proxied}/metrics").status_code == 403
    assert httpx.get(f"{proxied}/admin/").status_code == 403
