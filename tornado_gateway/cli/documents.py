"""What a command prints under ``--format json``: one document, amounts as numbers with all their digits."""

import argparse
from decimal import Decimal
from typing import Any

import msgspec

from tornado_gateway.domain.money import decimal_digits

_NULL = msgspec.Raw(b"null")


def add_format(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--format", choices=("human", "json"), default="human")


def number(amount: Decimal | None) -> msgspec.Raw:
    """Exactly the decimal's digits, never an exponent; null for None."""
    return _NULL if amount is None else msgspec.Raw(decimal_digits(amount).encode())


def print_document(document: Any) -> None:
    print(msgspec.json.encode(document).decode())
