import argparse

import pytest

from tornado_gateway.cli.documents import add_format, print_document


def test_one_document_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    print_document({"a": [1, None]})
    assert capsys.readouterr().out == '{"a":[1,null]}\n'


def test_the_argument() -> None:
    parser = argparse.ArgumentParser()
    add_format(parser)
    assert parser.parse_args([]).format == "human"
    assert parser.parse_args(["--format", "json"]).format == "json"
