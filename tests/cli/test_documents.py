import argparse
from decimal import Decimal

import pytest

from tornado_gateway.cli.documents import add_format, number, print_document


def test_amounts_are_numbers_with_all_their_digits(capsys: pytest.CaptureFixture[str]) -> None:
    print_document({"cost": number(Decimal("1.86E-3")), "none": number(None), "many": number(Decimal("1E+20"))})
    assert capsys.readouterr().out == '{"cost":0.00186,"none":null,"many":100000000000000000000}\n'


def test_the_argument() -> None:
    parser = argparse.ArgumentParser()
    add_format(parser)
    assert parser.parse_args([]).format == "human"
    assert parser.parse_args(["--format", "json"]).format == "json"
