"""``tornado-gateway import``: a gateway.yaml made of another gateway's file."""

import argparse
import os
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from tornado_gateway.cli.litellm.conversion import Conversion, Unpriced, convert
from tornado_gateway.cli.litellm.writing import text_of
from tornado_gateway.cli.problems import complain
from tornado_gateway.config.build import parse, read_file
from tornado_gateway.config.problems import ConfigInvalid
from tornado_gateway.config.schema import packaged_default
from tornado_gateway.config.source import read
from tornado_gateway.pricelist.catalog import Catalog, NoCatalog, open_catalog
from tornado_gateway.pricelist.importing import REVIEW_AFTER, Names, NotListed, row_of
from tornado_gateway.pricelist.terms import Unsayable, terms

_REQUIRED = re.compile(r"(?<!\$)\$\{([A-Za-z_]\w*)\}")


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = commands.add_parser("import", help="make a gateway.yaml of another gateway's file")
    sources = parser.add_subparsers(dest="source", required=True, metavar="SOURCE")
    litellm = sources.add_parser("litellm", help="of a LiteLLM proxy's config.yaml; tells what has no counterpart")
    litellm.add_argument("file", type=Path, metavar="FILE")
    litellm.add_argument("--output", type=Path, metavar="FILE", help="written anew, never over one that exists")
    litellm.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Exit code 1 where a model has no price, or the file is none of LiteLLM's: the new one would pass no check."""
    try:
        conversion = convert(read_file(args.file).decode(), args.file.name, os.environ, _shipped())
    except ConfigInvalid as invalid:
        return complain("\n".join(str(problem) for problem in invalid.problems))
    except UnicodeDecodeError:
        return complain(f"{args.file}: not UTF-8")
    for note in conversion.notes:
        print(note, file=sys.stderr)
    if not conversion.document["providers"]:
        return complain(f"{args.file}: nothing of it can be served here")
    missing = list(_fill_in(conversion, datetime.now(UTC).date()))
    text = text_of(conversion, args.file.name, missing)
    try:
        _write(text, args.output)
    except FileExistsError:
        return complain(f"{args.output} is there already: nothing is written")
    except OSError as error:
        return complain(f"{args.output} can't be written: {error.strerror}")
    return _looked_through(conversion, text, args.output, missing)


def _shipped() -> Any:
    """The values of the file that the package carries."""
    file = packaged_default()
    return read(file.read_text(encoding="utf-8"), file.name, {}).value


def _fill_in(conversion: Conversion, today: date) -> Iterator[Unpriced]:
    """Rows from the public list where it is installed; gives back what has no price there either."""
    rows: dict[str, Any] = conversion.document["pricing"]["models"]
    try:
        catalog = open_catalog() if conversion.unpriced else None
    except NoCatalog as without:
        print(without, file=sys.stderr)
        catalog = None
    for each in conversion.unpriced:
        row = None if catalog is None else _row(each, catalog, conversion.document["providers"], today)
        if row is None:
            yield each
        else:
            rows[f"{each.provider}/{each.model}"] = row


def _row(each: Unpriced, catalog: Catalog, providers: Mapping[str, Any], today: date) -> Any:
    try:
        wanted = Names(catalog, providers).find(each.listed, each.provider)
        return row_of(terms(wanted.listed, today), source=catalog.source, review_by=today + REVIEW_AFTER)
    except (NotListed, Unsayable):
        return None


def _write(text: str, output: Path | None) -> None:
    """Raises ``OSError``, also where there is such a file."""
    if output is None:
        print(text, end="")
        return
    with output.open("x", encoding="utf-8") as file:
        file.write(text)


def _looked_through(conversion: Conversion, text: str, output: Path | None, missing: Iterable[Unpriced]) -> int:
    """What ``check`` will say, with stand-ins for variables that are not set here."""
    unset = sorted({name for name in _REQUIRED.findall(text) if not os.environ.get(name)})
    if unset:
        print(f"must be set where the gateway runs: {', '.join(unset)}", file=sys.stderr)
    named = output or Path("gateway.yaml")
    for each in missing:
        print(f"{named}: no price is known for {each.provider}/{each.model}: fill in its row", file=sys.stderr)
    try:
        parse(text.encode(), named, {**os.environ, **{name: _stand_in(name, conversion.document) for name in unset}})
    except ConfigInvalid as invalid:
        for problem in invalid.problems:
            print(problem, file=sys.stderr)
        return 1
    if output is not None:
        print(f"wrote {output}: it passes check", file=sys.stderr)
    return 0


def _stand_in(name: str, document: Mapping[str, Any]) -> str:
    """What a variable could hold: by where it stands."""
    reference = f"${{{name}}}"
    state = document.get("state", {}).get("url", "")
    if reference == document["ledger"]["url"]:
        return "postgresql://unset.invalid/database"
    if reference in state:
        return "redis://unset.invalid" if reference == state else "unset"
    return "https://unset.invalid"
