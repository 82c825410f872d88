"""``tornado-gateway init``: writes the commented default file."""

import argparse
import sys
from pathlib import Path

from tornado_gateway.config.schema import packaged_default


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = commands.add_parser("init", help="write the commented default configuration")
    parser.add_argument("file", nargs="?", type=Path, default=Path("gateway.yaml"), metavar="FILE")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Exit code 1 where the file exists or can't be written: it is never overwritten."""
    try:
        with args.file.open("xb") as file:
            file.write(packaged_default().read_bytes())
    except FileExistsError:
        print(f"{args.file} exists and is left as it is", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"can't write {args.file}: {error.strerror}", file=sys.stderr)
        return 1
    print(f"wrote {args.file}")
    return 0
