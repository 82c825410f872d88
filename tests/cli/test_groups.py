import argparse

import pytest

from tornado_gateway.cli.groups import TOP, add_by, headings, labels, names_of, others


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


def test_names_for_people() -> None:
    assert [column.name for column in headings(["model", "tag:Team", "day"])] == ["Model", "Team", "Day"]
    assert labels(("a", None, "")) == ["a", "(none)", ""]
    assert others(["model", "key"], 7) == ("(7 more)", "")
