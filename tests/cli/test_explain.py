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
    assert f"input 0.03, output 0.06 USD per 1K tokens, price row a/m at {file}:16; at worst 0.00186 USD\n" in out
    assert "2. off/m  weight 1  [not configured: no API key]" in out
    assert "fallback 'echo4', priority:\n  1. echo/echo4" in out
    assert "free, price row echo/echo4" in out
    assert out.endswith("worst case of a request with 12 prompt and 25 completion tokens: 0.037 USD\n")


def test_a_pattern_and_a_model_without_a_price(file: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "gpt-9", "--config", file]) == 0
    out = capsys.readouterr().out
    assert "matched by the pattern 'gpt-*'" in out
    assert "a/gpt-9" in out
    assert "no price: refused (model_not_priced)" in out
    assert "worst case" not in out


def test_the_worst_case_is_the_dearest_bucket(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "gateway.yaml"
    path.write_text(
        TEXT.replace("output: 0.06}", "output: 0.06, cached_input: 0.01, cache_write_1h: 0.1, reasoning: 0.2}")
    )
    assert main(["explain", "fast", "--config", str(path)]) == 0
    assert "at worst 0.3 USD, all tokens counted as cache_write_1h and reasoning\n" in capsys.readouterr().out


def test_a_whole_card_and_the_next_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "gateway.yaml"
    card = (
        "\n      - {input: 0.03, output: 0.06, request: 0.1, tiers: [{above: 500, input: 0.01}], priority: 2,"
        ' off_peak: {factor: 0.5, hours: "22:00-06:00"}, valid_until: 2998-12-31}'
        "\n      - {input: 0.04, output: 0.08, valid_from: 2999-01-01}"
    )
    path.write_text(TEXT.replace(" {input: 0.03, output: 0.06}", card))
    assert main(["explain", "fast", "--config", str(path)]) == 0
    out = capsys.readouterr().out
    for line in (
        "at worst 0.35 USD\n",  # twice: 500 tokens at 0.03, since a longer prompt is cheaper, 1000 at 0.06, the request
        "     0.1 USD for each request\n",
        "     above 500 prompt tokens, for the whole request: input 0.01\n",
        "     times 2 at the priority tier\n",
        "     times 0.5 from 22:00-06:00 UTC\n",
        "     until 2999-01-01 00:00 UTC\n",
        "     from 2999-01-01 00:00 UTC: input 0.04, output 0.08 USD per 1K tokens\n",
    ):
        assert line in out, line


def test_fallbacks_are_walked_as_the_gateway_walks_them(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "gateway.yaml"
    path.write_text(
        """\
version: 1
providers: {echo: {kind: echo}}
routes:
  a: {provider: echo, fallbacks: [b-1]}
  "b-*": {provider: echo, fallbacks: ["c-*"]}
  "c-*": {provider: echo}
pricing: {unit: per_1k_tokens, currency: USD, models: {"echo/*": {free: true}}}
"""
    )
    assert main(["explain", "a", "--config", str(path)]) == 0
    lines = [line.strip() for line in capsys.readouterr().out.splitlines()]
    assert [line for line in lines if line.startswith("1.")] == ["1. echo/a", "1. echo/b-1", "1. echo/b-1"]


def test_unpriced_models_may_be_allowed(file: str, capsys: pytest.CaptureFixture[str]) -> None:
    Path(file).write_text(TEXT.replace("currency: USD", "currency: USD\n  allow_unpriced: true"))
    assert main(["explain", "gpt-9", "--config", file]) == 0
    assert "no price: served at an unknown cost" in capsys.readouterr().out


@pytest.mark.parametrize("count", ["-1", "x", "1" * 20])
def test_counts_that_are_none(count: str) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["explain", "x", "--max-tokens", count])
    assert ended.value.code == 2


def test_nothing_matches(file: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "fats", "--config", file]) == 1
    assert "no route matches 'fats' (did you mean 'fast'?)" in capsys.readouterr().err


def test_a_bad_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "x", "--config", str(tmp_path / "none.yaml")]) == 1
    assert "can't be read" in capsys.readouterr().err


def test_policies_in_short(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "gateway.yaml"
    path.write_text(
        """\
version: 1
providers:
  a: {kind: openai, endpoints: [{api_key: k}, {api_key: l}], timeouts: {connect: 5}}
routes:
  "gpt-*": {provider: a, model: "prod-*", retry: {attempts: 2}, timeouts: {total: 9}, hedge: {after: p95},
            mirror: {route: big, percent: 5}, fallbacks: [{route: big, on: [context_length]}]}
  big: {provider: a}
pricing: {unit: per_1k_tokens, currency: USD, models: {"a/*": {free: true}}}
"""
    )
    assert main(["explain", "gpt-4", "--config", str(path)]) == 0
    lines = [line for line in capsys.readouterr().out.splitlines() if "free, price row" not in line][1:-1]
    assert lines == [
        "targets, priority:",
        "  hedge: a second target after p95",
        "  mirror: a copy of 5 % to 'big'",
        "  1. a/prod-4",
        "     1 retry; connect 5 s, first_token 60 s, idle 60 s, total 9 s; 2 endpoints",
        "fallback 'big' on context_length, priority:",
        "  1. a/big",
        "     3 retries; connect 5 s, first_token 60 s, idle 60 s; 2 endpoints",
    ]


@pytest.mark.parametrize(("key", "configured"), [("", False), ("k", True)])
def test_a_vendors_key_may_come_from_its_own_variable(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, key: str, *, configured: bool
) -> None:
    path = tmp_path / "gateway.yaml"
    path.write_text(
        """\
version: 1
providers: {groq: {kind: openai_compatible, vendor: groq}}
routes: {m: {provider: groq}}
pricing: {unit: per_1k_tokens, currency: USD, models: {"groq/m": {free: true}}}
"""
    )
    monkeypatch.setenv("GROQ_API_KEY", key)
    assert main(["explain", "m", "--config", str(path)]) == 0
    assert ("not configured" not in capsys.readouterr().out) is configured
