"""``tornado-gateway prices import``: rows of the public list brought into a file, nothing else of it touched."""

import argparse
import os
import sys
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from tornado_gateway.config.build import parse, read_file
from tornado_gateway.config.problems import ConfigInvalid
from tornado_gateway.config.replacing import replace_file
from tornado_gateway.config.schema import settle_types
from tornado_gateway.config.source import read
from tornado_gateway.pricelist.catalog import Catalog, NoCatalog, open_catalog
from tornado_gateway.pricelist.edits import CannotEdit
from tornado_gateway.pricelist.importing import ROWS, Import, Names, NotListed, Step
from tornado_gateway.pricelist.terms import Unsayable

_MARK = b"\xef\xbb\xbf"
"""What some editors put before UTF-8; it is left where it is."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("models", nargs="+", metavar="MODEL", help="provider/model as the file calls it, or the model")
    parser.add_argument("--config", type=Path, default=Path("gateway.yaml"), metavar="FILE")
    parser.add_argument("--provider", metavar="NAME", help="the provider of all the models, as the file calls it")
    parser.add_argument("--update", action="store_true", help="rows that are there already, too")
    parser.add_argument("--route", action="store_true", help="a route by the model's name, where there is none")
    parser.add_argument("--write", action="store_true", help="write the file; else it is only shown what would be")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Exit code 1 where a model or the file is not fit for it: then nothing is written. 2 without the list."""
    try:
        return _import(args, open_catalog(), datetime.now(UTC).date())
    except NoCatalog as missing:
        print(missing, file=sys.stderr)
        return 2
    except ConfigInvalid as invalid:
        for problem in invalid.problems:
            print(problem, file=sys.stderr)
    except (NotListed, Unsayable, CannotEdit) as error:
        print(error, file=sys.stderr)
    except OSError as error:
        print(f"can't write {args.config}: {error.strerror or error}", file=sys.stderr)
    print("nothing is written", file=sys.stderr)
    return 1


def _import(args: argparse.Namespace, catalog: Catalog, today: date) -> int:
    content = read_file(args.config)
    mark = _MARK if content.startswith(_MARK) else b""
    try:
        text = content.removeprefix(mark).decode()
    except UnicodeDecodeError:
        parse(content, args.config, os.environ)  # says where
        raise
    document = _said(text, args.config)
    names = Names(catalog, document.get("providers") or {})
    wanted = {each.row: each for each in (names.find(model, args.provider) for model in args.models)}
    work = Import(text, document, source=catalog.source, today=today)
    steps = [work.bring(each, update=args.update) for each in wanted.values()]
    routes = [step.wanted.model for step in steps if args.route and work.route(step.wanted)]
    result = mark + work.text.encode()
    if _said(work.text, args.config) != work.document:
        raise CannotEdit(f"{args.config} is laid out in a way that can't be kept: write the rows by hand")
    warnings = parse(result, args.config, os.environ).warnings
    for step in steps:
        for line in _told(step):
            print(line)
    for model in routes:
        print(f"route {model} added")
    rows = {(*ROWS, step.wanted.row) for step in steps}
    about = [warning for warning in warnings if warning.path[:3] in rows]
    for warning in about:
        print(warning)
    if not args.route and any(warning.path in rows for warning in about):
        print("  --route adds the route that a row is missing")
    counts = Counter(step.done for step in steps)
    summary = ", ".join(f"{count} {done}" for done, count in counts.items())
    if not args.write:
        print(f"{summary}: nothing is written yet, say --write")
        return 0
    if result != content:
        replace_file(args.config, content, result)
    print(f"{args.config}: {summary}")
    return 0


def _said(text: str, path: Path) -> dict[str, Any]:
    """The document as it stands, whatever else may be wrong with it. Raises ``ConfigInvalid``."""
    source = read(text, str(path), os.environ)
    settle_types(source)
    if not isinstance(source.value, dict) or not isinstance(source.value.get("providers"), dict):
        parse(text.encode(), path, os.environ)  # says what is wrong with it
    document: dict[str, Any] = source.value
    return document


def _told(step: Step) -> Iterator[str]:
    known = "" if step.wanted.listed.id == step.wanted.model else f" (on the list: {step.wanted.listed.id})"
    kept = ", left as it is: --update brings it up to date" if step.done == "kept" else ""
    yield f"{step.wanted.row}{known}, line {step.line}: {step.done}{kept}"
    if step.before != step.after and step.done != "kept":
        yield from (f"  - {line}" for line in step.before.splitlines())
        yield from (f"  + {line}" for line in step.after.splitlines())
    if step.unsaid:
        yield f"  the list also has prices for what a row has no word for: {', '.join(step.unsaid)}"
