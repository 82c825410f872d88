import io
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from tornado_gateway.__main__ import main

TEXT = """\
version: 1
providers:
  echo: {kind: echo}
  a: {kind: openai, api_key: k}
  off: {kind: openai}
routes:
  echo4: {provider: echo}
  fast: {strategy: weighted, fallbacks: [echo4],
         targets: [{provider: off, model: m}, {provider: a, model: m, weight: 3}]}
  images: {provider: a, model: im, hedge: {after: 2}, fallbacks: [echo4]}
  "gpt-*": {provider: a}
pricing:
  unit: per_1k_tokens
  currency: USD
  models:
    echo/echo4: {free: true}
    a/m: {input: 0.03, output: 0.06, cache_write: 0.04}
    a/im: {input: 0.03, output: 0.06, image: 0.4}
    off/m: {input: 1, output: 1}
"""
CHAT = {"model": "fast", "messages": [{"role": "user", "content": "x" * 40}], "max_tokens": 25}


@pytest.fixture
def estimate(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Any:
    config, body = tmp_path / "gateway.yaml", tmp_path / "body.json"
    config.write_text(TEXT)
    monkeypatch.delenv("COLUMNS", raising=False)

    def run(document: Any, *arguments: str) -> tuple[int, str, str]:
        body.write_bytes(document if isinstance(document, bytes) else json.dumps(document).encode())
        code = main(["estimate", str(body), "--config", str(config), *arguments])
        return code, *capsys.readouterr()

    return run


def test_each_target_with_its_price_and_the_sums(estimate: Any) -> None:
    code, out, _ = estimate(CHAT)
    lines = out.splitlines()
    assert code == 0
    assert "model 'fast' is route 'fast'" in lines[0]
    assert lines[0].endswith("gateway.yaml:8), read as openai.chat")
    assert lines[1] == "about 14 prompt tokens; an answer of 25 tokens expected, 25 at most"
    assert [line.split(maxsplit=4) for line in lines[5:8]] == [
        ["1", "off/m", "0.039", "0.039", "weight 1, not configured: no API key"],
        ["2", "a/m", "0.00192", "0.00206", "weight 3"],
        ["3", "echo/echo4", "0", "0", "fallback 'echo4', free"],
    ]
    assert lines[9:] == [
        "expected: 0.00192 USD, from a/m",
        "at worst: 0.00206 USD, every token of the dearest kind at the dearest target",
    ]


def test_the_same_as_json(estimate: Any) -> None:
    code, out, _ = estimate(CHAT, "--format", "json")
    document = json.loads(out, parse_float=str)
    assert code == 0
    assert {name: document[name] for name in ("model", "route", "dialect", "currency", "expected", "worst")} == {
        "model": "fast",
        "route": "fast",
        "dialect": "openai.chat",
        "currency": "USD",
        "expected": "0.00192",
        "worst": "0.00206",
    }
    assert document["tokens"] == {"prompt": 14, "expected": 25, "most": 25}
    assert document["targets"][1] == {
        "route": "fast",
        "fallback": False,
        "provider": "a",
        "model": "m",
        "weight": 3,
        "configured": True,
        "price": {"row": "a/m", "line": 17},
        "expected": "0.00192",
        "worst": "0.00206",
    }
    assert [target["fallback"] for target in document["targets"]] == [False, False, True]


def test_a_body_without_a_limit_has_no_worst_case_until_one_is_assumed(estimate: Any) -> None:
    body = {name: value for name, value in CHAT.items() if name != "max_tokens"}
    _, out, _ = estimate(body)
    assert "1,000 tokens expected, and no limit to it" in out
    assert "no limit  weight 3" in out
    assert out.splitlines()[-1] == "at worst: no limit, as the body sets none to the answer; --max-tokens N assumes one"
    assert "at worst: 0.00206 USD" in estimate(body, "--max-tokens", "25")[1]
    assert json.loads(estimate(body, "--format", "json")[1])["worst"] is None


@pytest.mark.parametrize(
    ("body", "arguments", "dialect"),
    [
        ({**CHAT, "system": "Be brief"}, (), "anthropic.messages"),
        ({"model": "fast", "input": "x", "max_output_tokens": 5}, (), "openai.responses"),
        ({"model": "fast", "prompt": "x"}, (), "openai.completions"),
        ({"model": "fast", "input": ["x"]}, (), "openai.embeddings"),
        (CHAT, ("--dialect", "native"), "native"),
    ],
)
def test_every_form(estimate: Any, body: Any, arguments: tuple[str, ...], dialect: str) -> None:
    code, out, err = estimate(body, "--format", "json", *arguments)
    assert (code, err) == (0, "")
    assert json.loads(out)["dialect"] == dialect


def test_what_a_target_costs_beside_its_tokens(estimate: Any) -> None:
    _, out, _ = estimate({**CHAT, "model": "images"})
    assert "and 0.4 USD for each image" in out
    assert "dearest target, two targets at once" in out
    assert out.splitlines()[-1] == "hedge: a second target after 2 s"


def test_without_a_price_it_says_what_would_happen(estimate: Any, tmp_path: Path) -> None:
    code, out, _ = estimate({**CHAT, "model": "gpt-9"})
    assert code == 0
    assert "no price: refused (model_not_priced)" in out
    assert out.splitlines()[-1] == "nobody would be asked: no target has both a key and a price"
    config = tmp_path / "gateway.yaml"
    config.write_text(TEXT.replace("currency: USD", "currency: USD\n  allow_unpriced: true"))
    assert "no price: served at an unknown cost" in estimate({**CHAT, "model": "gpt-9"})[1]


@pytest.mark.parametrize(
    ("body", "arguments", "message"),
    [
        ({**CHAT, "model": "fats"}, (), "no route matches 'fats' (did you mean 'fast'?)"),
        (b"{", (), "body.json: The body is not valid JSON"),
        ({"model": "fast", "contents": []}, (), "body.json: messages: this field is required"),
        ({"model": "fast", "messages": "x"}, (), "body.json: messages: "),
        (CHAT, ("--dialect", "openai.embeddings"), "body.json: input: this field is required"),
    ],
)
def test_what_is_no_request(estimate: Any, body: Any, arguments: tuple[str, ...], message: str) -> None:
    code, out, err = estimate(body, *arguments)
    assert (code, out) == (1, "")
    assert message in err


def test_files_that_are_not_there(estimate: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = str(tmp_path / "gateway.yaml")
    assert main(["estimate", str(tmp_path / "none.json"), "--config", config]) == 1
    assert "none.json: can't be read: No such file" in capsys.readouterr().err
    assert main(["estimate", "--config", str(tmp_path / "none.yaml")]) == 1
    assert "can't be read" in capsys.readouterr().err


def test_standard_input(estimate: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(json.dumps(CHAT).encode())))
    assert main(["estimate", "--config", str(tmp_path / "gateway.yaml")]) == 0


@pytest.mark.parametrize("arguments", [["--max-tokens", "-1"], ["--max-tokens", "x"], ["--dialect", "gemini"]])
def test_usage(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["estimate", *arguments])
    assert ended.value.code == 2


def test_eighty_columns(estimate: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    _, out, _ = estimate({**CHAT, "model": "gpt-4-turbo-2024-04-09-preview"})
    assert max(map(len, out.splitlines()[3:])) <= 80
    assert "gpt-4-turbo-2024-04-09-preview" in out
