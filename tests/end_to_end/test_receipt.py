"""From a call's receipt to the ledger's, and to what the command makes of it."""

import json
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from tornado_gateway.__main__ import main

from .conftest import CONFIG, STREAM, Double, Gateway, send_stream


def test_the_ledgers_receipt_is_the_callers(
    start: Callable[..., Gateway],
    upstream: Double,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    gateway = start(CONFIG + 'ledger: {url: "sqlite:///usage.db"}\n')
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OPENAI_BASE_URL", upstream.url)

    def receipt(identity: str, *words: str) -> tuple[int, str, str]:
        code = main(["receipt", identity, "--config", str(gateway.config), *words])
        said = capsys.readouterr()
        return code, said.out, said.err

    def ask(identity: str, **members: object) -> httpx.Response:
        document = {"model": "gpt-4", "messages": [{"role": "user", "content": "Hello"}], **members}
        headers = {"X-Gateway-Receipt": "true", "X-Request-ID": identity}
        return httpx.post(f"{gateway.url}/v1/chat/completions", json=document, headers=headers, trust_env=False)

    whole = ask("whole").headers["X-Gateway-Receipt"]
    upstream.script = lambda handler, seen: send_stream(handler)
    lines = ask("streamed", stream=True).text.splitlines()
    (streamed,) = [line.removeprefix(": receipt ") for line in lines if line.startswith(": receipt ")]
    assert lines[-2] == "data: [DONE]"
    upstream.script = lambda handler, seen: send_stream(handler, STREAM[:3])
    broken = ask("broken", stream=True).text
    (cut,) = [line.removeprefix(": receipt ") for line in broken.splitlines() if line.startswith(": receipt ")]
    assert "[DONE]" not in broken
    gateway.wait_until(lambda: receipt("broken")[0] == 0)

    told = {"whole": whole, "streamed": streamed, "broken": cut}
    for identity, said in told.items():
        code, out, err = receipt(identity, "--format", "json")
        assert (code, err) == (0, "")
        document = json.loads(out)
        (call,) = document["calls"]
        assert document["ok"] is True
        assert call["receipt"] == json.loads(said)
        assert call["status"] == (502 if identity == "broken" else 200)
        assert json.loads(said)["estimated"] is (identity == "broken")

    code, out, _ = receipt("whole")
    assert code == 0
    assert "it adds up\n" in out
    gateway.config.write_text(gateway.config.read_text().replace("output: 0.06", "output: 0.07"))
    code, out, _ = receipt("whole")
    assert code == 1
    assert "makes it 0.00211 USD, not 0.00186, but the file has changed since" in out
    code, _, err = receipt("nobody")
    assert code == 1
    assert "there is no request 'nobody'" in err
