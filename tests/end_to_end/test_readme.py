"""Every command of the README is run, and answers what the README says."""

import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import openai
import pytest
import yaml

from .conftest import ROOT, Double, Gateway

README = (ROOT / "README.md").read_text()
BLOCKS = re.findall(r"```(\w*)\n(.*?)```", README, re.DOTALL)
SHIPPED = (ROOT / "gateway.yaml").read_text()


@pytest.fixture
def shipped(start: Callable[..., Gateway]) -> Gateway:
    return start(SHIPPED, "--port", "0")


def curls() -> list[str]:
    return [block for language, block in BLOCKS if language == "bash" and block.startswith("curl")]


def send(curl: str, gateway: Gateway) -> httpx.Response:
    """The request that the curl command makes: curl itself need not be on the machine."""
    words = shlex.split(curl.replace("\\\n", " "))
    url = next(word for word in words if word.startswith("http"))
    headers = dict([words[words.index("-H") + 1].split(": ", 1)])
    body = words[words.index("-d") + 1]
    return httpx.post(url.replace("http://127.0.0.1:8080", gateway.url), headers=headers, content=body)


def settled(document: Any) -> Any:
    """Without what is new in every answer."""
    return {name: value for name, value in document.items() if name not in ("id", "finish_time")}


def test_the_first_request_gets_the_answer_that_is_shown(shipped: Gateway) -> None:
    shown = json.loads(next(block for language, block in BLOCKS if language == "json"))
    answer = send(curls()[0], shipped).json()
    assert settled(answer) == settled(shown)
    assert list(answer) == list(shown)
    assert re.fullmatch(r"chatcmpl-[0-9a-f]{32}", answer["id"])
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", answer["finish_time"])


def test_the_stream_is_the_one_that_is_shown(shipped: Gateway) -> None:
    shown = next(block for language, block in BLOCKS if not language and block.startswith("data:"))
    assert send(curls()[1], shipped).text.strip() == shown.strip()


def test_a_real_model_answers_as_the_provider_does(shipped: Gateway, upstream: Double) -> None:
    answer = send(curls()[2], shipped).json()
    assert answer["choices"][0]["message"]["content"] == "Hello!"
    assert answer["usage"]["cost"] == 0.00186


def test_the_sdk_snippet_runs(shipped: Gateway, capsys: pytest.CaptureFixture[str]) -> None:
    snippet = next(block for language, block in BLOCKS if language == "python")
    exec(compile(snippet.replace("http://127.0.0.1:8080", shipped.url), "README.md", "exec"), {"openai": openai})
    assert capsys.readouterr().out == "Hello! 0.00186\n"


def test_another_model_is_two_lines(shipped: Gateway) -> None:
    added = yaml.safe_load(next(block for language, block in BLOCKS if language == "yaml"))
    document = yaml.safe_load(SHIPPED)
    document["routes"].update(added["routes"])
    document["pricing"]["models"].update(added["pricing"]["models"])
    shipped.config.write_text(json.dumps(document))  # JSON is YAML
    shipped.wait_until(lambda: httpx.get(f"{shipped.url}/v1/models/small").status_code == 200, 2.0)


def test_the_commands_run() -> None:
    commands = next(block for language, block in BLOCKS if language == "bash" and not block.startswith("curl"))
    for line in commands.splitlines():
        words = [sys.executable, "-m", "tornado_gateway", *shlex.split(line)[1:]]
        done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, env={**os.environ}, check=False)
        assert done.returncode == 0, done.stderr


def test_the_two_make_commands_exist() -> None:
    targets = Path(ROOT / "Makefile").read_text()
    for name in re.findall(r"make (\w+)", README):
        assert re.search(rf"^{name}:", targets, re.MULTILINE), name
