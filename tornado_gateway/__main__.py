"""``tornado-gateway`` and ``python -m tornado_gateway``."""

import argparse
import os
import sys
from collections.abc import Sequence

from tornado_gateway import __version__
from tornado_gateway.cli import (
    check,
    diff,
    drift,
    estimate,
    explain,
    export,
    imports,
    init,
    keys,
    prices,
    receipt,
    reprice,
    serve,
    usage,
)

_COMMANDS = (
    serve,
    init,
    check,
    explain,
    estimate,
    usage,
    receipt,
    reprice,
    diff,
    drift,
    prices,
    export,
    keys,
    imports,
)


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command. Exit codes: 0 fine, 1 the thing asked about is bad, 2 usage."""
    parser = argparse.ArgumentParser(prog="tornado-gateway", description="A self-hosted AI gateway.")
    parser.add_argument("--version", action="version", version=f"tornado-gateway {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for command in _COMMANDS:
        command.add_parser(commands)
    args = parser.parse_args(argv)
    try:
        code = int(args.run(args))
        if not sys.stdout.closed:
            sys.stdout.flush()
    except BrokenPipeError:
        # Whoever reads has enough, and what is still in the buffer is not to complain when this process ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    return code


if __name__ == "__main__":
    sys.exit(main())
