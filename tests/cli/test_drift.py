import json
import sys
from pathlib import Path

import pytest

from tornado_gateway.__main__ import main
from tornado_gateway.config.schema import packaged_default

TEXT = """\
version: 1
providers: {echo: {kind: echo}, mine: {kind: openai}}
routes: {"gpt-*": {provider: mine}, echo4: {provider: echo}}
pricing:
  unit: per_1k_tokens
  currency: USD
  models:
    echo/echo4: {free: true}
    mine/gpt-4: {input: 0.03, output: 0.06}
    mine/gpt-4-turbo: {input: 0.012, output: 0.03}
    mine/gpt-3.5-turbo*: {input: 0.0005, output: 0.0015}
"""


@pytest.fixture
def file(tmp_path: Path) -> str:
    path = tmp_path / "gateway.yaml"
    path.write_text(TEXT)
    return str(path)


def test_the_shipped_prices_are_the_public_ones(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["drift", "--config", str(packaged_default()), "--format", "json"]) == 0
    document = json.loads(capsys.readouterr().out)
    verdicts = {row["row"]: row["verdict"] for row in document["rows"]}
    assert {name for name, verdict in verdicts.items() if verdict != "same"} == {"echo/echo4"}
    assert {name.partition("/")[0] for name in verdicts} == {
        *("echo", "openai", "anthropic", "gemini", "mistral", "groq", "deepseek", "xai")
    }


def test_a_table_for_people(file: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["drift", "--config", file]) == 1
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert lines[0] == ["row", "line", "verdict", "price", "file", "list", "off", "by"]
    assert ["mine/gpt-4", "9", "same"] in lines
    assert ["mine/gpt-4-turbo", "10", "differs", "input", "0.012", "0.01", "+20.0", "%"] in lines
    assert ["gpt-3.5-turbo-16k:", "output", "0.0015", "0.004", "-62.5", "%"] in lines
    assert lines[-1][0] == file
    assert lines[-1][-6:] == ["1", "free,", "1", "same,", "2", "differs"]


def test_exact_figures_for_a_program(file: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["drift", "--config", file, "--format", "json", "--ignore", "mine/gpt-3*"]) == 1
    document = json.loads(capsys.readouterr().out)
    assert (document["ok"], document["tolerance"]) == (False, 0)
    row = next(row for row in document["rows"] if row["row"] == "mine/gpt-4-turbo")
    (model,) = row["models"]
    difference = {"price": "input", "file": 0.012, "list": 0.01, "percent": 20, "since": None}
    assert model == {"listed": "gpt-4-turbo", "differences": [difference], "unsaid": ["batch jobs"]}
    assert [row["verdict"] for row in document["rows"]] == ["free", "same", "differs", "ignored"]


@pytest.mark.parametrize(("tolerance", "code"), [("19.9", 1), ("20", 0)])
def test_the_exit_code_is_for_a_ci_job(file: str, tolerance: str, code: int) -> None:
    assert main(["drift", "--config", file, "--tolerance", tolerance, "--ignore", "mine/gpt-3.5-turbo*"]) == code


def test_what_is_ignored_in_vain_is_said(file: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["drift", "--config", file, "--ignore", "mine/*", "--ignore", "mine/gpt-5"]) == 0
    assert capsys.readouterr().err == "no row is called 'mine/gpt-5': there is nothing to ignore\n"


def test_a_bad_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["drift", "--config", str(tmp_path / "none.yaml")]) == 1
    assert "can't be read" in capsys.readouterr().err


@pytest.mark.parametrize("text", ["-1", "x", "nan", "inf"])
def test_tolerances_that_are_none(text: str) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["drift", f"--tolerance={text}"])
    assert ended.value.code == 2


def test_without_the_list_it_says_how_that_comes(
    file: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "genai_prices.data", None)
    assert main(["drift", "--config", file]) == 2
    assert "tornado-gateway[prices]" in capsys.readouterr().err


def test_it_asks_nobody(file: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object) -> None:
        raise AssertionError("a connection")

    monkeypatch.setattr("socket.socket.connect", refused)
    monkeypatch.setattr("socket.getaddrinfo", refused)
    assert main(["drift", "--config", file, "--ignore", "mine/*"]) == 0
