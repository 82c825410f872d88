from pathlib import Path

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
         targets: [{provider: a, model: m, weight: 3}, {provider: off, model: m}]}
  "gpt-*": {provider: a}
pricing:
  unit: per_1k_tokens
  currency: USD
  models:
    echo/echo4: {free: true}
    a/m: {input: 0.03, output: 0.06}
    off/m: {input: 1, output: 1}
"""


@pytest.fixture
def file(tmp_path: Path) -> str:
    path = tmp_path / "gateway.yaml"
    path.write_text(TEXT)
    return str(path)


def test_targets_prices_with_their_lines_and_the_worst_case(file: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "fast", "--config", file, "--prompt-tokens", "12", "--max-tokens", "25"]) == 0
    out = capsys.readouterr().out
    assert f"model 'fast' is route 'fast' ({file}:8), matched exactly" in out
    assert "1. a/m  weight 3\n" in out
    assert f"price row a/m at {file}:16; worst case for 12 prompt and 25 completion tokens: 0.00186 USD" in out
    assert "2. off/m  weight 1  [not configured: no API key]" in out
    assert "fallback 'echo4':\n  1. echo/echo4" in out
    assert "free, price row echo/echo4" in out


def test_a_pattern_and_a_model_without_a_price(file: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "gpt-9", "--config", file]) == 0
    out = capsys.readouterr().out
    assert "matched by the pattern 'gpt-*'" in out
    assert "a/gpt-9" in out
    assert "no price: refused (model_not_priced)" in out


def test_nothing_matches(file: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "fats", "--config", file]) == 1
    assert "no route matches 'fats' (did you mean 'fast'?)" in capsys.readouterr().err


def test_a_bad_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "x", "--config", str(tmp_path / "none.yaml")]) == 1
    assert "can't be read" in capsys.readouterr().err
