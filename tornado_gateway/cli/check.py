"""``tornado-gateway check``: every problem of a file, one a line."""

import argparse
import os
from pathlib import Path

import msgspec

from tornado_gateway.config.build import load
from tornado_gateway.config.problems import ConfigInvalid, Problem


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = commands.add_parser("check", help="show every problem of a configuration")
    parser.add_argument("file", nargs="?", type=Path, default=Path("gateway.yaml"), metavar="FILE")
    parser.add_argument("--format", choices=("human", "json"), default="human")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Exit code 0 for a good file, 1 for one with problems; warnings alone are no reason to fail."""
    revision = None
    problems: list[Problem] = []
    try:
        loaded = load(args.file, os.environ)
        revision, problems = loaded.revision, list(loaded.warnings)
    except ConfigInvalid as invalid:
        problems = list(invalid.problems)
    good = revision is not None
    if args.format == "json":
        found = [{"file": problem.file, **problem.document()} for problem in problems]
        document = {"ok": good, "revision": revision, "problems": found}
        print(msgspec.json.encode(document).decode())
        return 0 if good else 1
    for problem in problems:
        print(problem)
    if good:
        print(f"{args.file}: fine, revision {revision}")
    return 0 if good else 1
