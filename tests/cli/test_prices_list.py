import json
import sys

import pytest

from tornado_gateway.__main__ import main


def test_names_by_a_part_or_a_pattern(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["prices", "list", "openai/GPT-4-turbo"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert "USD per 1,000 tokens" in lines[0]
    assert any(line.split() == ["openai/gpt-4-turbo", "0.01", "0.03", "batch", "jobs"] for line in lines)
    assert main(["prices", "list", "anthropic/claude-*-5-5"]) == 0
    names = [line.split()[0] for line in capsys.readouterr().out.splitlines()[3:]]
    assert names == ["anthropic/claude-haiku-5-5", "anthropic/claude-opus-5-5", "anthropic/claude-sonnet-5-5"]


def test_what_no_row_can_say_and_what_is_going_away(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["prices", "list", "openai/whisper-1"]) == 0
    assert "openai/whisper-1                 priced by the hour of audio" in capsys.readouterr().out
    assert main(["prices", "list", "google/gemini-2.0-flash"]) == 0
    assert "deprecated" in capsys.readouterr().out


def test_exact_figures_for_a_program(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["prices", "list", "openai/gpt-4", "--format", "json"]) == 0
    document = json.loads(capsys.readouterr().out)
    found = next(each for each in document["models"] if each["name"] == "openai/gpt-4")
    assert (found["input"], found["output"], found["deprecated"]) == (0.03, 0.06, False)
    assert document["list"].startswith("genai-prices ")


def test_nothing_is_called_so(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["prices", "list", "no such name"]) == 1
    assert "is called like 'no such name'" in capsys.readouterr().err
    assert main(["prices", "list", "no such name", "--format", "json"]) == 1


def test_without_the_list_it_says_how_that_comes(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "genai_prices.data", None)
    assert main(["prices", "list"]) == 2
    assert "tornado-gateway[prices]" in capsys.readouterr().err
