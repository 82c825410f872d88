"""What a command prints under ``--format json``: one document."""

import argparse
from typing import Any

import msgspec


def add_format(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--format", choices=("human", "json"), default="human")


def print_document(document: Any) -> None:
    print(msgspec.json.encode(document).decode())
