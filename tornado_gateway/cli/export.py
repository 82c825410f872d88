"""``tornado-gateway export``: the ledger's rows as CSV, JSON lines or Parquet."""

import argparse
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from tornado_gateway.cli.ledger import TIMES, ledger_of, moment
from tornado_gateway.cli.problems import complain, loaded_or_told
from tornado_gateway.cli.progress import counted
from tornado_gateway.cli.records import FORMATS, MissingLibrary
from tornado_gateway.domain.ledger import LedgerQuery, LedgerUnavailable


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = commands.add_parser("export", help="write the ledger's rows to a file")
    parser.add_argument("--config", type=Path, default=Path("gateway.yaml"), metavar="FILE")
    parser.add_argument("--since", type=moment, metavar="TIME", help=f"{TIMES} (default: the beginning)")
    parser.add_argument("--until", type=moment, metavar="TIME", help="the first moment that is no longer meant")
    parser.add_argument("--format", choices=tuple(FORMATS), help="default: by OUTPUT's name, else csv")
    parser.add_argument("--output", type=Path, metavar="OUTPUT", help="a file (default: standard output)")
    parser.set_defaults(run=run, refuse=parser.error)


def run(args: argparse.Namespace) -> int:
    """Exit code 1 where the ledger can't be read or the file not written, which is as it was before then."""
    form = args.format or _by_name(args.output)
    if form == "parquet" and args.output is None:
        args.refuse("Parquet is a file's format: say --output")
    loaded = loaded_or_told(args.config)
    if loaded is None:
        return 1
    query = LedgerQuery(since=args.since, until=args.until)
    try:
        with ledger_of(loaded) as ledger, _opened(args.output) as file:
            rows = counted(ledger.rows(query), lambda: ledger.count(query), "exporting")
            count = FORMATS[form](rows, file)
    except BrokenPipeError:
        raise  # who reads has enough: ``main`` ends all commands alike
    except (LedgerUnavailable, MissingLibrary) as error:
        return complain(error)
    except OSError as error:
        return complain(f"can't write {args.output or 'the rows'}: {error.strerror}")
    if args.output is not None:
        print(f"wrote {count} {'row' if count == 1 else 'rows'} to {args.output}", file=sys.stderr)
    return 0


def _by_name(output: Path | None) -> str:
    name = "" if output is None else output.suffix.lower().removeprefix(".")
    return {"ndjson": "jsonl", "json": "jsonl"}.get(name, name if name in FORMATS else "csv")


@contextmanager
def _opened(output: Path | None) -> Iterator[BinaryIO]:
    """Standard output, or a file that appears under its name when it is whole."""
    if output is None:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    if output.exists() and not output.is_file():  # a pipe or a device: nothing to put another in the place of
        with output.open("wb") as file:
            yield file
        return
    part = output.with_name(f"{output.name}.part")
    try:
        with part.open("wb") as file:
            yield file
        part.replace(output)
    finally:
        with suppress(OSError):
            part.unlink()
