import argparse

import pytest

from tornado_gateway.cli.groups import (
    TOP,
    add_by,
    document,
    headings,
    joined,
    labels,
    ledger_names,
    names_of,
    others,
)


def parsed(*words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    add_by(parser)
    return parser.parse_args(words)


def test_the_arguments() -> None:
    assert names_of(parsed()) == ["model"]
    assert parsed().top == TOP
    assert parsed("--top", "3").top == 3
    assert names_of(parsed("--by", "key", "--by", "tag:team", "--by", "key")) == ["key", "tag:team"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--by", "kee"], "no rows are told apart by 'kee' (did you mean 'key'?)"),
        (["--top", "0"], "no count of lines from 1"),
        (["--top", "x"], "no count of lines from 1"),
    ],
)
def test_usage(words: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        parsed(*words)
    assert ended.value.code == 2
    assert message in capsys.readouterr().err


def test_names_for_people_and_programs() -> None:
    assert [column.name for column in headings(["model", "tag:Team", "day"])] == ["Model", "Team", "Day"]
    assert labels(("a", None, "")) == ["a", "(none)", ""]
    assert document(["model", "tag:team"], ("a/m", None)) == {"model": "a/m", "tag:team": None}
    assert others(["model", "key"], 7) == ("(7 more)", "")


def test_a_ledger_tells_models_from_their_providers() -> None:
    by = ["key", "model", "day"]
    assert ledger_names(by) == ["key", "provider", "model", "day"]
    assert joined(by, ("k", "openai", "gpt-4", "2026-01-31")) == ("k", "openai/gpt-4", "2026-01-31")
